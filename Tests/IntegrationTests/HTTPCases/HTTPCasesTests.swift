import Support
import Testing

@Suite("The HTTP cases, against the real program", .serialized, HTTPCaseBenchTrait())
struct HTTPCasesTests {
    @Test(
        "each case has an allowed outcome, and nothing that may never happen",
        arguments: try HTTPCase.all(), HTTPCaseBench.Kind.oneByOne)
    func httpCase(_ httpCase: HTTPCase, over kind: HTTPCaseBench.Kind) throws {
        let bench = try #require(HTTPCaseBenchTrait.benches[kind])
        let wrong = try bench.run(httpCase)
        #expect(wrong.isEmpty, "\(httpCase.testDescription)\n\(wrong.joined(separator: "\n"))")
    }

    @Test("each rule holds in every spelling that breaks it", arguments: RuleCases.byRule.keys.sorted())
    func rule(_ rule: String) throws {
        let bench = try #require(HTTPCaseBenchTrait.benches[.plain])
        for httpCase in RuleCases.byRule[rule] ?? [] {
            let wrong = try bench.run(httpCase)
            #expect(wrong.isEmpty, "\(httpCase.testDescription)\n\(wrong.joined(separator: "\n"))")
        }
    }

    /// Cases of a rule that are also sent byte by byte.
    private static let drippedOfEach = 8

    @Test("each rule's table holds, however the bytes come", arguments: try HTTPCase.byRule().keys.sorted())
    func table(_ rule: String) throws {
        let bench = try #require(HTTPCaseBenchTrait.benches[.plain])
        let cases = try HTTPCase.byRule()[rule] ?? []
        for httpCase in cases + cases.compactMap(\.dripped).prefix(Self.drippedOfEach) {
            let wrong = try bench.run(httpCase)
            #expect(wrong.isEmpty, "\(httpCase.testDescription)\n\(wrong.joined(separator: "\n"))")
        }
    }
}

@Suite("The judge of the HTTP cases")
struct HTTPCaseJudgeTests {
    private let tokens = HTTPCaseTokens(name: "x")

    @Test(
        "tokens stand for texts",
        arguments: [
            ("GET <<P>>/c/<<N>> <<D>>", "GET /c/x /denied"), ("<<A>>", "Accept: */*\r\n"), ("<<R:a:3>>", "aaa"),
            ("<<R:X: b\r\n:2>>\r\n", "X: b\r\nX: b\r\n\r\n"), ("a<<Z>>b", "a<<Z>>b"), ("a <<", "a <<"),
        ])
    func expansion(text: String, expected: String) { #expect(tokens.expand(text) == expected) }

    private func seen(_ answers: String, closed: Bool = false, requests: [String] = []) -> HTTPCaseObservation {
        var reader = AnswerReader()
        reader.append(answers.latin1)
        let recorded = requests.map { text in
            var record = Recorded(connection: 0)
            record.raw = text.latin1
            record.request = try? StrictRequest(text.latin1.dropLast(4))
            return record
        }
        return HTTPCaseObservation(
            answers: reader, clientBytes: answers.latin1, isClosed: closed, requests: recorded)
    }

    @Test("an outcome that was not seen is told by what differs")
    func differences() {
        let good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"
        let up = "GET /c/x HTTP/1.1\r\nHost: o\r\nX-E: v\r\n\r\n"
        typealias Outcome = HTTPCase.Outcome
        let table: [(Outcome, HTTPCaseObservation, Int)] = [
            (
                Outcome(st: [[200]], up: [1], done: [1], upMatch: ["^x-e:[ \\t]*v[ \\t]*\\r$"]),
                seen(good, requests: [up]), 0
            ),
            (Outcome(st: [[400], [400]]), seen(good), 1), (Outcome(st: [[400, 404]]), seen(good), 1),
            (Outcome(conn: .init(words: ["close"])), seen(good), 1),
            (Outcome(conn: .init(words: ["any"])), seen(good, closed: true), 0),
            (Outcome(up: [0], done: [0]), seen(good, requests: [up]), 2),
            (Outcome(upNot: ["^X-e: v\r$"], ubody: "a"), seen(good, requests: [up]), 2),
            (Outcome(body: "hi", complete: true), seen(cut), 1), (Outcome(complete: false), seen(cut), 0),
            (Outcome(match: ["content-length: [1-9].*HI"], not: ["^hi$"]), seen(good), 1),
            (Outcome(interim: [[100]]), seen(good), 1),
        ]
        for (outcome, observation, count) in table {
            #expect(outcome.differences(from: observation).count == count, "\(outcome)")
        }
    }

    @Test(
        "what may never happen is seen",
        arguments: [
            "GET /smug HTTP/1.1\r\nHost: o\r\n\r\n", "GET /c HTTP/1.1\r\nHost: o\r\nX: CANARY-8c1f6d\r\n\r\n",
            "GET /c HTTP/1.1\r\nHost: o\r\n\r\n", "GET /a/%2e%2E;b/denied/x HTTP/1.1\r\nHost: o\r\n\r\n",
        ])
    func invariants(request: String) {
        let key = CredentialCheck.key(AccessKeyCheck(base64: HTTPCaseBench.key))
        let broken = brokenInvariants(
            of: seen("", requests: [request]), tokens: tokens, credential: key, pathOracle: true)
        #expect(!broken.isEmpty)
        #expect(!brokenInvariants(of: seen("junk"), tokens: tokens, credential: key, pathOracle: false).isEmpty)
        #expect(brokenInvariants(of: seen(""), tokens: tokens, credential: key, pathOracle: true).isEmpty)
    }

    @Test(
        "a path is read in every lenient way",
        arguments: [
            "/denied", "//Denied/x", "/c/../denied", "/c/%2e%2e/denied", "/c/%252e%252e/denied", "/c%2f..%2fdenied",
            "/denied;a/x", "/c/..;/denied", "/c\\..\\denied", "/./denied?x",
        ])
    func oracle(target: String) {
        #expect(lenientReadings(of: target).contains { $0 == "/denied" || $0.hasPrefix("/denied/") })
    }
}
