import Support
import Testing

@Suite("Refusals reach the client, and end what they must", .timeLimit(.minutes(Pace.minutes(3))))
struct RefusalTests {
    /// Refused before all of it has come.
    static let refused = [
        ("a body that is too large", "POST /x HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("a head that is wrong", "POST /x HTTP/1.1\r\nHost: gw.test\r\nX : y\r\nContent-Length: 99\r\n\r\n", 400),
        ("a path that misleads", "POST /x/.. HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 99\r\n\r\n", 400),
    ]

    @Test("the client may go on sending for a while: its answer is not lost to a reset (KA-7)", arguments: refused)
    func linger(title: String, head: String, status: Int) throws {
        let bed = try TestBed()
        let client = try bed.client(["POST"])
        client.send(head)
        client.read { $0.completeCount == 1 }
        // The gateway has ended its side, and still takes what comes.
        for _ in 0..<3 { #expect(client.send("0123456789")) }
        #expect(client.waitForEnd() == .end)
        #expect(client.reader.finals.map(\.status) == [status])
        try bed.finish()
    }

    @Test("a wrong request of method HEAD is answered without a body (ME-4)")
    func head() throws {
        let bed = try TestBed()
        let client = try bed.client(["HEAD"])
        client.send("HEAD /x HTTP/1.1\r\nHost: gw.test\r\nX : y\r\n\r\n")
        #expect(client.waitForEnd() == .end)
        #expect(client.received.suffix(4) == "\r\n\r\n".latin1[...])
        #expect(client.reader.finals.map(\.status) == [400])
        try bed.finish()
    }

    @Test("a caller cannot have its own token removed on the way, and then be sent without one (HP-2)")
    func nominatedToken() throws {
        let bed = try TestBed { config in
            config.credentials.append("own: { strategy: pass_through }")
            config.routes = [
                "{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin, credential: own }"
            ]
        }
        let token = "Authorization: Bearer \(TestKeys.canary)"
        #expect(try bed.exchange(request("GET /kept", token)).status == 200)
        #expect(try bed.exchange(request("GET /lost", token, "Connection: authorization")).status == 401)
        #expect(bed.received("/lost").isEmpty)
        try bed.finish()
    }
}
