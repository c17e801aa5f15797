import Support
import Testing

@Suite("How long a resource and a reader may take", .timeLimit(.minutes(Pace.minutes(2))))
struct AnswerTimeTests {
    /// A client that never waits longer than this for one answer.
    private func hesitant(_ bed: TestBed) throws -> RawClient {
        try RawClient(bed.gateway.address, patience: .milliseconds(50))
    }

    /// Sends a byte, which nobody asked for, again and again until the gateway ends the connection.
    private func talk(_ client: RawClient, reading: Bool, atMost limit: Duration = Pace.seconds(20)) -> Duration {
        let start = ContinuousClock.now
        while client.ending == nil, .now - start < limit {
            if !client.send("G") { break }
            if reading { client.answers(2) } else { _ = Gate().pass(atMost: .milliseconds(50)) }
        }
        return .now - start
    }

    @Test(
        "a resource that does not answer: 504 for safe methods, 502 for others, and the connection goes on (TM-5)",
        arguments: [
            ("GET", 504), ("HEAD", 504), ("OPTIONS", 504), ("PUT", 502), ("DELETE", 502), ("POST", 502), ("PATCH", 502),
        ])
    func noAnswer(method: String, status: Int) throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { response_head: 2s }"] }
        bed.script("/mute", OriginScript([.hold(Gate())]))
        let client = try bed.client([method, "GET"])
        client.send(request("\(method) /mute"))
        #expect(client.answers(1).first?.status == status)
        client.send(request("GET /next"))
        #expect(client.answers(2).last?.status == 200)
        #expect(bed.received("/mute").count == 1 && client.reader.finals.first?.head.only("retry-after") == nil)
        try bed.finish()
    }

    @Test("an answer's head must be whole in its time, drips or not (TM-5)")
    func drippingHead() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { response_head: 500ms }"] }
        let drops = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".latin1.flatMap { byte in
            [OriginScript.Step.send([byte]), .pause(.milliseconds(60))]
        }
        bed.script("/drip", OriginScript(drops))
        #expect(try bed.exchange(request("GET /drip")).status == 504)
        try bed.finish()
    }

    @Test("a client's own bytes do not prolong what it waits for (TM-4, TM-5)", arguments: [false, true])
    func talking(reads: Bool) throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { response_body: 700ms, total: 60s }"] }
        let head = OriginScript.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf".latin1)
        bed.script("/half", OriginScript([head, .hold(Gate())]))
        let client = try hesitant(bed)
        client.send(request("GET /half"))
        #expect(talk(client, reading: reads) < Pace.seconds(15))
        #expect(client.waitForEnd() != nil || !reads)
        try bed.finish()
    }

    /// More than the system's buffers of both connections hold.
    private static let flood =
        [OriginScript.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n".latin1)]
        + Array(repeating: .send([UInt8](repeating: 0x61, count: 1 << 20)), count: 64)

    @Test("a client that reads nothing loses its connection, and the resource's is closed; talking is no help (TM-4)")
    func deaf() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { response_body: 1s, total: 60s }"] }
        bed.script("/flood", OriginScript(Self.flood))
        let before = try bed.gateway.residentBytes()
        let quiet = try bed.client()
        quiet.send(request("GET /flood"))
        #expect(bed.origin.hasClosed(1, atMost: Pace.seconds(20)))
        let talker = try hesitant(bed)
        talker.send(request("GET /flood"))
        #expect(talk(talker, reading: false) < Pace.seconds(15))
        #expect(bed.origin.hasClosed(2, atMost: Pace.seconds(20)))
        #expect(try bed.gateway.residentBytes() < before + (8 << 20) || !ProcessMemory.isJudged)
        #expect(quiet.waitForEnd() != nil && quiet.reader.finals.first?.isComplete == false)
        try bed.finish()
    }

    /// The head of a request whose body may stream, and of which nothing more need come.
    private static func upload(_ path: String) -> String {
        let digest = Base64.encode([UInt8](repeating: 7, count: 32))
        return request("POST \(path)", "x-ms-content-sha256: \(digest)", "Content-Length: 100000")
    }

    @Test("a body that drips beside an answer prolongs no deaf client's time, and no silent resource's (TM-4, TM-5)")
    func besideAnswer() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { response_body: 1s, total: 60s }"] }
        bed.script("/flood", OriginScript(Self.flood, atHead: true))
        let deaf = try hesitant(bed)
        deaf.send(Self.upload("/flood"))
        #expect(talk(deaf, reading: false) < Pace.seconds(15))
        let head = OriginScript.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf".latin1)
        bed.script("/half", OriginScript([head, .hold(Gate())], atHead: true))
        let reader = try hesitant(bed)
        reader.send(Self.upload("/half"))
        #expect(talk(reader, reading: true) < Pace.seconds(15))
        try bed.finish()
    }

    @Test("a body that comes too slowly beside an answer is given up, and the answer goes on (TM-2)")
    func slowBesideAnswer() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { request_body: 500ms, response_body: 20s, total: 60s }"] }
        let gate = Gate()
        let head = OriginScript.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf".latin1)
        bed.script("/half", OriginScript([head, .hold(gate), .send("half".latin1)], atHead: true))
        let client = try bed.client(["POST"])
        client.send(Self.upload("/half"))
        #expect(bed.origin.wait { $0.target == "/half" } != nil)
        // Longer than the body may pause; who sends nothing of it does not lose its answer.
        _ = Gate().pass(atMost: Pace.seconds(2))
        gate.open()
        #expect(client.answers(1).first?.text == "halfhalf")
        #expect(client.waitForEnd() != nil)
        try bed.finish()
    }

    @Test("a client that reads slowly gets everything (TM-4)")
    func slowReader() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { response_body: 2s, total: 60s }"] }
        bed.script("/flood", OriginScript(Self.flood))
        let socket = try Socket.connected(to: bed.gateway.address)
        socket.send(request("GET /flood").latin1, until: .now + Pace.seconds(30))
        var count = 0
        let start = ContinuousClock.now
        while count < 67_108_864,
            case .bytes(let bytes) = socket.receive(atMost: 1 << 20, until: .now + Pace.seconds(30))
        {
            count += bytes.count
            // Longer in all than the resource, or the client, may pause.
            if .now - start < Pace.seconds(4) { _ = Gate().pass(atMost: .milliseconds(100)) }
        }
        #expect(count > 67_108_864)
        socket.close()
        try bed.finish()
    }
}
