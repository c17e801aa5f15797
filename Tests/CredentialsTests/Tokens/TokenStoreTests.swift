import Bytes
import ConfigDSL
import Crypto
import Support
import Testing

@testable import Credentials

@Suite("Keeping tokens", .timeLimit(.minutes(Pace.minutes(3))))
struct TokenStoreTests {
    let bench = StoreBench()
    let strategy = StubStrategy("one")

    @Test("many who need the token cause one fetch, and all hear of it")
    func oneFetch() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("cred", strategy)], generation: 1)
        let call = try #require(await calls.next())
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { await bench.store.needed(strategy.identity) } }
        }
        call.succeed("token", lifetime: 100)
        #expect(await events.next().token == "token")
        #expect(bench.endpoint.count == 1)
        await bench.store.needed(strategy.identity)
        #expect(await events.next().token == "token")
        #expect(bench.endpoint.count == 1)
        #expect(await bench.store.tokens().count == 1)
        #expect(
            bench.log.lines == ["1970-01-01T00:00:00.000Z info token fetched credential=cred source=stub seconds=100\n"]
        )
    }

    @Test("a token is refreshed by itself, and serves meanwhile")
    func refresh() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        var naps = bench.clock.naps.makeAsyncIterator()
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 100)
        #expect(await events.next().token == "first")
        // Half of its life, less a twentieth: the jitter's middle.
        #expect(await naps.next() == .milliseconds(47_500))
        bench.clock.advance(by: .milliseconds(47_500))
        let call = try #require(await calls.next())
        #expect(await events.next().token == "first")
        await bench.store.needed(strategy.identity)
        #expect(await events.next().token == "first")
        call.succeed("second", lifetime: 100)
        #expect(await events.next().token == "second")
        #expect(bench.endpoint.count == 2)
    }

    @Test("a token that was replaced is nobody's any more: its text is overwritten")
    func letGo() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        var naps = bench.clock.naps.makeAsyncIterator()
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 100)
        #expect(await events.next().token == "first")
        weak let first = await bench.store.tokens()[strategy.identity]
        #expect(first != nil)
        bench.clock.advance(by: try #require(await naps.next()))
        let call = try #require(await calls.next())
        #expect(await events.next().token == "first")
        call.succeed("second", lifetime: 100)
        #expect(await events.next().token == "second")
        // The task that fetched may not have ended yet; the suite's limit bounds the wait.
        while first != nil { await Task.yield() }
    }

    @Test("with the endpoint down the old token serves to its last second; then requests are told when to come again")
    func endpointDown() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        var naps = bench.clock.naps.makeAsyncIterator()
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 100)
        #expect(await events.next().token == "first")
        var wait = try #require(await naps.next())
        // Refresh at 47.5 s, then rests of 5, 10, 20 and 40 s.
        for rest in [5, 10, 20, 40] {
            bench.clock.advance(by: wait)
            try #require(await calls.next()).fail("connection refused")
            #expect(await events.next().token == "first", "told when the refresh began")
            #expect(await events.next().token == "first", "told when it had failed")
            wait = try #require(await naps.next())
            #expect(wait == .seconds(rest))
        }
        bench.clock.advance(by: .milliseconds(17_400))
        await bench.store.needed(strategy.identity)
        #expect(await events.next().token == "first", "at 99.9 s")
        bench.clock.advance(by: .milliseconds(100))
        await bench.store.needed(strategy.identity)
        guard case .unavailable(strategy.identity, retryAfterSeconds: 23, let sentence) = await events.next() else {
            Issue.record("an expired token")
            return
        }
        #expect(sentence == "connection refused")
        #expect(await bench.store.tokens().isEmpty)
        // The endpoint is up again: the next step finds it.
        bench.clock.advance(by: .milliseconds(22_500))
        try #require(await calls.next()).succeed("second", lifetime: 100)
        #expect(await events.next().token == "second")
        #expect(
            bench.log.lines.map { $0.dropFirst(25) } == [
                "info token fetched credential=cred source=stub seconds=100\n",
                "warning token not refreshed, the old one serves credential=cred source=stub "
                    + "error=\"connection refused\"\n",
                "error no token credential=cred source=stub error=\"connection refused\" retry_seconds=23\n",
                "info token fetched credential=cred source=stub seconds=100\n",
            ])
    }

    @Test("a refused token is dropped once a minute, and whoever asks hears of the next one")
    func rejected() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 1_000)
        let first = try #require(await events.next().tokenItself)
        await bench.store.rejected(strategy.identity, token: first.serial, claims: #"{"access_token":{}}"#)
        await bench.store.rejected(strategy.identity, token: first.serial, claims: nil)
        let call = try #require(await calls.next())
        #expect(call.request.url == "http://127.0.0.1/one?claims=%7B%22access_token%22%3A%7B%7D%7D")
        call.succeed("second", lifetime: 1_000)
        let second = try #require(await events.next().tokenItself)
        #expect(second.serial != first.serial)
        // Another worker, late: there is a newer one already.
        await bench.store.rejected(strategy.identity, token: first.serial, claims: nil)
        #expect(await events.next().token == "second")
        // A 401 that names no claims has a minute of its own.
        await bench.store.rejected(strategy.identity, token: second.serial, claims: nil)
        let next = try #require(await calls.next())
        #expect(next.request.url == "http://127.0.0.1/one", "claims are answered once")
        next.succeed("third", lifetime: 1_000)
        let third = try #require(await events.next().tokenItself)
        // Within that minute it stays, and the same serial says so.
        await bench.store.rejected(strategy.identity, token: third.serial, claims: nil)
        #expect(await events.next().token == "third")
        #expect(bench.endpoint.count == 3)
        bench.clock.advance(by: .seconds(60))
        await bench.store.rejected(strategy.identity, token: third.serial, claims: nil)
        try #require(await calls.next()).succeed("fourth", lifetime: 1_000)
        #expect(await events.next().token == "fourth")
    }

    @Test("what was refused, and why, is told until a fetch has made it good")
    func refusalIsKept() async throws {
        let strategy = StubStrategy("one", tellsDigest: true)
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("cred", strategy)], generation: 1)
        let first = try #require(await calls.next())
        #expect(first.request.url == "http://127.0.0.1/one")
        first.succeed("first", lifetime: 1_000)
        let token = try #require(await events.next().tokenItself)
        let url = "http://127.0.0.1/one?claims=%7B%7D?refused=\(token.digest.hex)"
        await bench.store.rejected(strategy.identity, token: token.serial, claims: "{}")
        let second = try #require(await calls.next())
        #expect(second.request.url == url)
        second.fail("no route to host")
        _ = await events.next()
        bench.clock.advance(by: .seconds(6))
        await bench.store.needed(strategy.identity)
        let third = try #require(await calls.next())
        #expect(third.request.url == url)
        third.succeed("third", lifetime: 10)
        #expect(await events.next().token == "third")
        bench.clock.advance(by: .seconds(20))
        await bench.store.needed(strategy.identity)
        #expect(try #require(await calls.next()).request.url == "http://127.0.0.1/one")
    }

    @Test("a claims challenge during a refresh gives that up for one that answers it")
    func challengeDuringRefresh() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        var naps = bench.clock.naps.makeAsyncIterator()
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 100)
        let first = try #require(await events.next().tokenItself)
        bench.clock.advance(by: try #require(await naps.next()))
        let refresh = try #require(await calls.next())
        #expect(await events.next().token == "first")
        await bench.store.rejected(strategy.identity, token: first.serial, claims: "{}")
        let answering = try #require(await calls.next())
        refresh.succeed("late", lifetime: 100)
        answering.succeed("second", lifetime: 100)
        #expect(await events.next().token == "second")
    }

    @Test("a hundred reloads cause no fetch, and each tells the token again")
    func reloads() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 1_000)
        #expect(await events.next().token == "first")
        for generation in 2...101 {
            await bench.store.serve([("renamed", StubStrategy("one"))], generation: generation)
            #expect(await events.next().token == "first")
        }
        #expect(bench.endpoint.count == 1)
        #expect(await bench.store.status().map(\.credential) == ["renamed"])
    }

    @Test("what is asked for between a reload's two steps is fetched, once, and what served is kept until the second")
    func prepared() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("old", strategy)], generation: 1)
        try #require(await calls.next()).succeed("old", lifetime: 100)
        #expect(await events.next().token == "old")
        let other = StubStrategy("two")
        await bench.store.prepare([("new", other)])
        await bench.store.needed(other.identity)
        await bench.store.needed(strategy.identity)
        #expect(await events.next().token == "old")
        try #require(await calls.next()).succeed("new", lifetime: 100)
        #expect(await events.next().token == "new")
        await bench.store.serve([("new", other)], generation: 2)
        #expect(await events.next().token == "new")
        #expect(bench.endpoint.count == 2)
        #expect(await bench.store.status().map(\.credential) == ["new"])
    }

    @Test("a reload during the first fetch does not start another")
    func reloadDuringFetch() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("cred", strategy)], generation: 1)
        let call = try #require(await calls.next())
        await bench.store.serve([("cred", StubStrategy("one"))], generation: 2)
        call.succeed("first", lifetime: 1_000)
        #expect(await events.next().token == "first")
        #expect(bench.endpoint.count == 1)
    }

    @Test("a credential that is gone fetches no more, and who still asks is told")
    func gone() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        let other = StubStrategy("two")
        await bench.store.serve([("cred", strategy)], generation: 2)
        let orphan = try #require(await calls.next())
        await bench.store.serve([("cred", other)], generation: 3)
        orphan.succeed("nobody's", lifetime: 100)
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).succeed("theirs", lifetime: 100)
        guard case .token(other.identity, _) = await events.next() else {
            Issue.record("another's token")
            return
        }
        await bench.store.needed(strategy.identity)
        guard case .unavailable(strategy.identity, retryAfterSeconds: 1, _) = await events.next() else {
            Issue.record("no answer")
            return
        }
        await bench.store.rejected(strategy.identity, token: 1, claims: nil)
        guard case .unavailable(strategy.identity, retryAfterSeconds: 1, _) = await events.next() else {
            Issue.record("no answer")
            return
        }
        #expect(bench.endpoint.count == 2)
    }

    @Test("credentials with one identity share its token")
    func shared() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("b", strategy), ("a", StubStrategy("one"))], generation: 1)
        try #require(await calls.next()).succeed("first", lifetime: 1_000)
        #expect(await events.next().token == "first")
        bench.clock.advance(by: .seconds(10))
        #expect(
            await bench.store.status()
                == ["a", "b"].map { name in
                    TokenStatus(
                        credential: name, strategy: StubStrategy.kind, source: "stub", ageSeconds: 10,
                        secondsToExpiry: 990, fetchesSucceeded: 1, fetchesFailed: 0, lastFailure: nil)
                })
    }

    @Test("a token that ended on its way is a failed fetch: the next one waits")
    func endedOnItsWay() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        var naps = bench.clock.naps.makeAsyncIterator()
        await bench.store.serve([("cred", strategy)], generation: 1)
        let call = try #require(await calls.next())
        bench.clock.advance(by: .seconds(2))
        call.succeed("late", lifetime: 1)
        guard
            case .unavailable(strategy.identity, retryAfterSeconds: 5, "the token had ended when it came")? =
                await events.next()
        else {
            Issue.record("no answer")
            return
        }
        #expect(await naps.next() == .seconds(5))
        #expect(await bench.store.status().first?.fetchesFailed == 1)
    }

    @Test("a failed first fetch is told with its reason, and counted")
    func firstFailure() async throws {
        var (calls, events) = (bench.endpoint.calls.makeAsyncIterator(), bench.events.makeAsyncIterator())
        await bench.store.serve([("cred", strategy)], generation: 1)
        try #require(await calls.next()).fail("no route to host")
        guard case .unavailable(strategy.identity, retryAfterSeconds: 5, "no route to host") = await events.next()
        else {
            Issue.record("no answer")
            return
        }
        let status = try #require(await bench.store.status().first)
        #expect(status.fetchesFailed == 1)
        #expect(status.lastFailure?.sentence == "no route to host")
        #expect(status.ageSeconds == nil && status.secondsToExpiry == nil)
    }
}

