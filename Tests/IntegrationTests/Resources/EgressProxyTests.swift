import Support
import Testing

@Suite("A resource behind an egress proxy", .timeLimit(.minutes(Pace.minutes(2))))
struct EgressProxyTests {
    private static let password = "PROXY-5b1f0c9d"
    private let certificates: TemporaryDirectory

    init() throws {
        certificates = try TemporaryDirectory()
        let made = try CommandRun(["dev-cert", certificates.path, "--host", "gw.test"])
        try #require(made.status == .exited(0), "\(made.error)")
    }

    private func tlsOrigin() throws -> RecordingOrigin {
        let server = try TLSServer(certificateIn: certificates.path)
        return try RecordingOrigin(over: { server.accept(over: $0) }, script: { _, _ in .usual })
    }

    /// A configuration whose one resource is reached through the proxy at `url`.
    private func config(
        _ origin: RecordingOrigin, _ url: String, isTLS: Bool = true, credential: String = ""
    ) -> String {
        var config = ConfigText(origin: origin.address)
        let tls = isTLS ? ", tls: { ca: \"\(certificates.path)/ca.pem\" }" : ""
        config.resources = [
            "origin: { endpoint: \"\(isTLS ? "https" : "http")://\(origin.address)\", credential: key\(tls), "
                + "proxy: { url: \"\(url)\"\(credential) } }"
        ]
        return config.text
    }

    private static let named = ", username: egress, password: \"${file:proxy-password}\""
    private static let files = ConfigText.files.merging(["proxy-password": password]) { $1 }

    @Test("requests go through one tunnel, signed, and the proxy's credential stays with it", arguments: [true, false])
    func tunnel(isTLS: Bool) throws {
        let origin = try isTLS ? tlsOrigin() : RecordingOrigin()
        let proxy = try TunnelProxy()
        let text = config(origin, proxy.url, isTLS: isTLS, credential: Self.named)
        let gateway = try GatewayProcess(text, files: Self.files)
        let client = try RawClient(gateway.address)
        for round in 0..<3 {
            let answer = client.exchange(request("POST /\(round)", body: "abc"), method: "POST")
            #expect(answer?.text == "up:/\(round) len=3")
        }
        let userPass = Base64.encode(Array("egress:\(Self.password)".utf8))
        #expect(
            proxy.heads == [
                "CONNECT \(origin.address) HTTP/1.1\r\nhost: \(origin.address)\r\n"
                    + "proxy-authorization: Basic \(userPass)\r\n\r\n"
            ])
        #expect(origin.recorded.compactMap(\.request).allSatisfy(TestKeys.firstCheck.isSignature))
        for recorded in origin.recorded {
            let sent = String(decoding: recorded.raw, as: UTF8.self).lowercased()
            #expect(!sent.contains("proxy") && !sent.contains(userPass.lowercased()))
        }
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program, [Self.password, userPass])
    }

    @Test(
        "a proxy that opens no tunnel is 503, and the log says what it said",
        arguments: [
            ("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "", "answered 407: it wants `proxy.username`"),
            ("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", EgressProxyTests.named, "answered 407: it does not take"),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", "", "answered 403 to CONNECT"),
            ("HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "", "answered 302 to CONNECT"),
            ("SSH-2.0-x\r\n", "", "did not answer in HTTP"),
            ("HTTP/1.1 200 OK\r\n\r\nstray", "", "sent bytes behind its answer"),
            ("", "", "ended the connection before it answered CONNECT"),
        ])
    func refused(said: String, credential: String, told: String) throws {
        let origin = try tlsOrigin()
        let proxy = try TunnelProxy(answer: said)
        let gateway = try GatewayProcess(
            config(origin, proxy.url, credential: credential), files: Self.files)
        let answer = try #require(RawClient(gateway.address).exchange(request("GET /x")))
        #expect(answer.status == 503)
        #expect(answer.head.only("x-ms-error-code") == "UpstreamUnavailable")
        _ = try gateway.line { $0.contains("the proxy at \(proxy.address) \(told)") ? true : nil }
        #expect(origin.recorded.isEmpty)
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program, [Self.password])
    }

    @Test("a proxy that says nothing is given up in `timeouts.connect`")
    func silent() throws {
        let origin = try tlsOrigin()
        let hole = try Socket.listening(on: .ipv4("127.0.0.1", port: 0))
        let address = hole.localAddress(of: .ipv4("127.0.0.1", port: 0))
        let text = config(origin, "http://\(address)").replacing(
            Pace.stretched("connect: 3s"), with: Pace.stretched("connect: 300ms"))
        let gateway = try GatewayProcess(text, files: Self.files)
        #expect(try RawClient(gateway.address).exchange(request("GET /x"))?.status == 503)
        _ = try gateway.line { $0.contains("\(address): no connection in time") ? true : nil }
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("a reload keeps warm tunnels, until the proxy's credential is another one")
    func reload() throws {
        let origin = try tlsOrigin()
        let proxy = try TunnelProxy()
        let text = config(origin, proxy.url, credential: Self.named).replacing("workers: 2", with: "workers: 1")
        let gateway = try GatewayProcess(text, files: Self.files)
        let client = try RawClient(gateway.address)
        #expect(client.exchange(request("GET /a"))?.status == 200)
        try gateway.directory.write("config.yaml", text + "revision: two\n")
        try gateway.reload(expecting: 2)
        #expect(client.exchange(request("GET /b"))?.status == 200)
        #expect(proxy.heads.count == 1)
        try gateway.directory.write("proxy-password", "another")
        try gateway.reload(expecting: 3)
        #expect(client.exchange(request("GET /c"))?.status == 200)
        #expect(proxy.heads.count == 2)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("`check --live` goes the same way")
    func live() throws {
        let origin = try tlsOrigin()
        let proxy = try TunnelProxy()
        let run = try CommandRun(
            ["check", "--live"],
            files: Self.files.merging([
                "config.yaml": config(origin, proxy.url, credential: Self.named)
            ]) { $1 }, secrets: [TestKeys.first, Self.password])
        #expect(run.status == .exited(0), "\(run.output)\(run.error)")
        #expect(proxy.heads.count == 1 && origin.recorded.count == 1)
    }
}
