import Support
import Testing

/// With certificates that `acs-gateway dev-cert` makes.
@Suite("TLS on both sides")
struct TLSTests {
    private let certificates: TemporaryDirectory

    init() throws {
        certificates = try TemporaryDirectory()
        let made = try CommandRun(["dev-cert", certificates.path, "--host", "gw.test"])
        try #require(made.status == .exited(0), "\(made.error)")
    }

    /// A gateway with a TLS listener before an origin with TLS.
    private func start(
        origin: RecordingOrigin, tls: String = "", _ configure: (inout ConfigText) -> Void = { _ in }
    ) throws -> GatewayProcess {
        let path = certificates.path
        var config = ConfigText(origin: origin.address)
        let identity = "certificate: \"\(path)/server.pem\", key: \"\(path)/server.key\"\(tls)"
        config.listeners = ["main: { bind: \"127.0.0.1:0\", tls: { \(identity) } }"]
        config.resources = [
            "origin: { endpoint: \"https://\(origin.address)\", credential: key, tls: { ca: \"\(path)/ca.pem\" } }"
        ]
        configure(&config)
        return try GatewayProcess(config.text, files: ConfigText.files)
    }

    private func tlsOrigin() throws -> RecordingOrigin {
        let server = try TLSServer(certificateIn: certificates.path)
        return try RecordingOrigin(over: { server.accept(over: $0) }, script: { _, _ in .usual })
    }

    private func client(_ gateway: GatewayProcess, name: String = "gw.test") throws -> RawClient {
        let socket = try Socket.connected(to: gateway.address)
        return RawClient(over: try TLSStream.client(over: socket, trusting: certificates.path + "/ca.pem", name: name))
    }

    @Test("a request goes through TLS in and TLS out, signed", arguments: ["gw.test", "localhost", "127.0.0.1"])
    func bothSides(name: String) throws {
        let origin = try tlsOrigin()
        let gateway = try start(origin: origin)
        let client = try client(gateway, name: name)
        for round in 0..<3 {
            let answer = client.exchange(request("POST /tls/\(round)", body: "hello"), method: "POST")
            #expect(answer?.text == "up:/tls/\(round) len=5")
        }
        let sent = origin.recorded.compactMap(\.request)
        #expect(sent.count == 3 && sent.allSatisfy(TestKeys.firstCheck.isSignature))
        #expect(origin.connectionCount == 1)
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program)
    }

    @Test("a large body passes both ways")
    func large() throws {
        let origin = try tlsOrigin()
        let body = [UInt8](repeating: 0x61, count: 3 << 20)
        origin.follow { _, _ in
            OriginScript([.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".latin1 + body)])
        }
        let gateway = try start(origin: origin)
        let client = try client(gateway)
        client.reader.methods = ["POST"]
        client.send(request("POST /large", "Content-Length: \(body.count)"))
        client.send(body)
        #expect(client.answers(1).first?.body.content == body)
        #expect(origin.recorded.first?.request?.body.content == body)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("an origin whose certificate is not trusted, or names another host, gets nothing")
    func untrusted() throws {
        let origin = try tlsOrigin()
        for resource in [
            "origin: { endpoint: \"https://\(origin.address)\", credential: key }",
            "origin: { endpoint: \"https://\(origin.address)\", credential: key, "
                + "tls: { ca: \"\(certificates.path)/ca.pem\", server_name: other.test } }",
        ] {
            let gateway = try start(origin: origin) { $0.resources = [resource] }
            let answer = try client(gateway).exchange(request("GET /secret"))
            #expect(answer?.status == 503)
            #expect(answer?.head.only("x-ms-error-code") == "UpstreamUnavailable")
            #expect(try gateway.finish() == .exited(0))
        }
        #expect(origin.recorded.isEmpty)
    }

    @Test("plain HTTP on a TLS port, and TLS on a plain one, get nothing through (RL-6)")
    func mixedUp() throws {
        let origin = try tlsOrigin()
        let gateway = try start(origin: origin) { $0.listeners.append(#"plain: { bind: "127.0.0.1:0" }"#) }
        let plainToTLS = try RawClient(gateway.address)
        plainToTLS.send(request("GET /a"))
        #expect(plainToTLS.waitForEnd() != nil)
        let plainPort = try Socket.connected(to: gateway.started.addresses[1])
        #expect(throws: TLSStream.HandshakeFailed.self) {
            try TLSStream.client(over: plainPort, trusting: certificates.path + "/ca.pem", name: "gw.test")
        }
        #expect(origin.recorded.isEmpty)
        #expect(try client(gateway).exchange(request("GET /a"))?.status == 200)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("a client certificate is asked for where the file says so")
    func clientCertificate() throws {
        let origin = try tlsOrigin()
        let gateway = try start(origin: origin, tls: ", client_ca: \"\(certificates.path)/ca.pem\"")
        // TLS 1.3 tells a client only after its handshake that it is not welcome.
        let client = try? client(gateway)
        #expect(client?.exchange(request("GET /a")) == nil)
        #expect(origin.recorded.isEmpty)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("links lead back over https")
    func links() throws {
        let origin = try tlsOrigin()
        origin.follow { _, _ in
            .text("HTTP/1.1 202 Accepted\r\nOperation-Location: https://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n")
        }
        let gateway = try start(origin: origin)
        let answer = try client(gateway).exchange(request("GET /a"))
        #expect(answer?.head.only("operation-location") == "https://gw.test/x")
        #expect(try gateway.finish() == .exited(0))
    }
}
