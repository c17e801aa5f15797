import ConfigDSL
import Crypto
import Synchronization
import Testing

@testable import Credentials

@Suite("One fetch and its retries")
struct TokenExchangeTests {
    /// What the endpoint does, time after time.
    enum Reply: Sendable {
        case status(Int, body: String = "", retryAfter: String? = nil)
        case failure(TransferFailure)
    }

    /// The pauses of a fetch, in milliseconds, and what came of it.
    static func run(
        _ strategy: any TokenStrategy, _ replies: [Reply], environment: TokenEnvironment = .empty
    ) throws -> (pauses: [Int], sent: [TokenRequest], outcome: Result<AccessToken, TokenFailure>) {
        var exchange = strategy.beginFetch(after: nil, environment: environment)
        var (pauses, sent, rest): ([Int], [TokenRequest], ArraySlice) = ([], [], replies[...])
        var answer: Result<TokenAnswer, TransferFailure>?
        while true {
            switch exchange.next(after: answer, at: second(0)) {
            case .send(let request):
                sent.append(request)
                // The last reply goes on for ever.
                guard let reply = rest.popFirst() ?? replies.last else { throw TokenFailure("no reply") }
                answer = self.answer(reply)
            case .wait(let pause):
                pauses.append(Int(pause / .milliseconds(1)))
                answer = nil
            case .done(let token): return (pauses, sent, .success(token))
            case .failed(let failure): return (pauses, sent, .failure(failure))
            }
        }
    }

    private static func answer(_ reply: Reply) -> Result<TokenAnswer, TransferFailure> {
        switch reply {
        case .failure(let failure): return .failure(failure)
        case .status(let status, let body, let retryAfter):
            let fields = retryAfter.map { [("Retry-After", $0)] } ?? []
            return .success(TokenAnswerTests.answer(status, body, fields))
        }
    }

    static let environment = LoadEnvironment.fixed(
        files: ["secret": Array("swordfish".utf8), "token": Array("first".utf8)],
        variables: ["IDENTITY_ENDPOINT": "http://127.0.0.1/t", "IDENTITY_HEADER": "swordfish"])

    static func strategy(_ keys: String) throws -> any TokenStrategy {
        try #require(StrategyText.strategy("{ strategy: \(keys) }", environment))
    }

    static let secret = "service_principal, tenant_id: t, client_id: c, client_secret: \"${file:secret}\""
    static let federated = "service_principal, tenant_id: t, client_id: c, federated_token_file: token"
    static let imds = "managed_identity, source: imds"
    static let appService = "managed_identity, source: app_service"

    @Test(
        "each endpoint has its own statuses and pauses",
        arguments: [
            (secret, 503, [0, 1_600, 3_200]), (secret, 500, [0, 1_600, 3_200]), (secret, 429, [0, 1_600, 3_200]),
            (secret, 400, []), (secret, 401, []), (secret, 404, []), (secret, 408, []), (secret, 302, []),
            (imds, 404, [0, 1_600, 3_200, 6_400, 12_800]), (imds, 429, [0, 1_600, 3_200, 6_400, 12_800]),
            (imds, 500, [0, 1_600, 3_200, 6_400, 12_800]), (imds, 410, [0, 5_000, 10_000, 20_000, 40_000]),
            (imds, 400, []), (imds, 401, []), (imds, 403, []), (imds, 408, []),
            (appService, 408, [0, 1_600, 3_200]), (appService, 429, [0, 1_600, 3_200]),
            (appService, 503, [0, 1_600, 3_200]), (appService, 404, []), (appService, 410, []), (appService, 400, []),
        ])
    func statuses(keys: String, status: Int, pauses: [Int]) throws {
        let (found, sent, outcome) = try Self.run(Self.strategy(keys), [.status(status)])
        #expect(found == pauses)
        #expect(sent.count == pauses.count + 1)
        #expect(throws: TokenFailure.self) { try outcome.get() }
    }

    @Test(
        "nobody there is tried again; a certificate that is not believed is not", arguments: [secret, imds, appService])
    func transfers(keys: String) throws {
        let strategy = try Self.strategy(keys)
        let down = try Self.run(strategy, [.failure(TransferFailure("refused", isTimeout: true))])
        #expect(down.pauses.count == (keys == Self.imds ? 5 : 3))
        guard case .failure(let failure) = down.outcome else { return }
        #expect(failure.sentence == "refused" && failure.isRetryable && failure.advice != nil)
        let stranger = try Self.run(strategy, [.failure(TransferFailure("wrong certificate", isTemporary: false))])
        #expect(stranger.pauses == [])
    }

