import Support
import Testing

@Suite("A resource that cannot be connected to", .timeLimit(.minutes(Pace.minutes(3))))
struct ConnectTests {
    @Test("an address that answers no packet is 503 within `timeouts.connect`, and the log names it")
    func blackHole() throws {
        let hole = try BlackHole()
        var config = ConfigText(origin: hole.address)
        config.defaults = ["timeouts: { connect: 400ms }"]
        let gateway = try GatewayProcess(config.text, files: ConfigText.files)
        let start = ContinuousClock.now
        let answer = try #require(RawClient(gateway.address).exchange(request("POST /x", body: "a"), method: "POST"))
        let elapsed = ContinuousClock.now - start
        #expect(answer.status == 503 && answer.head.only("x-ms-error-code") == "UpstreamUnavailable")
        #expect(answer.head.only("retry-after") != nil)
        #expect(elapsed >= .milliseconds(400) && elapsed < Pace.seconds(8))
        _ = try gateway.line { $0.contains("\(hole.address): no connection in time") ? true : nil }
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("a resource that speaks first has its words given to nobody (UP-6)")
    func speaksFirst() throws {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        let listener = try Socket.listening(on: anyPort)
        let address = listener.localAddress(of: anyPort)
        startThread {
            while let client = listener.accept() {
                client.send("220 mail.example ESMTP\r\n".latin1, until: .now + Pace.seconds(30))
                _ = client.receive(until: .now + Pace.seconds(30))
                client.close()
            }
        }
        let gateway = try GatewayProcess(ConfigText(origin: address).text, files: ConfigText.files)
        let answer = try #require(RawClient(gateway.address).exchange(request("GET /x")))
        // Whether the words come before the request is out is up to the system: then nothing was sent, else it was.
        #expect(answer.status == 503 || answer.status == 502)
        #expect(!answer.text.contains("ESMTP"))
        #expect(try gateway.finish() == .exited(0))
        listener.shutdown(.both)
    }
}
