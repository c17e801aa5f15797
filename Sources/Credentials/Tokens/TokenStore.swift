public import Telemetry

/// Keeps the tokens of all credentials fresh, for all workers.
///
/// One ``TokenLifecycle`` an identity decides; the store carries out what it says: one fetch at a time for each, in
/// the background, ahead of need.  Whoever asks is answered with a ``TokenEvent`` and never waits here, so that a
/// caller who goes away ends nobody's fetch.  Requests are authorized elsewhere; this is off their way.
public actor TokenStore {
    /// All that the store takes from outside.
    public struct Surroundings: Sendable {
        /// Sends one request.
        public var fetch: TokenFetch
        /// Files and randomness, for strategies.
        public var environment: TokenEnvironment
        /// The time.
        public var now: @Sendable () -> TokenInstant
        /// Lets so much time pass, or less when the task is cancelled.
        public var sleep: @Sendable (Duration) async -> Void
        /// A number from 0 to 1, another each time.
        public var jitter: @Sendable () -> Double
        /// Takes each event; must be quick.
        public var tell: @Sendable (TokenEvent) -> Void
        /// The operator's log.
        public var log: Logger

        /// See the fields.
        public init(
            fetch: @escaping TokenFetch, environment: TokenEnvironment, now: @escaping @Sendable () -> TokenInstant,
            sleep: @escaping @Sendable (Duration) async -> Void, jitter: @escaping @Sendable () -> Double,
            tell: @escaping @Sendable (TokenEvent) -> Void, log: Logger
        ) {
            (self.fetch, self.environment, self.now) = (fetch, environment, now)
            (self.sleep, self.jitter, self.tell, self.log) = (sleep, jitter, tell, log)
        }
    }

    private let surroundings: Surroundings
    private var keepers: [TokenIdentity: TokenKeeper] = [:]
    private var generation = 0
    /// Numbers fetches, so that one that was given up is told from its successor.
    private var fetchCount = 0

    /// A store without tokens; ``serve(_:generation:)`` gives it something to do.
    public init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
    }

    /// Serves these credentials from now on.
    ///
    /// Tokens of an identity that stays are kept, and told again; the first fetch of a new one starts at once; that of
    /// one that is gone ends.  A generation older than the last is ignored.  No credentials at all: the end.
    public func serve(_ strategies: [(name: String, strategy: any TokenStrategy)], generation: Int) {
        guard generation >= self.generation else { return }
        self.generation = generation
        let gone = keepers
        keepers = [:]
        for (name, strategy) in strategies {
            let keeper = keepers[strategy.identity] ?? gone[strategy.identity] ?? TokenKeeper(strategy)
            if keepers[strategy.identity] == nil { keeper.names = [] }
            keeper.names.append(name)
            keepers[strategy.identity] = keeper
        }
        for (identity, keeper) in gone where keepers[identity] == nil { keeper.stop() }
        for keeper in keepers.values { look(keeper) }
    }

    /// These credentials are about to be served beside those that are: what they need is fetched from now on.
    /// ``serve(_:generation:)`` follows once no request can ask for one of the others.
    public func prepare(_ strategies: [(name: String, strategy: any TokenStrategy)]) {
        for (name, strategy) in strategies {
            if let keeper = keepers[strategy.identity] {
                if !keeper.names.contains(name) { keeper.names.append(name) }
            } else {
                let keeper = TokenKeeper(strategy)
                keeper.names = [name]
                keepers[strategy.identity] = keeper
                look(keeper)
            }
        }
    }

    /// A request needs a token.  An event follows: at once, or when the fetch under way has ended.
    public func needed(_ identity: TokenIdentity) {
        guard let keeper = keepers[identity] else { return tellGone(identity) }
        look(keeper)
    }

    /// The resource answered 401 to the token with this serial.  An event follows, as for ``needed(_:)``: when it
    /// brings the same serial, there is no other token to be had now.
    ///
    /// - Parameter claims: the JSON of a claims challenge, if there was one.
    public func rejected(_ identity: TokenIdentity, token serial: UInt64, claims: String?) {
        guard let keeper = keepers[identity] else { return tellGone(identity) }
        if let held = keeper.lifecycle.held, held.serial == serial {
            keeper.refusal = TokenRefusal(of: held, claims: claims ?? keeper.refusal?.claims)
        }
        carryOut(keeper.lifecycle.rejected(serial, hasClaims: claims != nil, at: surroundings.now()), keeper)
    }

    /// The tokens that may be used now.
    public func tokens() -> [TokenIdentity: AccessToken] {
        let now = surroundings.now()
        return keepers.compactMapValues { $0.lifecycle.held }.filter { $0.value.isUsable(at: now) }
    }

    /// How each credential is doing, by name.
    public func status() -> [TokenStatus] {
        let now = surroundings.now()
        return keepers.values.flatMap { $0.status(at: now) }.sorted { $0.credential < $1.credential }
    }

    private func tellGone(_ identity: TokenIdentity) {
        surroundings.tell(
            .unavailable(identity, retryAfterSeconds: 1, sentence: "the credential is not in use any more"))
    }
}

// MARK: Carrying out

extension TokenStore {
    private func look(_ keeper: TokenKeeper) {
        carryOut(keeper.lifecycle.needed(at: surroundings.now()), keeper)
    }

