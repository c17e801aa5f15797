import Support
import Testing

/// What `docs/limits.md` says of memory, under the abuses that could grow it.
@Suite("What a connection may cost", .timeLimit(.minutes(Pace.minutes(3))), .serialized)
struct MemoryBoundTests {
    /// Of each abuse.
    private static let count = 100
    /// Beside the bodies that are held: per connection, and what a process takes once.
    private static let perConnection = 512 << 10
    private static let once = 8 << 20

    private func start() throws -> TestBed {
        try TestBed { config in
            config.defaults = [
                "timeouts: { request_head: 40s, request_body: 40s, response_body: 40s, idle: 40s }",
                "body: { max: 1MiB, memory: 64KiB, total: 2MiB }",
            ]
            config.accessLog = "\"off\""
        }
    }

    /// Makes ``count`` clients do `abuse` and gives by how many bytes the gateway grew; 0 where that is not judged.
    private func growth(of bed: TestBed, _ abuse: (RawClient, Int) throws -> Void) throws -> Int {
        // What the first requests bring along is not theirs.
        for _ in 0..<8 { _ = try bed.exchange(request("GET /warm")) }
        let before = try bed.gateway.residentBytes()
        var clients: [RawClient] = []
        for index in 0..<Self.count {
            clients.append(try bed.client(["POST"]))
            try abuse(clients[index], index)
        }
        _ = Gate().pass(atMost: .milliseconds(500))
        // It still serves.
        #expect(try bed.exchange(request("GET /fine")).status == 200)
        let after = try bed.gateway.residentBytes()
        for client in clients { client.close() }
        return ProcessMemory.isJudged ? after - before : 0
    }

    @Test("idle connections cost a few KiB each: they hold no buffers")
    func idle() throws {
        let bed = try start()
        let bytes = try growth(of: bed) { client, _ in
            #expect(client.exchange(request("GET /idle"))?.status == 200)
        }
        #expect(bytes < Self.count * (16 << 10) + Self.once, "\(bytes >> 10) KiB")
        try bed.finish()
    }

    @Test("heads that never end (TM-1, LI-2)")
    func heads() throws {
        let bed = try start()
        let line = "X: \(String(repeating: "a", count: 7000))\r\n"
        let head = "GET /half HTTP/1.1\r\nHost: gw.test\r\n" + String(repeating: line, count: 9)
        let bytes = try growth(of: bed) { client, _ in client.send(head) }
        #expect(bytes < Self.count * Self.perConnection + Self.once, "\(bytes >> 10) KiB")
        try bed.finish()
    }

    @Test("bodies that never end share one budget; beyond it they are refused (TM-2)")
    func bodies() throws {
        let bed = try start()
        let half = request("POST /half", "Content-Length: 65000") + String(repeating: "b", count: 60_000)
        var refused = 0
        let bytes = try growth(of: bed) { client, index in
            client.send(half)
            if index == Self.count - 1 { refused = client.answers(1).first?.status ?? 0 }
        }
        #expect(refused == 503)
        #expect(bytes < Self.count * Self.perConnection + Self.once, "\(bytes >> 10) KiB")
        try bed.finish()
    }

    @Test("large answers that nobody reads (TM-4)")
    func readers() throws {
        let bed = try start()
        let head = OriginScript.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n".latin1)
        let block = OriginScript.Step.send([UInt8](repeating: 0x61, count: 1 << 20))
        bed.script("/large", OriginScript([head] + Array(repeating: block, count: 32)))
        let bytes = try growth(of: bed) { client, index in
            if index < 40 { client.send(request("GET /large")) }
        }
        #expect(bytes < 40 * Self.perConnection + Self.once, "\(bytes >> 10) KiB")
        try bed.finish()
    }
}
