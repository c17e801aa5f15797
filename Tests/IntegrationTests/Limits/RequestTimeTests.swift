import Support
import Testing

@Suite("What a client may take its time with, and what not", .timeLimit(.minutes(Pace.minutes(2))))
struct RequestTimeTests {
    /// A client that never waits longer than this for one answer: the pause between two of its bytes.
    private func hesitant(_ bed: TestBed, _ methods: [String] = ["GET"]) throws -> RawClient {
        try RawClient(bed.gateway.address, methods: methods, patience: .milliseconds(30))
    }

    /// Sends `text` byte by byte, with a pause behind each, until the gateway answers or all is sent; gives how long
    /// it took.
    private func drip(_ text: String, over client: RawClient, until count: Int) -> Duration {
        let start = ContinuousClock.now
        for byte in text.latin1 where client.reader.completeCount < count && client.ending == nil {
            client.send([byte])
            client.answers(count)
        }
        return .now - start
    }

    @Test("a head must be whole in its time, and a byte now and then does not prolong it (TM-1)")
    func slowHead() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { request_head: 600ms, idle: 5s }"] }
        let client = try hesitant(bed, ["GET", "GET"])
        let long = request("GET /slow", "X: \(String(repeating: "a", count: 200))")
        #expect(drip(long, over: client, until: 1) >= .milliseconds(500))
        #expect(client.reader.finals.map(\.status) == [408])
        #expect(client.waitForEnd() != nil && bed.received("/slow").isEmpty)
        // The next head of a connection has as much time, from its own first byte on.
        let second = try hesitant(bed, ["GET", "GET"])
        second.send(request("GET /first"))
        while second.reader.completeCount < 1, second.ending == nil { second.answers(1) }
        _ = drip(long, over: second, until: 2)
        #expect(second.reader.finals.map(\.status) == [200, 408])
        try bed.finish()
    }

    @Test("a client that says nothing is left without a word, at once after connecting or later (TM-1, TM-3)")
    func silence() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { request_head: 2s, idle: 2s }"] }
        let mute = try bed.client()
        #expect(mute.waitForEnd() == .end && mute.received.isEmpty)
        let idle = try bed.client()
        #expect(idle.exchange(request("GET /once"))?.status == 200)
        let count = idle.received.count
        #expect(idle.waitForEnd() == .end && idle.received.count == count)
        // An empty line is not yet a request (RL-8).
        let blank = try bed.client()
        #expect(blank.exchange(request("GET /twice"))?.status == 200)
        blank.send("\r\n")
        #expect(blank.waitForEnd() == .end && blank.reader.finals.count == 1)
        try bed.finish()
    }

    @Test(
        "a body may not pause (TM-2)",
        arguments: [
            "Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf", "Content-Length: 9\r\n\r\n",
        ])
    func pausingBody(rest: String) throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { request_body: 400ms }"] }
        let client = try bed.client(["POST"])
        client.send("POST /pause HTTP/1.1\r\nHost: gw.test\r\n\(rest)")
        #expect(client.answers(1).first?.head.only("x-ms-error-code") == "RequestTimeout")
        #expect(client.waitForEnd() != nil)
        #expect(bed.received("/pause").allSatisfy { !$0.isComplete })
        try bed.finish()
    }

    @Test("a body that comes by drops is given ten seconds, one that keeps up 1 KiB/s as long as it needs (TM-2)")
    func slowBody() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { request_body: 5s }"] }
        let (slow, steady) = (try hesitant(bed, ["POST"]), try hesitant(bed, ["POST"]))
        slow.send(request("POST /slow", "Content-Length: 1000000"))
        steady.send(request("POST /steady", "Content-Length: 1000000"))
        let start = ContinuousClock.now
        var sent = 0
        while slow.reader.completeCount == 0, slow.ending == nil, .now - start < Pace.seconds(40) {
            slow.send("a")
            slow.answers(1)
            steady.send(String(repeating: "b", count: 1000))
            sent += 1000
            steady.answers(1)
        }
        #expect(slow.reader.finals.map(\.status) == [408] && .now - start > .seconds(9))
        #expect(steady.reader.finals.isEmpty && steady.ending == nil)
        steady.send(String(repeating: "b", count: 1_000_000 - sent))
        while steady.reader.completeCount == 0, steady.ending == nil { steady.answers(1) }
        #expect(steady.reader.finals.map(\.status) == [200])
        try bed.finish()
    }

    @Test("a connection carries so many requests and no more (LI-5)")
    func requestsOfAConnection() throws {
        let bed = try TestBed { $0.defaults.append("limits: { requests_per_connection: 2 }") }
        let client = try bed.client(["GET", "GET", "GET"])
        client.send(request("GET /1") + request("GET /2") + request("GET /3"))
        #expect(client.waitForEnd() == .end)
        #expect(client.reader.finals.map { $0.head.only("connection") } == [nil, "close"])
        #expect(bed.received("/3").isEmpty)
        try bed.finish()
    }
}
