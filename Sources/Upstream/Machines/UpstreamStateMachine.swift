internal import Transport

/// The life of one HTTP/1.1 connection to a target: what comes next while it opens, who may use it afterwards, and
/// what its end means for the request that it carried.
///
///     connecting ─▶ tunnelling ─▶ handshaking ─▶ open ──lent──▶ busy ──ended──▶ idle
///         │      (through a proxy)   (TLS)        └────────parked───────────────▶ │
///         │            │              │                         ▲ └──────lent─────┘
///         └────────────┴── failed ────┴──────────────▶ closed ◀─┴── ended, silence broken, idle too long
///
/// Sans-IO: ``UpstreamConnection`` tells it what happened and does what comes back.  Noncopyable, so that there is one
/// truth about each connection; every call is a few compares and stores, for they are on each request's way.
struct UpstreamStateMachine: ~Copyable {
    /// How a connection to a target is opened beyond TCP.
    struct Way: Equatable {
        /// `CONNECT` to a proxy comes first (RFC 9110 §9.3.6).
        var hasProxy: Bool
        /// TLS is spoken with the target.
        var hasTLS: Bool
    }

    /// What opening goes on with.
    enum Step: Equatable {
        /// Ask the proxy for a tunnel.
        case askForTunnel
        /// Begin the handshake.
        case shakeHands
        /// It is open: lend it or park it.
        case isOpen
    }

    /// What the driver does about news of the descriptor.
    enum Reaction: Equatable {
        /// See whether the connect succeeded.
        case finishConnecting
        /// Read on in the proxy's answer.
        case continueTunnel
        /// Go on with TLS.
        case continueHandshake
        /// Its user reads or writes on.
        case tellUser
        /// Nobody uses it: look whether the peer said anything, and close it if so (http rule UP-6).
        case checkSilence
        /// Nothing.
        case ignore
    }

    /// What the driver does when a deadline has passed.
    enum Lateness: Equatable {
        /// Opening took too long: the next address.
        case fail
        /// It was idle too long.
        case close
        /// The user keeps its own time.
        case ignore
    }

    /// What becomes of a connection that nobody uses any more.
    enum Ending: Equatable {
        /// It waits for its next user, until then.
        case park(until: MonotonicTime)
        /// It is closed.
        case close
    }

    /// What a connection's end before any answer means for the request (http rules RT-1, RT-2).
    enum Breakdown: Equatable {
        /// Not a byte went out: any request may go over another connection.  From the pool it was no attempt at all.
        case unsent(wasReused: Bool)
        /// An idempotent request over a connection that the peer may have closed before it came: once more.
        case mayRepeat
        /// What the peer did with the request nobody knows.
        case outcomeUnknown
    }

    private enum State: Equatable {
        case connecting
        case tunnelling
        case handshaking
        /// Open, and not decided yet who gets it.
        case open
        case busy(hasSent: Bool, hasAnswer: Bool)
        case idle(until: MonotonicTime)
        case closed
    }

    private let way: Way
    private var state = State.connecting
    /// An earlier exchange was answered over it, so that the peer may have closed it since (RT-1).
    private(set) var isReused = false

    init(_ way: Way) { self.way = way }

    // MARK: Opening

    /// TCP is through.
    mutating func connected() -> Step {
        precondition(state == .connecting, "connected twice")
        if way.hasProxy {
            state = .tunnelling
            return .askForTunnel
        }
        return beginTLS()
    }

    /// The proxy has opened the tunnel, and said nothing more.
    mutating func tunnelOpened() -> Step {
        precondition(state == .tunnelling, "a tunnel that nobody asked for")
        return beginTLS()
    }

    /// The handshake has ended well.
    mutating func handshakeEnded() -> Step {
        precondition(state == .handshaking, "a handshake that nobody began")
        state = .open
        return .isOpen
    }

    private mutating func beginTLS() -> Step {
        state = way.hasTLS ? .handshaking : .open
        return way.hasTLS ? .shakeHands : .isOpen
    }

    /// True until it is open.
    var isOpening: Bool {
        switch state {
        case .connecting, .tunnelling, .handshaking: true
        case .open, .busy, .idle, .closed: false
        }
    }

    // MARK: Use

    /// Somebody wants it; false when it must not be used any more, but closed.
    mutating func lend(at now: MonotonicTime) -> Bool {
        switch state {
        case .open: break
        case .idle(let until):
            guard now < until else { return false }
            isReused = true
        case .closed: return false
        case .connecting, .tunnelling, .handshaking, .busy: preconditionFailure("lent while \(state)")
        }
        state = .busy(hasSent: false, hasAnswer: false)
        return true
    }

    /// True while not a byte of the request at hand went out: then the peer must have been silent.
    var awaitsFirstByte: Bool { state == .busy(hasSent: false, hasAnswer: false) }

    /// Bytes of the request went out.
    mutating func sent() {
        guard case .busy(_, let hasAnswer) = state else { preconditionFailure("sent while \(state)") }
        state = .busy(hasSent: true, hasAnswer: hasAnswer)
    }

    /// Bytes came; false when nothing had been asked, so that they are no answer (http rule UP-6).
    mutating func received() -> Bool {
        guard case .busy(true, _) = state else { return false }
        state = .busy(hasSent: true, hasAnswer: true)
        return true
    }

    /// It broke while it was used.
    func breakdown(isIdempotent: Bool) -> Breakdown {
        guard case .busy(let hasSent, let hasAnswer) = state else { preconditionFailure("broke while \(state)") }
        if !hasSent { return .unsent(wasReused: isReused) }
        return isReused && !hasAnswer && isIdempotent ? .mayRepeat : .outcomeUnknown
    }

    /// Its user has read its answer to the end, or nobody waits for it any more.
    ///
    /// - Parameters:
    ///   - isSilent: nothing came behind the answer, and the peer did not end.
    ///   - keepUntil: how long it may wait; `nil` when it is not wanted: too many wait, or its target is gone.
    mutating func release(isSilent: Bool, keepUntil: MonotonicTime?) -> Ending {
        switch state {
        case .open, .busy(hasSent: false, _), .busy(hasSent: true, hasAnswer: true): break
        case .busy(hasSent: true, hasAnswer: false): return end()  // its answer may still come
        case .closed: return .close
        case .connecting, .tunnelling, .handshaking, .idle: preconditionFailure("given back while \(state)")
        }
        guard isSilent, let keepUntil else { return end() }
        state = .idle(until: keepUntil)
        return .park(until: keepUntil)
    }

    private mutating func end() -> Ending {
        state = .closed
        return .close
    }

    // MARK: Events

    /// The descriptor became ready; `isNews` unless that is only room to write.
    func ready(isNews: Bool) -> Reaction {
        switch state {
        case .connecting: .finishConnecting
        case .tunnelling: .continueTunnel
        case .handshaking: .continueHandshake
        case .busy: .tellUser
        case .idle: isNews ? .checkSilence : .ignore
        case .open, .closed: .ignore
        }
    }

    /// The deadline set for the state at hand has passed.
    func deadlinePassed() -> Lateness {
        switch state {
        case .connecting, .tunnelling, .handshaking: .fail
        case .idle: .close
        case .open, .busy, .closed: .ignore
        }
    }

    /// It waits for its next user.
    var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// It is closed, whatever it did.
    mutating func close() { state = .closed }
}
