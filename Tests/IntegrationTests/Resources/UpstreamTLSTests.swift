import Support
import Testing

/// With certificates that `acs-gateway dev-cert` makes, or an authority of the test's own.
@Suite("TLS with a resource", .timeLimit(.minutes(Pace.minutes(2))))
struct UpstreamTLSTests {
    private let certificates: TemporaryDirectory

    init() throws {
        certificates = try TemporaryDirectory()
        let made = try CommandRun(["dev-cert", certificates.path, "--host", "gw.test"])
        try #require(made.status == .exited(0), "\(made.error)")
    }

    /// A gateway before the TLS origin at `address`, trusting the authorities in the file `ca`.
    private func gateway(_ address: Address, ca: String = "ca.pem", name: String? = nil) throws -> GatewayProcess {
        var config = ConfigText(origin: address)
        let path = ca.hasPrefix("/") ? ca : "\(certificates.path)/\(ca)"
        let serverName = name.map { ", server_name: \"\($0)\"" } ?? ""
        config.resources = [
            "origin: { endpoint: \"https://\(address)\", credential: key, tls: { ca: \"\(path)\"\(serverName) } }"
        ]
        return try GatewayProcess(config.text, files: ConfigText.files)
    }

    /// One request that must be answered 503, with `reason` in the operator's log.
    private func expectRefusal(_ gateway: GatewayProcess, _ reason: String) throws {
        let answer = try #require(RawClient(gateway.address).exchange(request("POST /x", body: "abc"), method: "POST"))
        #expect(answer.status == 503)
        #expect(answer.head.only("x-ms-error-code") == "UpstreamUnavailable")
        _ = try gateway.line { $0.contains("cannot be reached") && $0.contains(reason) ? true : nil }
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program)
    }

    @Test("a certificate for another name is not believed")
    func wrongName() throws {
        let server = try TLSServer(certificateIn: certificates.path)
        let origin = try RecordingOrigin(over: { server.accept(over: $0) }, script: { _, _ in .usual })
        let gateway = try gateway(origin.address, name: "elsewhere.example")
        try expectRefusal(gateway, "the peer's certificate is not for `elsewhere.example`")
        #expect(origin.recorded.isEmpty)
    }

    @Test("a certificate of an authority that is not trusted is not believed")
    func unknownAuthority() throws {
        let other = try TemporaryDirectory()
        _ = try CommandRun(["dev-cert", other.path])
        let server = try TLSServer(certificateIn: certificates.path)
        let origin = try RecordingOrigin(over: { server.accept(over: $0) }, script: { _, _ in .usual })
        let gateway = try gateway(origin.address, ca: other.path + "/ca.pem")
        try expectRefusal(gateway, "not issued by a trusted authority")
        #expect(origin.recorded.isEmpty)
    }

    @Test("an expired certificate is not believed")
    func expired() throws {
        let authority = try OriginAuthority(from: 1_700_000_000, to: 1_700_086_400)
        try certificates.write("old.pem", authority.pem)
        let server = try authority.server(for: ["127.0.0.1"])
        let origin = try RecordingOrigin(over: { server.accept(over: $0) }, script: { _, _ in .usual })
        try expectRefusal(gateway(origin.address, ca: "old.pem"), "the peer's certificate has expired")
        #expect(origin.recorded.isEmpty)
    }

    @Test("what does not speak TLS is not spoken to")
    func notTLS() throws {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        let listener = try Socket.listening(on: anyPort)
        startThread {
            while let client = listener.accept() {
                _ = client.receive(until: .now + Pace.seconds(30))
                client.send("HTTP/1.1 400 Bad Request\r\n\r\n".latin1, until: .now + Pace.seconds(30))
                client.close()
            }
        }
        let gateway = try gateway(listener.localAddress(of: anyPort))
        try expectRefusal(gateway, "the peer does not speak TLS on this port")
        listener.shutdown(.both)
    }

    @Test("a second connection resumes the session of the first")
    func resumed() throws {
        let server = try TLSServer(certificateIn: certificates.path)
        let resumed = Monitor<[Bool]>([])
        let origin = try RecordingOrigin(
            over: { socket in
                let stream = server.accept(over: socket)
                if let stream { resumed.change { $0.append(stream.isResumed) } }
                return stream
            },
            script: { _, _ in .text("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok") })
        var config = ConfigText(origin: origin.address)
        config.top = ["revision: resumed"]
        config.resources = [
            "origin: { endpoint: \"https://\(origin.address)\", credential: key, "
                + "tls: { ca: \"\(certificates.path)/ca.pem\" } }"
        ]
        let text = config.text.replacing("workers: 2", with: "workers: 1")
        let gateway = try GatewayProcess(text, files: ConfigText.files)
        for _ in 0..<3 { #expect(try RawClient(gateway.address).exchange(request("GET /x"))?.text == "ok") }
        #expect(resumed.look { $0 } == [false, true, true])
        #expect(try gateway.finish() == .exited(0))
    }

    /// Ends TCP in order, and TLS not at all.
    private struct Cutter: ByteStream {
        let stream: TLSStream

        func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> Received {
            stream.receive(atMost: limit, until: deadline)
        }
        func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
            stream.send(bytes, until: deadline)
        }
        func shutdown(_ side: Socket.Side) { stream.shutdown(.both) }
        func reset() { stream.reset() }
        func close() { stream.shutdown(.both) }
    }

    @Test("an answer that ends with the connection, and without close_notify, is cut (UP-5, UP-7)")
    func cut() throws {
        let server = try TLSServer(certificateIn: certificates.path)
        let origin = try RecordingOrigin(over: { server.accept(over: $0).map(Cutter.init) }) { _, _ in
            OriginScript([.send("HTTP/1.1 200 OK\r\n\r\nhalf of it".latin1), .close])
        }
        let gateway = try gateway(origin.address)
        let client = try RawClient(gateway.address)
        client.send(request("GET /x"))
        #expect(client.waitForEnd() != nil)
        // Cut before anything was sent on it is 502, later it is an answer without its end.
        #expect(client.reader.finals.first?.isComplete == false || client.reader.finals.first?.status == 502)
        #expect(try gateway.finish() == .exited(0))
    }
}
