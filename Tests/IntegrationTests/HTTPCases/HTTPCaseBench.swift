import Support
import Testing

/// A gateway and an origin on which cases are run one after the other.
final class HTTPCaseBench: Sendable {
    /// What stands between client and origin.
    enum Kind: Sendable {
        /// Plain connections, targets forwarded as they come.
        case plain
        /// A prefix that is stripped.
        case prefixed
        /// TLS on both sides.
        case encrypted
        /// TLS before the gateway only, or behind it.
        case tlsListener, tlsOrigin
        /// A token, which needs no digest: what is not here at once streams.
        case streaming

        /// Those that the cases run on one after the other, each a test of its own.
        static let oneByOne = [plain, prefixed, encrypted]

        var hasTLSListener: Bool { self == .encrypted || self == .tlsListener }
        var hasTLSOrigin: Bool { self == .encrypted || self == .tlsOrigin }
    }

    /// A key of these tests' own.
    static let key = Base64.encode(ReferenceDigest.sha256([5]) + ReferenceDigest.sha256([6]))

    let gateway: GatewayProcess
    let origin: RecordingOrigin
    private let kind: Kind
    /// Gives the token.
    private let issuer: TokenOrigin
    /// Holds what `dev-cert` made, for as long as the origin shows it.
    private let certificates: CommandRun
    /// The longest wait for anything in a case.
    private let patience = Pace.seconds(15)

    init(_ kind: Kind) throws {
        self.kind = kind
        certificates = try CommandRun(["dev-cert", "certificates", "--host", "gw.test"])
        let directory = certificates.directory.path + "/certificates"
        let server = try TLSServer(certificateIn: directory)
        issuer = try TokenOrigin(lifetime: 3600)
        origin =
            kind.hasTLSOrigin
            ? try RecordingOrigin(over: { server.accept(over: $0) }, script: { _, _ in .usual }) : try RecordingOrigin()
        let config = Self.config(
            kind, origin: origin.address, issuer: issuer.address, certificates: directory)
        gateway = try GatewayProcess(config.text, files: ["key1": Self.key])
    }

    private static func config(
        _ kind: Kind, origin: Address, issuer: Address, certificates: String
    ) -> ConfigText {
        var config = ConfigText(origin: origin)
        config.defaults = [
            "timeouts: { connect: 2s, request_head: 3s, request_body: 3s, response_head: 4s, total: 20s }"
        ]
        let tail = "allow: [anonymous], resource: origin }"
        config.routes = ["/c", "/g"].map { "{ name: \($0.dropFirst()), match: { path_prefix: \($0) }, \(tail)" }
        if kind == .prefixed {
            config.routes = ["/c", "/g"].map { path in
                "{ name: \(path.dropFirst()), match: { path_prefix: /pre/fix\(path) }, "
                    + "rewrite: { strip_prefix: /pre/fix }, \(tail)"
            }
        }
        if kind == .streaming {
            config.credentials = [
                "key: { strategy: service_principal, tenant_id: contoso, client_id: app, "
                    + "client_secret: \"${file:key1}\", authority: \"http://\(issuer)\" }"
            ]
        }
        if kind.hasTLSListener {
            let identity = "certificate: \"\(certificates)/server.pem\", key: \"\(certificates)/server.key\""
            config.listeners = ["main: { bind: \"127.0.0.1:0\", tls: { \(identity) } }"]
        }
        if kind.hasTLSOrigin {
            config.resources = [
                "origin: { endpoint: \"https://\(origin)\", credential: key, tls: { ca: \"\(certificates)/ca.pem\" } }"
            ]
        }
        return config
    }

