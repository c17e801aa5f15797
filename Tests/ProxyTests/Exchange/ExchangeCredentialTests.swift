import FoundationEssentials
import Support
import Testing

@testable import Proxy

@Suite("A credential that the resource refuses")
struct ExchangeCredentialTests {
    private let first = AccessKeyCheck(base64: TestGateway.firstKey)
    private let second = AccessKeyCheck(base64: TestGateway.secondKey)
    private let refusal =
        "HTTP/1.1 401 Unauthorized\r\nx-ms-request-id: r-1\r\nContent-Length: 29\r\n\r\n"
        + "{\"error\":{\"code\":\"Denied\"}}\r\n"

    private func asked(_ gateway: TestGateway) -> ExchangeBench {
        let bench = ExchangeBench(gateway)
        bench.client(
            "POST /sms?x HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\nRepeatability-Request-ID: 1\r\n\r\nhello")
        return bench
    }

    @Test("the second key is tried once, with the same body and fields, signed anew")
    func secondKey() throws {
        let bench = asked(try .forEverything())
        #expect(try first.problem(with: bench.request(0), now: ExchangeBench.now) == nil)
        bench.resource(refusal)
        let again = try bench.request(1)
        #expect(second.problem(with: again, now: ExchangeBench.now) == nil)
        #expect(again.body.content == Array("hello".utf8) && again.head.only("repeatability-request-id") == "1")
        #expect(bench.answered.isEmpty)
        bench.resource("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.answers().finals.map(\.status) == [202] && bench.end == nil)
    }

    @Test("when both are refused the client learns of it as 502, with the resource's own code and id")
    func bothKeys() throws {
        let bench = asked(try .forEverything())
        bench.resource(refusal)
        bench.resource(refusal)
        #expect(bench.attempts.count == 2 && bench.refusals == [.upstreamRefusedCredential])
        let text = try #require(bench.answers().finals.first).text
        #expect(text.contains("Resource: `contoso`, its code: `Denied`, its request id: `r-1`."))
        #expect(bench.end == nil)
    }

    @Test("with one key, or one attempt, nothing is tried again")
    func once() throws {
        for gateway in [
            try TestGateway.forEverything(credential: "key"), try .forEverything(", retries: { attempts: 1 }"),
        ] {
            let bench = asked(gateway)
            bench.resource(refusal)
            #expect(bench.attempts.count == 1 && bench.refusals == [.upstreamRefusedCredential])
        }
    }

    @Test("403 goes through, and 401 to the caller's own token")
    func through() throws {
        let forbidden = asked(try .forEverything())
        forbidden.resource("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        #expect(forbidden.answers().finals.map(\.status) == [403])
        let bench = ExchangeBench(try .forEverything(credential: "token"))
        bench.client("GET /chat HTTP/1.1\r\nHost: gw\r\nauthorization: Bearer a\r\n\r\n")
        bench.resource(refusal)
        #expect(bench.answers().finals.map(\.status) == [401] && bench.refusals.isEmpty)
    }

    @Test(
        "what the resource says is repeated only when it is harmless",
        arguments: [
            ("x-ms-error-code: Denied", "", "`Denied`"), ("x-ms-error-code: a b", "", "``"),
            ("x-ms-error-code: \"x", "", "``"),
            ("X-A: b", #"{"error": {"code" : "No.Key_1-2"}}"#, "`No.Key_1-2`"), ("X-A: b", #"{"code":"a\"b"}"#, "``"),
            ("X-A: b", #"{"code":12}"#, "``"), ("X-A: b", #"{"code":"#, "``"),
            ("X-A: b", "\u{FF}\u{80}\"code\":\"\u{FF}\"", "``"),
            ("X-A: b", #"{"code":""# + String(repeating: "a", count: 129) + "\"}", "``"), ("X-A: b", "", "``"),
            ("x-ms-error-code: `}", "", "``"),
        ])
    func harmless(field: String, body: String, expected: String) throws {
        let bench = asked(try .forEverything(credential: "key"))
        bench.resource("HTTP/1.1 401 x\r\n\(field)\r\nContent-Length: \(body.latin1.count)\r\n\r\n\(body)")
        let text = try #require(bench.answers().finals.first).text
        #expect(text.contains("its code: \(expected),"), "\(text)")
        #expect(throws: Never.self) { try JSONDecoder().decode([String: [String: String]].self, from: Data(text.utf8)) }
    }
}
