import Support
import Testing

/// What a TLS listener shows, demands and remembers, over a reload too.
@Suite("A TLS listener")
struct TLSListenerTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let origin: RecordingOrigin

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority(
            "main", in: directory, servers: ["a": ["a.test", "localhost"], "b": ["b.test", "*.b.test"]],
            clients: ["billing": ["billing.test", "spiffe://corp/billing"]])
        origin = try RecordingOrigin()
    }

    private func pair(_ name: String) -> String {
        "certificate: \"\(directory.path)/\(name).pem\", key: \"\(directory.path)/\(name).pem\""
    }

    private func text(_ tls: String, comment: String = "") -> String {
        var config = ConfigText(origin: origin.address)
        config.listeners = ["main: { bind: \"127.0.0.1:0\", tls: { \(tls) } }"]
        return config.text + comment
    }

    private func start(_ tls: String) throws -> GatewayProcess {
        try GatewayProcess(text(tls), files: ConfigText.files)
    }

    /// A connection that has heard an answer, so that a session came with it.
    private func connect(
        _ gateway: GatewayProcess, _ name: String = "a.test", trusting path: String? = nil, identity: String? = nil,
        resuming earlier: TLSStream? = nil
    ) throws -> (stream: TLSStream, client: RawClient) {
        let stream = try TLSStream.client(
            over: try Socket.connected(to: gateway.address), trusting: path ?? authority.file, name: name,
            identity: identity.map { "\(directory.path)/\($0).pem" }, resuming: earlier)
        return (stream, RawClient(over: stream))
    }

    private func ask(_ connection: (stream: TLSStream, client: RawClient)) -> Int? {
        connection.client.exchange(request("GET /a"))?.status
    }

    @Test("shows the certificate of the name that is asked for, else the first")
    func names() throws {
        let gateway = try start("\(pair("a")), certificates: [{ \(pair("b")) }]")
        for name in ["a.test", "b.test", "x.b.test"] {
            let connection = try connect(gateway, name)
            #expect(ask(connection) == 200)
        }
        // The default is not for this name.
        #expect(throws: (any Error).self) { try connect(gateway, "x.y.b.test") }
        #expect(throws: (any Error).self) { try connect(gateway, "other.test") }
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("shows a new certificate after a reload, while older connections go on")
    func renewed() throws {
        let gateway = try start(pair("a"))
        let old = try connect(gateway)
        #expect(ask(old) == 200)
        let renewed = try TestAuthority("other", in: directory, servers: ["a": ["a.test"]])
        try gateway.reload(expecting: 2)
        #expect(ask(old) == 200)
        #expect(ask(try connect(gateway, trusting: renewed.file)) == 200)
        #expect(throws: (any Error).self) { try connect(gateway) }
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("keeps its certificate when the new one cannot be used")
    func badFile() throws {
        let gateway = try start(pair("a"))
        for content in ["hello", ""] {
            try directory.write("a.pem", content)
            gateway.program.signal(1)
            _ = try gateway.line { $0.hasPrefix("acs-gateway: reload refused") ? true : nil }
            #expect(ask(try connect(gateway)) == 200)
        }
        #expect(gateway.standardError.contains("holds no certificate"))
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("lets in whom its authority vouches for, and with `optional` also who shows nothing")
    func clients() throws {
        let stranger = try TestAuthority("stranger", in: directory, clients: ["mallory": ["billing.test"]])
        #expect(stranger.file != authority.file)
        for (mode, isOpen) in [("optional", true), ("required", false)] {
            let gateway = try start("\(pair("a")), client_ca: \"\(authority.file)\", client_auth: \(mode)")
            #expect(ask(try connect(gateway, identity: "billing")) == 200)
            // With TLS 1.3 a client is told only after its handshake.
            let nobody = try? connect(gateway)
            #expect(nobody.flatMap { ask($0) } == (isOpen ? 200 : nil))
            let mallory = try? connect(gateway, identity: "mallory")
            #expect(mallory.flatMap { ask($0) } == nil)
            // A server's certificate is not for clients.
            let server = try? connect(gateway, identity: "b")
            #expect(server.flatMap { ask($0) } == nil)
            #expect(try gateway.finish() == .exited(0))
        }
        #expect(origin.recorded.count == 3)
    }

    @Test("resumes on whatever worker a connection lands, and after a reload that changes nothing of TLS")
    func resumption() throws {
        let tls = "\(pair("a")), client_ca: \"\(authority.file)\", client_auth: optional"
        let gateway = try start(tls)
        var last = try connect(gateway, identity: "billing")
        #expect(ask(last) == 200 && !last.stream.isResumed)
        for round in 0..<16 {
            // Each connection has another port, by which the system chooses the worker.
            last = try connect(gateway, identity: "billing", resuming: last.stream)
            #expect(ask(last) == 200 && last.stream.isResumed, "round \(round)")
        }
        try gateway.directory.write("config.yaml", text(tls, comment: "# new\n"))
        try gateway.reload(expecting: 2)
        last = try connect(gateway, identity: "billing", resuming: last.stream)
        #expect(ask(last) == 200 && last.stream.isResumed)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("resumes nothing once another authority vouches for its clients")
    func authorityReplaced() throws {
        let tls = "\(pair("a")), client_ca: \"\(directory.path)/callers.pem\""
        try directory.write("callers.pem", try Files.bytes(at: authority.file))
        let gateway = try start(tls)
        let before = try connect(gateway, identity: "billing")
        #expect(ask(before) == 200)
        let other = try TestAuthority("other", in: directory, clients: ["sales": ["sales.test"]])
        try directory.write("callers.pem", try Files.bytes(at: other.file))
        try gateway.reload(expecting: 2)
        // Who is connected stays; who comes again is asked again, and not believed any more.
        #expect(ask(before) == 200)
        let again = try? connect(gateway, identity: "billing", resuming: before.stream)
        #expect(again.flatMap { ask($0) } == nil)
        #expect(ask(try connect(gateway, identity: "sales")) == 200)
        #expect(try gateway.finish() == .exited(0))
    }
}