    @Test("`Retry-After` replaces a pause; a long one ends the fetch and is told")
    func retryAfter() throws {
        let strategy = try Self.strategy(Self.secret)
        let ok = Reply.status(200, body: #"{"access_token":"t","expires_in":9}"#)
        let short = try Self.run(
            strategy, [.status(429, retryAfter: "2"), .status(503), .status(503, retryAfter: "30"), ok])
        #expect(short.pauses == [2_000, 1_600, 30_000])
        #expect(try short.outcome.get().text == "t")
        let long = try Self.run(strategy, [.status(429, retryAfter: "60")])
        #expect(long.pauses == [])
        guard case .failure(let failure) = long.outcome else { return }
        #expect(failure.retryAfter == .seconds(60))
    }

    @Test(
        "an answer's status alone says whether it is asked again, not its words",
        arguments: [#"{"error":"temporarily_unavailable"}"#, #"{"error":"x","error_codes":[90033]}"#, "{}"])
    func statusDecides(body: String) throws {
        for status in [400, 401, 403] {
            #expect(try Self.run(Self.strategy(Self.secret), [.status(status, body: body)]).sent.count == 1)
        }
        #expect(try Self.run(Self.strategy(Self.secret), [.status(500, body: body)]).sent.count == 4)
    }

    @Test("a token that has ended when it comes is not asked for again at once")
    func endedToken() throws {
        let body = #"{"access_token":"t","token_type":"Bearer","expires_in":"0"}"#
        for strategy in [Self.secret, "managed_identity, source: imds"] {
            #expect(try Self.run(Self.strategy(strategy), [.status(200, body: body)]).sent.count == 1)
        }
    }

    @Test("each retry is a new request, with an identifier of its own", arguments: ["ps256", "rs256"])
    func freshAssertions(algorithm: String) throws {
        let keys = "service_principal, tenant_id: t, client_id: c, certificate: { file: leaf.pem }"
        let strategy = try #require(
            StrategyText.strategy(
                "{ strategy: \(keys), algorithm: \(algorithm) }", ServicePrincipalTests.environment()))
        var environment = TokenEnvironment.empty
        environment.random = .system
        let sent = try Self.run(strategy, [.status(503)], environment: environment).sent
        #expect(Set(sent.compactMap { $0.form["client_assertion"] }).count == 4)
    }

    @Test("a federated token is read for each request, and when it is refused as stale a newer one is sent, once")
    func federated() throws {
        let reads = Mutex(0)
        var environment = TokenEnvironment.empty
        environment.readFile = { path, limit throws(FileFailure) in
            #expect(path == "token" && limit == FederatedToken.limitBytes)
            let number = reads.withLock { count in
                count += 1
                return count
            }
            return Secret(copying: " token-\(number == 1 ? "old" : "new")\n")
        }
        let strategy = try Self.strategy(Self.federated)
        let stale = Reply.status(400, body: #"{"error":"invalid_request","error_codes":[700222]}"#)
        let (pauses, sent, _) = try Self.run(strategy, [stale], environment: environment)
        #expect(pauses == [0])
        #expect(sent.map { $0.form["client_assertion"] } == ["token-old", "token-new"])
        let again = try Self.run(strategy, [stale], environment: environment)
        #expect(again.sent.map { $0.form["client_assertion"] } == ["token-new"])
        let readBefore = reads.withLock { $0 }
        _ = try Self.run(strategy, [.status(400)], environment: environment)
        #expect(reads.withLock { $0 } == readBefore + 1)
    }

    @Test(
        "a federated token's file that cannot be used fails the fetch, and nothing is sent",
        arguments: [
            (.failure(.notFound), "cannot be read: there is no such file"),
            (.failure(.tooLarge), "cannot be read: it is larger than 32 KiB"), (.success(""), "is empty"),
            (.success(" \n"), "is empty"), (.success("two words"), "holds no token"),
            (.success("a\u{0}"), "holds no token"),
        ] as [(Result<String, FileFailure>, String)])
    func unusableFile(file: Result<String, FileFailure>, expected: String) throws {
        var environment = TokenEnvironment.empty
        environment.readFile = { _, _ throws(FileFailure) in Secret(copying: try file.get()) }
        let (_, sent, outcome) = try Self.run(Self.strategy(Self.federated), [], environment: environment)
        #expect(sent.isEmpty)
        guard case .failure(let failure) = outcome else { return }
        #expect(failure.sentence == "the file of `federated_token_file` \(expected)")
    }

    @Test("an endpoint that repeats our secret is not quoted", arguments: [secret, appService])
    func echo(keys: String) throws {
        let body = #"{"error":"e","error_description":"swordfish is wrong","message":"swordfish"}"#
        guard case .failure(let failure) = try Self.run(Self.strategy(keys), [.status(400, body: body)]).outcome else {
            return
        }
        #expect(!failure.description.contains("swordfish"))
    }

    @Test("Docker's own answer to the metadata address is told apart")
    func docker() throws {
        let body = "connecting to 169.254.169.254:80: dial tcp: connect: A socket operation to an unreachable network"
        let outcome = try Self.run(Self.strategy(Self.imds), [.status(403, body: body)]).outcome
        guard case .failure(let failure) = outcome else { return }
        #expect(failure.advice?.contains("container") == true)
    }
}