    private func carryOut(_ action: TokenLifecycle.Action, _ keeper: TokenKeeper) {
        switch action {
        case .use(let token):
            surroundings.tell(.token(keeper.identity, token))
        case .useAndFetch(let token):
            surroundings.tell(.token(keeper.identity, token))
            startFetch(keeper)
        case .fetch, .fetchAnew:
            startFetch(keeper)
        case .wait:
            break
        case .refuse(let until):
            tellUnavailable(keeper, until: until)
        }
        arm(keeper)
    }

    private func tellUnavailable(_ keeper: TokenKeeper, until: Int64) {
        let rest = max(0, until - surroundings.now().nanoseconds)
        let seconds = max(1, Int((rest + 999_999_999) / 1_000_000_000))
        let sentence = keeper.lastFailure?.sentence ?? "there is no token"
        surroundings.tell(.unavailable(keeper.identity, retryAfterSeconds: seconds, sentence: sentence))
        keeper.log(to: surroundings.log, isServed: false, retrySeconds: seconds)
    }

    /// Sees to it that the lifecycle is looked at when its time has come.
    private func arm(_ keeper: TokenKeeper) {
        let wakesAt = keeper.lifecycle.wakesAt
        guard wakesAt != keeper.timer?.wakesAt else { return }
        keeper.timer?.task.cancel()
        keeper.timer = nil
        guard let wakesAt else { return }
        let rest = Duration.nanoseconds(max(0, wakesAt - surroundings.now().nanoseconds))
        let task = Task { [weak self, sleep = surroundings.sleep, identity = keeper.identity] in
            await sleep(rest)
            if !Task.isCancelled { await self?.woke(identity, wakesAt) }
        }
        keeper.timer = (wakesAt, task)
    }

    private func woke(_ identity: TokenIdentity, _ wakesAt: Int64) {
        // A timer that was taken back may have fired just before it heard.
        guard let keeper = keepers[identity], keeper.timer?.wakesAt == wakesAt else { return }
        keeper.timer = nil
        look(keeper)
    }

    private func startFetch(_ keeper: TokenKeeper) {
        keeper.fetch?.task.cancel()
        fetchCount += 1
        let refusal = keeper.refusal
        let exchange = keeper.strategy.beginFetch(after: refusal, environment: surroundings.environment)
        let (surroundings, number) = (surroundings, fetchCount)
        let task = Task { [weak self, identity = keeper.identity] in
            let outcome = await exchange.carriedOut(in: surroundings)
            if !Task.isCancelled { await self?.ended(identity, number, outcome) }
        }
        keeper.fetch = (number, refusal, task)
    }

    private func ended(_ identity: TokenIdentity, _ number: Int, _ outcome: Result<AccessToken, TokenFailure>) {
        // A fetch that was given up may have ended just before it heard.
        guard let keeper = keepers[identity], keeper.fetch?.number == number else { return }
        let refusal = keeper.fetch?.refusal
        keeper.fetch = nil
        let now = surroundings.now()
        switch outcome.flatMap({ Self.living($0, at: now) }) {
        case .success(let token):
            keeper.succeeded += 1
            keeper.lastFailure = nil
            // One that came meanwhile is for the next fetch.
            if keeper.refusal == refusal { keeper.refusal = nil }
            keeper.lifecycle.fetched(token, at: now, jitter: surroundings.jitter())
            keeper.logRecovery(to: surroundings.log, token, at: now)
        case .failure(let failure):
            keeper.failed += 1
            keeper.lastFailure = failure
            keeper.lifecycle.failed(
                at: now, retryAfter: failure.retryAfter, jitter: surroundings.jitter() * 2 - 1)
            if keeper.lifecycle.held?.isUsable(at: now) == true {
                keeper.log(to: surroundings.log, isServed: true, retrySeconds: nil)
            }
        }
        look(keeper)
    }
}

extension TokenStore {
    /// A token that ended while it was on its way is none: the next fetch must wait like that behind any failure.
    private static func living(_ token: AccessToken, at now: TokenInstant) -> Result<AccessToken, TokenFailure> {
        guard !token.isUsable(at: now) else { return .success(token) }
        return .failure(
            TokenFailure(
                "the token had ended when it came",
                advice: "see why the token endpoint is slow, and check this machine's clock"))
    }
}

extension TokenExchange {
    /// Goes through the fetch to its end; one whose task is cancelled ends soon, with a result that nobody wants.
    fileprivate func carriedOut(in surroundings: TokenStore.Surroundings) async -> Result<AccessToken, TokenFailure> {
        var exchange = self
        var answer: Result<TokenAnswer, TransferFailure>?
        while !Task.isCancelled {
            switch exchange.next(after: answer, at: surroundings.now()) {
            case .send(let request):
                do throws(TransferFailure) {
                    answer = .success(try await surroundings.fetch(request))
                } catch {
                    answer = .failure(error)
                }
            case .wait(let duration):
                await surroundings.sleep(duration)
                answer = nil
            case .done(let token): return .success(token)
            case .failed(let failure): return .failure(failure)
            }
        }
        return .failure(TokenFailure("the fetch was given up"))
    }
}
