import ConfigDSL
import Crypto
import Support
import Testing

@testable import Credentials

@Suite("Token requests as the official library makes them")
struct RecordedCaseTests {
    @Test("all recorded cases are there")
    func complete() {
        #expect(RecordedCase.all.count == 34)
    }

    @Test("the same requests in the same order, and the same outcome", arguments: RecordedCase.all)
    func replay(recorded: RecordedCase) throws {
        let strategy = try #require(StrategyText.strategy(recorded.yaml, recorded.environment))
        let refusal = (recorded.config["claims"]?.text).map { TokenRefusal(tokenDigest: "", claims: $0) }
        var exchange = strategy.beginFetch(after: refusal, environment: recorded.tokenEnvironment)
        var (answer, calls): (TokenAnswer?, ArraySlice) = (nil, recorded.calls[...])
        var pauses: [Double] = []
        while true {
            switch exchange.next(after: answer.map { .success($0) }, at: RecordedCase.now) {
            case .send(let request):
                let next = calls.popFirst()
                let call = try #require(next, "one request too many")
                try RequestComparison(recorded: call, ours: request, isPinned: recorded.isPinned).compare()
                answer = call.answer
            case .wait(let pause):
                if pause > .zero { pauses.append(pause / .seconds(1)) }
                answer = nil
            case .done(let token):
                #expect(calls.isEmpty)
                #expect(pauses == recorded.pauses)
                #expect(token.text == recorded.result["token"]?.text)
                let lifetime = token.expiresAt.unixSeconds - RecordedCase.now.unixSeconds
                #expect(Int(lifetime) == recorded.result["expires_in"]?.integer)
                return
            case .failed(let failure):
                #expect(calls.isEmpty)
                #expect(pauses == recorded.pauses)
                #expect(recorded.result["error"] != nil, "\(failure)")
                try compare(failure, recorded)
                return
            }
        }
    }

    /// The number of the error is told, and what to do, in other words than the library's.
    private func compare(_ failure: TokenFailure, _ recorded: RecordedCase) throws {
        let message = try #require(recorded.result["message"]?.text)
        if let code = failure.code, code.hasPrefix("AADSTS") {
            #expect(message.contains("\(code):"))
            #expect(failure.traceID == "00000000-0000-0000-0000-000000000000")
            #expect(failure.correlationID == "00000000-0000-0000-0000-000000000001")
            #expect(failure.advice != nil)
        }
        #expect(!failure.description.contains("s3cr"))
        #expect(!failure.description.contains("Trace ID"))
    }
}

extension RecordedCase {
    fileprivate var isPinned: Bool { variables["IDENTITY_SERVER_THUMBPRINT"] != nil }
}

/// A credential as it stands in a file.
enum StrategyText {
    /// The strategy of `yaml`, an entry under `credentials`; `nil` when it is wrong.
    static func strategy(_ yaml: String, _ environment: LoadEnvironment) -> (any TokenStrategy)? {
        load(yaml, environment).strategy
    }

    /// The same, with what is said about it: `LINE ID MESSAGE`.
    static func load(
        _ yaml: String, _ environment: LoadEnvironment, resource: String = "\"https://contoso.communication.azure.com\""
    ) -> (strategy: (any TokenStrategy)?, findings: [String]) {
        let config = """
            version: 1
            listeners: { app: { bind: "127.0.0.1:8080" } }
            credentials:
              cred: \(yaml)
            resources: { contoso: { endpoint: \(resource), credential: cred } }
            routes:
              - { name: all, match: { path_prefix: / }, allow: [anonymous], resource: contoso }
            """
        var environment = environment
        let readFile = environment.readFile
        environment.readFile = { path, limit throws(FileFailure) in
            if path == "gateway.yaml" { return FileContent(bytes: Array(config.utf8), isReadableByOthers: false) }
            return try readFile(path, limit)
        }
        var result = ConfigLoader.load(file: "gateway.yaml", environment: environment)
        let strategies = StandardStrategies.decode(result.draft, into: &result.diagnostics)
        let findings = result.diagnostics.sorted.map { "\($0.place.line) \($0.id.code) \($0.message)" }
        return (strategies["cred"] as? any TokenStrategy, findings)
    }

    /// The first request of a fetch by what was loaded without a finding.
    static func firstRequest(
        of loaded: (strategy: (any TokenStrategy)?, findings: [String])
    ) throws -> TokenRequest {
        #expect(loaded.findings == [])
        var exchange = try #require(loaded.strategy).beginFetch(after: nil, environment: .empty)
        guard case .send(let request) = exchange.next(after: nil, at: second(0)) else {
            throw TokenFailure("no request")
        }
        return request
    }
}
