import Support
import Testing

/// What `docs/limits.md` says of memory, under the abuses that could grow it.
@Suite("What a connection may cost", .timeLimit(.minutes(Pace.minutes(3))), .serialized)
struct MemoryBoundTests {
    /// Of each abuse.
    private static let count = 100
    /// Beside the bodies that are held: per connection, and what a process takes once.
    private static let perConnection = 512 << 10
    /// With TLS on both of its sides.
    private static let perConnectionWithTLS = 768 << 10
    private static let once = 8 << 20

    private func start(certificates: String? = nil) throws -> TestBed {
        try TestBed(certificates: certificates) { config in
            config.defaults = [
                "timeouts: { request_head: 40s, request_body: 40s, response_body: 40s, idle: 40s }",
                "body: { max: 1MiB, memory: 64KiB, total: 2MiB }",
            ]
            config.accessLog = "\"off\""
        }
    }

    /// Makes ``count`` clients do `abuse` and gives by how many bytes the gateway grew; 0 where that is not judged.
    private func growth(
        of bed: TestBed, patience: Duration = Pace.seconds(30), _ abuse: (RawClient, Int) throws -> Void
    ) throws -> Int {
        // What the first requests bring along is not theirs.
        for _ in 0..<8 { _ = try bed.exchange(request("GET /warm")) }
        let before = try bed.gateway.residentBytes()
        var clients: [RawClient] = []
        for index in 0..<Self.count {
            clients.append(try bed.client(["POST"], patience: patience))
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

    /// A body that streams to a resource that takes nothing, whose early answer its client does not read; both have
    /// heads as large as may be.
    private static let upload =
        request(
            "POST /deaf", "x-ms-content-sha256: \(Base64.encode([UInt8](repeating: 7, count: 32)))",
            "Content-Length: 1000000", largeFields)
        + String(repeating: "b", count: 1_000_000)
    private static let largeFields = Array(repeating: "X: \(String(repeating: "a", count: 7000))", count: 8)
        .joined(separator: "\r\n")
    private static let earlyAnswer = OriginScript(
        [.send("HTTP/1.1 200 OK\r\n\(largeFields)\r\nContent-Length: 33554432\r\n\r\n".latin1)]
            + Array(repeating: .send([UInt8](repeating: 0x61, count: 1 << 20)), count: 32) + [.hold(Gate())],
        atHead: true)

    @Test("bodies that nobody takes beside answers that nobody reads, also with TLS", arguments: [false, true])
    func bothWays(isTLS: Bool) throws {
        let certificates = try TemporaryDirectory()
        #expect(try CommandRun(["dev-cert", certificates.path, "--host", "gw.test", "--force"]).status == .exited(0))
        let bed = try start(certificates: isTLS ? certificates.path : nil)
        bed.script("/deaf", Self.earlyAnswer)
        let bytes = try growth(of: bed, patience: .milliseconds(100)) { client, index in
            if index < 40 { client.send(Self.upload) }
        }
        let most = isTLS ? Self.perConnectionWithTLS : Self.perConnection
        #expect(bytes < 40 * most + Self.once, "\(bytes >> 10) KiB")
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
