internal import Telemetry

/// What the store knows of one identity.  Lives within the actor only.
final class TokenKeeper {
    let identity: TokenIdentity
    let strategy: any TokenStrategy
    /// The credentials that use it, by name.
    var names: [String] = []
    var lifecycle = TokenLifecycle()
    /// The fetch under way.
    var fetch: (number: Int, refusal: TokenRefusal?, task: Task<Void, Never>)?
    /// What the next token must make good.
    var refusal: TokenRefusal?
    /// What looks at the lifecycle at `wakesAt`.
    var timer: (wakesAt: Int64, task: Task<Void, Never>)?
    var succeeded = 0
    var failed = 0
    var lastFailure: TokenFailure?
    /// What the log knows: nothing is told twice.
    private var logged = Logged.nothing

    private enum Logged: Equatable {
        case nothing
        case token
        case failure(code: String?, sentence: String, isServed: Bool)
    }

    init(_ strategy: any TokenStrategy) {
        self.strategy = strategy
        identity = strategy.identity
    }

    /// Ends what is under way, for good.
    func stop() {
        fetch?.task.cancel()
        timer?.task.cancel()
    }

    func status(at now: TokenInstant) -> [TokenStatus] {
        let token = lifecycle.held.flatMap { $0.isUsable(at: now) ? $0 : nil }
        return names.map { name in
            TokenStatus(
                credential: name, strategy: type(of: strategy).kind, source: strategy.source,
                ageSeconds: token.map { Int($0.requestedAt.time(until: now).components.seconds) },
                secondsToExpiry: token.map { Int(now.time(until: $0.expiresAt).components.seconds) },
                fetchesSucceeded: succeeded, fetchesFailed: failed, lastFailure: lastFailure)
        }
    }

    /// Tells the last failure, once: again only when it is another, or when the old token has ended meanwhile.
    func log(to log: Logger, isServed: Bool, retrySeconds: Int?) {
        guard let failure = lastFailure else { return }
        let news = Logged.failure(code: failure.code, sentence: failure.sentence, isServed: isServed)
        guard logged != news else { return }
        logged = news
        var fields = own + [LogField("error", failure.sentence)]
        if let code = failure.code { fields.append(LogField("code", code)) }
        if let advice = failure.advice { fields.append(LogField("help", advice)) }
        if let trace = failure.traceID { fields.append(LogField("trace_id", trace)) }
        if let correlation = failure.correlationID { fields.append(LogField("correlation_id", correlation)) }
        if let retrySeconds { fields.append(LogField("retry_seconds", retrySeconds)) }
        if isServed {
            log.warning("token not refreshed, the old one serves", fields)
        } else {
            log.error("no token", fields)
        }
    }

    /// Tells the first token, and the first one after failures.
    func logRecovery(to log: Logger, _ token: AccessToken, at now: TokenInstant) {
        let fields = own + [LogField("seconds", Int(now.time(until: token.expiresAt).components.seconds))]
        if logged == .token {
            log.debug("token refreshed", fields)
        } else {
            log.info("token fetched", fields)
        }
        logged = .token
    }

    private var own: [LogField] {
        [LogField("credential", names.joined(separator: ",")), LogField("source", strategy.source)]
    }
}
