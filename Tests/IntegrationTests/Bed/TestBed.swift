import Support
import Testing

/// A gateway between a client and an origin, all three of one suite or test.
final class TestBed: Sendable {
    let origin: RecordingOrigin
    let gateway: GatewayProcess
    private let scripts: Monitor<[String: OriginScript]>
    /// What both sides show and trust, for TLS.
    private let certificates: String?

    /// Starts an origin, and a gateway on what `configure` makes of the usual configuration.
    ///
    /// - Parameter certificates: a directory of `dev-cert`, with the name `gw.test`: then both sides speak TLS.
    init(
        files: [String: String] = [:], descriptors: Int? = nil, certificates: String? = nil,
        _ configure: (inout ConfigText) -> Void = { _ in }
    ) throws {
        let scripts = Monitor<[String: OriginScript]>([:])
        (self.scripts, self.certificates) = (scripts, certificates)
        let server = try certificates.map { try TLSServer(certificateIn: $0) }
        origin = try RecordingOrigin(
            over: { socket in
                guard let server else { return socket }
                return server.accept(over: socket)
            }, script: { request, _ in scripts.look { $0[request.path] } ?? .usual })
        var config = ConfigText(origin: origin.address)
        if let certificates {
            let identity = "certificate: \"\(certificates)/server.pem\", key: \"\(certificates)/server.key\""
            config.listeners = ["main: { bind: \"127.0.0.1:0\", tls: { \(identity) } }"]
            config.resources = [
                "origin: { endpoint: \"https://\(origin.address)\", credential: key, "
                    + "tls: { ca: \"\(certificates)/ca.pem\" } }"
            ]
        }
        configure(&config)
        gateway = try GatewayProcess(
            config.text, files: ConfigText.files.merging(files) { $1 }, descriptors: descriptors)
    }

    /// What the origin does from now on with requests for `path`.
    func script(_ path: String, _ script: OriginScript) { scripts.change { $0[path] = script } }

    /// A client of the first listener.
    func client(_ methods: [String] = ["GET"], patience: Duration = Pace.seconds(30)) throws -> RawClient {
        let socket = try Socket.connected(to: gateway.address)
        guard let certificates else { return RawClient(over: socket, methods: methods, patience: patience) }
        let stream = try TLSStream.client(over: socket, trusting: certificates + "/ca.pem", name: "gw.test")
        return RawClient(over: stream, methods: methods, patience: patience)
    }

    /// One request on a connection of its own; gives its answer.
    func exchange(_ request: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Answer {
        let method = String(request.prefix { $0 != " " })
        let client = try client([method])
        return try #require(client.exchange(request, method: method), sourceLocation: sourceLocation)
    }

    /// The requests that came to the origin for `path`.
    func received(_ path: String) -> [Recorded] { origin.recorded.filter { $0.request?.path == path } }

    /// Ends the gateway as an operator would, and looks through all that it said.
    func finish() throws {
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program)
        origin.stop()
    }
}

/// Gives a suite one bed, and ends it afterwards.
struct TestBedTrait: SuiteTrait, TestScoping {
    /// Makes the usual configuration the suite's own.
    var configure: @Sendable (inout ConfigText) -> Void = { _ in }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let bed = try TestBed(configure)
        try await Self.$shared.withValue(bed) { try await function() }
        try bed.finish()
    }

    @TaskLocal private static var shared: TestBed?

    /// The bed of the suite that runs.
    static func bed(sourceLocation: SourceLocation = #_sourceLocation) throws -> TestBed {
        try #require(shared, sourceLocation: sourceLocation)
    }
}

extension Trait where Self == TestBedTrait {
    /// One gateway and one origin for the whole suite.
    static func testBed(_ configure: @escaping @Sendable (inout ConfigText) -> Void = { _ in }) -> Self {
        TestBedTrait(configure: configure)
    }
}

/// A request as a well-behaved client writes it.
func request(_ line: String, _ fields: String..., body: String? = nil) -> String {
    let length = body.map { "Content-Length: \($0.unicodeScalars.count)\r\n" } ?? ""
    return "\(line) HTTP/1.1\r\nHost: gw.test\r\n" + fields.map { $0 + "\r\n" }.joined() + length + "\r\n"
        + (body ?? "")
}
