import ConfigDSL
import Crypto
import Testing

@testable import Credentials

@Suite("Azure Arc's challenge")
struct AzureArcTests {
    static let path = "/var/opt/azcmagent/tokens/1.key"
    static let token = #"{"access_token":"t","expires_in":"100"}"#

    static func file(
        _ content: String = "key=", owner: GuardedFile.Owner = .agent, isWritableByOthers: Bool = false
    ) -> Result<GuardedFile, FileFailure> {
        .success(
            GuardedFile(content: Secret(copying: content), owner: owner, isWritableByOthers: isWritableByOthers))
    }

    /// What a fetch does when the agent answers so, one after the other.
    static func fetch(
        _ answers: [TokenAnswer], keys: String = "", file: Result<GuardedFile, FileFailure> = file()
    ) throws -> (requests: [TokenRequest], outcome: Result<AccessToken, TokenFailure>) {
        let yaml = "{ strategy: managed_identity, source: azure_arc\(keys) }"
        let strategy = try #require(StrategyText.strategy(yaml, .fixed(files: [:])))
        var environment = TokenEnvironment.empty
        environment.readGuardedFile = { path, limit throws(FileFailure) in
            guard path == Self.path || path == "/tokens/1.key" else { throw .notFound }
            #expect(limit == 4096)
            return try file.get()
        }
        var exchange = strategy.beginFetch(after: nil, environment: environment)
        var (requests, rest): ([TokenRequest], ArraySlice) = ([], answers[...])
        var answer: Result<TokenAnswer, TransferFailure>?
        while true {
            switch exchange.next(after: answer, at: second(0)) {
            case .send(let request):
                requests.append(request)
                let next = rest.popFirst()
                answer = .success(try #require(next))
            case .wait: answer = nil
            case .done(let token): return (requests, .success(token))
            case .failed(let failure): return (requests, .failure(failure))
            }
        }
    }

    static func challenge(_ value: String = "Basic realm=\(path)") -> TokenAnswer {
        TokenAnswerTests.answer(401, "", [("WWW-Authenticate", value)])
    }

    @Test(
        "the second request shows what the file holds, as it is",
        arguments: [("key=", "key="), ("key=\n", "key="), ("key=\r\n", "key="), ("a b\tc", "a b\tc")])
    func answered(content: String, key: String) throws {
        let (requests, outcome) = try Self.fetch(
            [Self.challenge(), TokenAnswerTests.answer(200, Self.token)], file: Self.file(content))
        #expect(try outcome.get().text == "t")
        try #require(requests.count == 2)
        #expect(requests[0].texts == ["metadata": "true"])
        #expect(requests[1].texts == ["metadata": "true", "authorization": "Basic \(key)"])
        #expect(requests[0].url == requests[1].url)
    }

    @Test(
        "a challenge that names another file is refused, and no file is read",
        arguments: [
            "Basic realm=/var/opt/azcmagent/tokens/../tokens/1.key", "Basic realm=/etc/shadow",
            "Basic realm=/var/opt/azcmagent/tokens/sub/1.key", "Basic realm=/var/opt/azcmagent/tokens/.key",
            "Basic realm=/var/opt/azcmagent/tokens/1.pem", "Basic realm=1.key", "Basic realm=",
            "Basic realm=\"\(path)\"", "Basic realm=\(path)=", "Basic realm", "Bearer realm=\(path)",
            "Basic realm= \(path)", "Basic realm=/var/opt/azcmagent/tokens/a b.key", "",
            "Basic realm=/var/opt/azcmagent/tokens/..\\x.key", "Basic realm=/var/opt/azcmagent/tokens2/1.key",
        ])
    func otherFiles(challenge: String) throws {
        let (requests, outcome) = try Self.fetch([Self.challenge(challenge)])
        #expect(requests.count == 1)
        #expect(throws: TokenFailure.self) { try outcome.get() }
    }

    @Test("the scheme's case does not count, and two challenges are none")
    func challenges() throws {
        let (requests, _) = try Self.fetch(
            [Self.challenge("bASIC REALM=\(Self.path)"), TokenAnswerTests.answer(200, Self.token)])
        #expect(requests.count == 2)
        let field = ("www-authenticate", "Basic realm=\(Self.path)")
        let twice = try Self.fetch([TokenAnswerTests.answer(401, "", [field, field])])
        #expect(twice.requests.count == 1)
    }

    @Test(
        "a file that others could have put there is not shown to anyone",
        arguments: [
            (file(owner: .other), false), (file(isWritableByOthers: true), false), (file(owner: .root), true),
            (file(owner: .ourselves), false), (file(""), false), (file("\n"), false), (file("a\nb"), false),
            (.failure(.notAFile), false), (.failure(.tooLarge), false), (.failure(.notPermitted), false),
        ])
    func files(file: Result<GuardedFile, FileFailure>, isShown: Bool) throws {
        let (requests, _) = try Self.fetch([Self.challenge(), TokenAnswerTests.answer(200, Self.token)], file: file)
        #expect(requests.count == (isShown ? 2 : 1))
    }

    @Test("in a directory of the operator's choice the gateway's own user may own the files")
    func ownDirectory() throws {
        let answers = [Self.challenge("Basic realm=/tokens/1.key"), TokenAnswerTests.answer(200, Self.token)]
        for directory in ["/tokens", "/tokens/"] {
            let (requests, _) = try Self.fetch(
                answers, keys: ", arc_token_directory: \(directory)", file: Self.file(owner: .ourselves))
            #expect(requests.count == 2)
        }
        let (requests, _) = try Self.fetch([Self.challenge()], keys: ", arc_token_directory: /tokens")
        #expect(requests.count == 1, "the agent's own directory is not it any more")
    }

    @Test("a token without a challenge, and a second challenge, are errors without a retry")
    func wrongOrder() throws {
        let early = try Self.fetch([TokenAnswerTests.answer(200, Self.token)])
        #expect(early.requests.count == 1)
        #expect(throws: TokenFailure.self) { try early.outcome.get() }
        let again = try Self.fetch([Self.challenge(), Self.challenge()])
        #expect(again.requests.count == 2)
        #expect(throws: TokenFailure.self) { try again.outcome.get() }
    }

    @Test("a busy agent is asked again from the start, since each key is for one challenge")
    func busy() throws {
        let (requests, outcome) = try Self.fetch([
            Self.challenge(), TokenAnswerTests.answer(503, ""), Self.challenge(),
            TokenAnswerTests.answer(200, Self.token),
        ])
        #expect(requests.map { $0.texts["authorization"] } == [nil, "Basic key=", nil, "Basic key="])
        #expect(try outcome.get().text == "t")
    }

    @Test(
        "an agent that does not say whose token it gave is not believed",
        arguments: [
            ("client_id", #""client_id":"ID1""#, true), ("client_id", #""client_id":"id2""#, false),
            ("client_id", #""object_id":"id1""#, false), ("object_id", #""object_id":"id1""#, true),
            ("resource_id", #""msi_res_id":"id1""#, true), ("resource_id", #""x":1"#, false),
        ])
    func echo(key: String, member: String, isBelieved: Bool) throws {
        let answer = TokenAnswerTests.answer(200, "{\"access_token\":\"t\",\"expires_in\":100,\(member)}")
        let (_, outcome) = try Self.fetch([Self.challenge(), answer], keys: ", \(key): id1")
        let hasToken = (try? outcome.get()) != nil
        #expect(hasToken == isBelieved)
    }
}