/// A strategy that asks the test's endpoint, once a fetch.
struct StubStrategy: TokenStrategy {
    static let kind = "stub"
    let name: String
    /// Whether it says which token was refused.
    let tellsDigest: Bool

    init(_ name: String, tellsDigest: Bool = false) { (self.name, self.tellsDigest) = (name, tellsDigest) }

    init?(decoding fields: inout FieldReader) { nil }

    var identity: TokenIdentity { TokenIdentity([.text(name)]) }
    var source: String { "stub" }

    func beginFetch(after refusal: TokenRefusal?, environment: TokenEnvironment) -> TokenExchange {
        var query = refusal?.claims.map { "?claims=\(PercentEncoding.text(of: $0))" } ?? ""
        if tellsDigest, let refusal { query += "?refused=\(refusal.tokenDigest)" }
        return TokenExchange(
            OneRequest(
                request: TokenRequest(
                    method: .get, url: "http://127.0.0.1/\(name)\(query)", fields: [], connectTimeout: .seconds(1),
                    totalTimeout: .seconds(1), isMetadata: true)))
    }

    private struct OneRequest: TokenConversation {
        let request: TokenRequest
        var unreachableAdvice: String? { nil }

        func begin(at now: TokenInstant) -> TokenMove { .send(request) }

        func read(_ answer: TokenAnswer, requestedAt: TokenInstant, at now: TokenInstant) -> TokenMove {
            .reading { () throws(TokenFailure) in try answer.token(requestedAt: requestedAt) }
        }

        func retryDelays(afterStatus status: Int?) -> [Duration] { [] }
    }
}

extension TokenEvent? {
    /// The token that the event brings.
    fileprivate var tokenItself: AccessToken? {
        guard case .token(_, let token)? = self else { return nil }
        return token
    }

    /// Its text.
    fileprivate var token: String? { tokenItself?.text }
}

extension AccessToken {
    /// What it would put into a head.
    var text: String {
        var head = ByteBuffer()
        write(to: &head)
        return head.span.text
    }
}
