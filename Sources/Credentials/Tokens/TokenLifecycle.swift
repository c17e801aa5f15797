/// The life of one access token: when to fetch it, and what to serve meanwhile.
///
/// Sans-IO: ``TokenStore`` says what happened and carries out the ``Action`` that comes back.
/// Noncopyable, so that there is one truth about each token.
///
///     empty ──needed──▶ fetching ──fetched──▶ fresh ──needed, refresh due──▶ fetching
///                        ▲  └────failed────▶ resting ──needed, rest over──▶ fetching
///                        └──────rejected────── fresh
///
/// An old token serves until it expires, however often its refresh fails; an expired one never does.
struct TokenLifecycle: ~Copyable {
    /// What the driver does next.  `Equatable`, so that a test is a list of expectations.
    enum Action: Equatable {
        /// This token serves.
        case use(AccessToken)
        /// This token serves, and a fetch starts.
        case useAndFetch(AccessToken)
        /// No token serves; a fetch starts.
        case fetch
        /// No token serves; the fetch under way is given up for one that answers a challenge.
        case fetchAnew
        /// No token serves; a fetch is under way.
        case wait
        /// No token serves, and none will before this point of the monotonic clock, in nanoseconds.
        case refuse(until: Int64)
    }

    private enum State {
        case empty
        /// One fetch is under way; `held` is the token it will replace.
        case fetching(held: AccessToken?)
        /// Another token should be fetched from `refreshAt` on.
        case fresh(AccessToken, refreshAt: Int64)
        /// The last fetch failed; the next may start at `until`.
        case resting(until: Int64, held: AccessToken?)
    }

    private var state = State.empty
    /// Fetches that failed since one succeeded.
    private var failures = 0
    /// When a token was last dropped because the resource refused it.
    private var droppedAt: Int64?
    /// The same for tokens that lacked claims: such a 401 says what would help, so it has a minute of its own.
    private var droppedForClaimsAt: Int64?

    /// The rest after a first failure; each further one doubles it.
    static let shortestRest = Duration.seconds(5)
    /// The rest after many failures.
    static let longestRest = Duration.seconds(300)
    /// An endpoint that wants to be left alone longer is asked again after this.
    static let longestRetryAfter = Duration.seconds(3_600)
    /// A refused token is dropped at most this often: a resource that refuses them all must not make us ask for ever.
    static let dropInterval = Duration.seconds(60)
    /// A platform gives the same token again until it ends: this keeps the last second from being a loop.
    static let shortestUse = Duration.milliseconds(500)

    /// The token that was fetched last and not dropped, usable or not.
    var held: AccessToken? {
        switch state {
        case .empty: nil
        case .fetching(let held): held
        case .fresh(let token, _): token
        case .resting(_, let held): held
        }
    }

    /// When ``needed(at:)`` will do something new by itself, in nanoseconds of the monotonic clock.
    var wakesAt: Int64? {
        switch state {
        case .empty, .fetching: nil
        case .fresh(_, let refreshAt): refreshAt
        case .resting(let until, _): until
        }
    }

    /// A request needs the token, or the driver looks whether it is time to refresh it.
    mutating func needed(at now: TokenInstant) -> Action {
        switch state {
        case .empty: return startFetch(holding: nil, at: now)
        case .fetching(let held?) where held.isUsable(at: now): return .use(held)
        case .fetching: return .wait
        case .fresh(let token, let refreshAt) where now.nanoseconds < refreshAt && token.isUsable(at: now):
            return .use(token)
        case .fresh(let token, _): return startFetch(holding: token, at: now)
        case .resting(let until, let held?) where now.nanoseconds < until && held.isUsable(at: now): return .use(held)
        case .resting(let until, _) where now.nanoseconds < until: return .refuse(until: until)
        case .resting(_, let held): return startFetch(holding: held, at: now)
        }
    }

    /// The fetch gave `token`.
    ///
    /// - Parameter jitter: 0 to 1; brings the refresh forward by up to a tenth, so that many gateways do not ask at
    ///   once.
    mutating func fetched(_ token: AccessToken, at now: TokenInstant, jitter: Double) {
        guard case .fetching = state else { preconditionFailure("fetched without a fetch") }
        let refresh = token.requestedAt.advanced(by: token.refreshIn * (1 - 0.1 * jitter))
        let soonest = now.advanced(by: Self.shortestUse)
        state = .fresh(token, refreshAt: max(refresh.nanoseconds, soonest.nanoseconds))
        failures = 0
    }

    /// The fetch failed.
    ///
    /// - Parameters:
    ///   - retryAfter: how long the endpoint wants to be left alone.
    ///   - jitter: -1 to 1; makes the rest up to a tenth shorter or longer, but not shorter than `retryAfter`.
    mutating func failed(at now: TokenInstant, retryAfter: Duration?, jitter: Double) {
        guard case .fetching(let held) = state else { preconditionFailure("failed without a fetch") }
        let doubled = Self.shortestRest * (1 << min(failures, 10))
        var rest = min(doubled, Self.longestRest) * (1 + 0.1 * jitter)
        if let retryAfter { rest = max(rest, min(retryAfter, Self.longestRetryAfter)) }
        state = .resting(until: now.advanced(by: rest).nanoseconds, held: held)
        failures += 1
    }

    /// The resource refused the token with this serial.
    ///
    /// - Parameter hasClaims: true when it said what the next token must have; a fetch under way knows nothing of that.
    mutating func rejected(_ serial: UInt64, hasClaims: Bool, at now: TokenInstant) -> Action {
        guard let held, held.serial == serial, mayDrop(hasClaims: hasClaims, at: now) else { return needed(at: now) }
        if hasClaims { droppedForClaimsAt = now.nanoseconds } else { droppedAt = now.nanoseconds }
        switch state {
        case .empty, .fresh: return startFetch(holding: nil, at: now)
        case .fetching:
            state = .fetching(held: nil)
            return hasClaims ? .fetchAnew : .wait
        case .resting(let until, _):
            state = .resting(until: until, held: nil)
            return needed(at: now)
        }
    }

    private func mayDrop(hasClaims: Bool, at now: TokenInstant) -> Bool {
        guard let droppedAt = hasClaims ? droppedForClaimsAt : droppedAt else { return true }
        return now.nanoseconds - droppedAt >= Self.dropInterval.nanoseconds
    }

    private mutating func startFetch(holding held: AccessToken?, at now: TokenInstant) -> Action {
        state = .fetching(held: held)
        if let held, held.isUsable(at: now) { return .useAndFetch(held) }
        return .fetch
    }
}
