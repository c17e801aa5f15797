import Support
import Testing

/// A gateway and an origin on which cases are run one after the other.
final class HTTPCaseBench: Sendable {
    /// A key of these tests' own: `cases` in base64 would be shorter, a real one has 64 bytes.
    static let key = "dGhlIGtleSBvZiB0aGUgSFRUUCBjYXNlczogbm90aGluZyByZWFsLCA2NCBieXRlcyBhcyB0aGUgc2VydmljZSBnaXZlcw=="

    let gateway: GatewayProcess
    let origin: RecordingOrigin
    /// The longest wait for anything in a case.
    private let patience = Duration.seconds(6)

    init() throws {
        origin = try RecordingOrigin()
        gateway = try GatewayProcess(Self.config(origin: origin.address), files: ["key": Self.key])
    }

    private static func config(origin: Address) -> String {
        """
        version: 1
        workers: 2
        defaults:
          timeouts: { connect: 2s, request_head: 3s, request_body: 3s, response_head: 4s, total: 20s }
        listeners:
          main: { bind: "127.0.0.1:0" }
        credentials:
          key: { strategy: access_key, keys: ["${file:key}"] }
        resources:
          origin: { endpoint: "http://\(origin)", credential: key }
        routes:
          - { name: cases, match: { path_prefix: /c }, allow: [anonymous], resource: origin }
          - { name: good, match: { path_prefix: /g }, allow: [anonymous], resource: origin }
        telemetry:
          access_log: { to: stdout, format: json }
        """
    }

    /// Runs one case and says everything that is wrong with what was seen; nothing when all is right.
    func run(_ httpCase: HTTPCase) throws -> [String] {
        let tokens = HTTPCaseTokens(name: httpCase.id.lowercased() + "-case")
        let already = origin.recorded.count
        let scripts = (httpCase.up ?? []).map { OriginScript($0, tokens) }
        origin.follow { request, index in
            if request.path.hasPrefix("\(tokens.prefix)/g/") || scripts.isEmpty { return .usual }
            return scripts[min(index - already, scripts.count - 1)]
        }
        defer { origin.follow { _, _ in .usual } }

        let client = try RawClient(gateway.address, methods: httpCase.methods ?? ["GET"], patience: patience)
        for step in httpCase.send { perform(step, on: client, tokens) }
        client.answers(httpCase.allow.compactMap { $0.st?.count }.max() ?? 1)
        var seen = HTTPCaseObservation(
            answers: client.reader, clientBytes: client.received, isClosed: false, requests: [])
        var wrong: [String] = []
        seen.isClosed = isClosed(client, tokens, &wrong)
        if !servesAnew(tokens) { wrong.append("a good request on a new connection fails") }
        seen.requests = origin.recorded.dropFirst(already).filter { !$0.target.hasPrefix("\(tokens.prefix)/g/") }

        let key = AccessKeyCheck(base64: Self.key)
        let oracle = httpCase.pathOracle ?? false
        wrong += brokenInvariants(of: seen, tokens: tokens, key: key, pathOracle: oracle)
        let differences = httpCase.allow.map { $0.differences(from: seen) }
        if differences.allSatisfy({ !$0.isEmpty }) {
            wrong.append(
                "no allowed outcome: " + differences.map { $0.joined(separator: ", ") }.joined(separator: " | "))
            wrong.append("the client got \(String(latin1: client.received.prefix(2000)).debugDescription)")
            wrong.append("the origin got \(String(seen.originText.prefix(2000)).debugDescription)")
        }
        return wrong
    }

    private func perform(_ step: HTTPCase.Step, on client: RawClient, _ tokens: HTTPCaseTokens) {
        if let text = step.d { client.send(tokens.expand(text)) }
        if let text = step.drip { client.drip(tokens.expand(text)) }
        if let seconds = step.sleep { _ = Gate().pass(atMost: .seconds(seconds)) }
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
        if further?.text == "up:\(tokens.prefix)/g/\(tokens.name)-further len=0" { return false }
        if client.ending == nil || client.received.count > before {
            wrong.append("a further good request got \(further.map { "\($0.status) \($0.text)" } ?? "no answer")")
        }
        return client.ending != nil
    }

    private func servesAnew(_ tokens: HTTPCaseTokens) -> Bool {
        let client = try? RawClient(gateway.address, patience: patience)
        let answer = client?.exchange(goodRequest(tokens, "anew"))
        return answer?.status == 200 && answer?.text == "up:\(tokens.prefix)/g/\(tokens.name)-anew len=0"
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

/// Gives a suite one bench, and ends its gateway in order afterwards.
struct HTTPCaseBenchTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let bench = try HTTPCaseBench()
        try await HTTPCaseBenchTrait.$current.withValue(bench) { try await function() }
        bench.origin.stop()
        #expect(try bench.gateway.finish() == .exited(0))
    }

    /// The bench of the suite that runs.
    @TaskLocal static var current: HTTPCaseBench?
}