    /// Ends the gateway, and looks through all that it said.
    func finish() throws {
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program, [Self.key, HTTPCaseTokens(name: "").canary])
        origin.stop()
    }

    private func connect(_ methods: [String]) throws -> RawClient {
        let socket = try Socket.connected(to: gateway.address)
        guard kind.hasTLSListener else { return RawClient(over: socket, methods: methods, patience: patience) }
        let authority = certificates.directory.path + "/certificates/ca.pem"
        let stream = try TLSStream.client(over: socket, trusting: authority, name: "gw.test")
        return RawClient(over: stream, methods: methods, patience: patience)
    }

    /// What the cases' tokens stand for here.
    private func tokens(_ name: String) -> HTTPCaseTokens {
        var tokens = HTTPCaseTokens(name: name)
        if kind == .prefixed { tokens.prefix = "/pre/fix" }
        return tokens
    }

    /// Runs one case and says everything that is wrong with what was seen; nothing when all is right.
    func run(_ httpCase: HTTPCase) throws -> [String] {
        let tokens = tokens(httpCase.id.lowercased() + "-case")
        let already = origin.recorded.count
        let scripts = (httpCase.up ?? []).map { OriginScript($0, tokens) }
        origin.follow { request, index in
            if request.path.hasPrefix("/g/") || scripts.isEmpty { return .usual }
            return scripts[min(index - already, scripts.count - 1)]
        }
        defer { origin.follow { _, _ in .usual } }

        let client = try connect(httpCase.methods ?? ["GET"])
        for step in httpCase.send { perform(step, on: client, tokens) }
        client.answers(httpCase.allow.compactMap { $0.st?.count }.max() ?? 1)
        var seen = HTTPCaseObservation(
            answers: client.reader, clientBytes: client.received, isClosed: false, requests: [])
        var wrong: [String] = []
        seen.isClosed = isClosed(client, tokens, &wrong)
        if !servesAnew(tokens) { wrong.append("a good request on a new connection fails") }
        seen.requests = origin.recorded.dropFirst(already).filter { !$0.target.hasPrefix("/g/") }

        let oracle = httpCase.pathOracle ?? false
        wrong += brokenInvariants(of: seen, tokens: tokens, credential: credential, pathOracle: oracle)
        let differences = httpCase.allow.map { $0.differences(from: seen, isStreaming: kind == .streaming) }
        if differences.allSatisfy({ !$0.isEmpty }) {
            wrong.append(
                "no allowed outcome: " + differences.map { $0.joined(separator: ", ") }.joined(separator: " | "))
            wrong.append("the client got \(String(latin1: client.received.prefix(2000)).debugDescription)")
            wrong.append("the origin got \(String(seen.originText.prefix(2000)).debugDescription)")
        }
        return wrong
    }

    /// What every request at the origin must have.
    private var credential: CredentialCheck {
        kind == .streaming ? .token("token-1") : .key(AccessKeyCheck(base64: Self.key))
    }

    private func perform(_ step: HTTPCase.Step, on client: RawClient, _ tokens: HTTPCaseTokens) {
        if let text = step.d { client.send(tokens.expand(text)) }
        if let text = step.drip { client.drip(tokens.expand(text)) }
        if let seconds = step.sleep { _ = Gate().pass(atMost: .seconds(seconds).paced) }
        if let count = step.recv { client.answers(count) }
        if step.interim != nil { client.interims(1) }
        if step.shut != nil { client.shutdownWrite() }
        if step.rst != nil { client.reset() }
        if step.close != nil { client.close() }
    }

    /// Asks for a further answer on the connection, unless it has ended or was said to end.
    private func isClosed(_ client: RawClient, _ tokens: HTTPCaseTokens, _ wrong: inout [String]) -> Bool {
        let saysClose = client.reader.finals.last?.head.values("connection").contains { $0.asciiLowercased == "close" }
        if saysClose == true {
            if client.waitForEnd() == nil { wrong.append("the gateway said close and did not") }
            return true
        }
        guard client.ending == nil else { return true }
        let before = client.received.count
        let further = client.exchange(goodRequest(tokens, "further"))
        if further?.text == "up:/g/\(tokens.name)-further len=0" { return false }
        if client.ending == nil || client.received.count > before {
            wrong.append("a further good request got \(further.map { "\($0.status) \($0.text)" } ?? "no answer")")
        }
        return client.ending != nil
    }

    private func servesAnew(_ tokens: HTTPCaseTokens) -> Bool {
        let client = try? connect(["GET"])
        let answer = client?.exchange(goodRequest(tokens, "anew"))
        return answer?.status == 200 && answer?.text == "up:/g/\(tokens.name)-anew len=0"
    }

    private func goodRequest(_ tokens: HTTPCaseTokens, _ suffix: String) -> String {
        tokens.expand("GET <<P>>/g/<<N>>-\(suffix) HTTP/1.1\r\nHost: <<H>>\r\n<<A>>\r\n")
    }
}

extension OriginScript {
    /// The script of a case.
    fileprivate init(_ script: HTTPCase.Script, _ tokens: HTTPCaseTokens) {
        let steps: [Step] = script.steps.flatMap { step in
            var steps: [Step] = []
            if let text = step.d { steps.append(.send(tokens.expand(text).latin1)) }
            if let seconds = step.sleep { steps.append(.pause(.seconds(seconds))) }
            if step.ok != nil { steps.append(.usual) }
            if step.close != nil { steps.append(.close) }
            if step.rst != nil { steps.append(.reset) }
            return steps
        }
        self.init(steps, atHead: script.when == "head")
    }
}

/// Gives a suite a bench of each kind, and ends their gateways in order afterwards.
struct HTTPCaseBenchTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let benches = try HTTPCaseBench.Kind.oneByOne.map { ($0, try HTTPCaseBench($0)) }
        try await Self.$benches.withValue(Dictionary(uniqueKeysWithValues: benches)) { try await function() }
        for (_, bench) in benches { try bench.finish() }
    }

    /// The benches of the suite that runs.
    @TaskLocal static var benches: [HTTPCaseBench.Kind: HTTPCaseBench] = [:]
}
