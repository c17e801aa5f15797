import Support
import Testing

/// An origin that says close_notify behind each answer and leaves the TCP connection as it is.
@Suite("A resource that ends TLS and not TCP (UP-5)", .timeLimit(.minutes(Pace.minutes(3))))
struct CloseNotifyTests {
    /// A stream whose every write is its last.
    private struct LastWords: ByteStream {
        let stream: TLSStream

        func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> Received {
            stream.receive(atMost: limit, until: deadline)
        }
        func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
            stream.sendLast(bytes, until: deadline)
        }
        func shutdown(_ side: Socket.Side) { stream.shutdown(side) }
        func reset() { stream.reset() }
        func close() { stream.close() }
    }

    @Test("an answer that ends with the stream is whole at once, and the connection is not used again")
    func endOfStream() throws {
        let certificates = try TemporaryDirectory()
        _ = try CommandRun(["dev-cert", certificates.path, "--host", "gw.test"])
        let server = try TLSServer(certificateIn: certificates.path)
        let origin = try RecordingOrigin(over: { server.accept(over: $0).map(LastWords.init) }) { request, _ in
            request.path == "/stream" ? .text("HTTP/1.1 200 OK\r\n\r\nhello") : .usual
        }
        var config = ConfigText(origin: origin.address)
        config.resources = [
            "origin: { endpoint: \"https://\(origin.address)\", credential: key, "
                + "tls: { ca: \"\(certificates.path)/ca.pem\" } }"
        ]
        let gateway = try GatewayProcess(config.text, files: ConfigText.files)
        let client = try RawClient(gateway.address, patience: Pace.seconds(30))
        #expect(client.exchange(request("GET /stream"))?.text == "hello")
        for round in 0..<3 {
            let answer = client.exchange(request("POST /after/\(round)", body: "abc"), method: "POST")
            #expect(answer?.text == "up:/after/\(round) len=3")
        }
        #expect(origin.connectionCount == 4)
        #expect(try gateway.finish() == .exited(0))
    }
}
