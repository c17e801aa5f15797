public import Transport

/// In which order a target's addresses are tried: one after the other, the next one soon when the one before does not
/// answer, the first to answer wins (RFC 8305, "Happy Eyeballs Version 2", §5).
///
/// Sans-IO: ``Dial`` tells it what happened and does what comes back.
struct AddressRace {
    /// What to do next.
    enum Step: Equatable {
        /// Connect to this address as well; if ``hasMore``, call ``delayPassed()`` after ``delayNanoseconds``.
        case connect(SocketAddress)
        /// Attempts are under way.
        case wait
        /// None is left.
        case fail(ConnectFailure)
    }

    /// How long an address has before the next one is tried beside it: RFC 8305 §5, "Connection Attempt Delay".
    static let delayNanoseconds: Int64 = 250_000_000

    private var untried: ArraySlice<SocketAddress>
    private var underWay = 0
    private var failure: ConnectFailure

    /// A race over `addresses`, in this order; `host` is what messages call their name.
    init(_ addresses: [SocketAddress], host: String) {
        untried = addresses[...]
        failure = .noAddress(host: host)
    }

    /// An address is left that was not tried.
    var hasMore: Bool { !untried.isEmpty }

    /// Begins.
    mutating func start() -> Step { next() }

    /// Nobody has answered for a while.
    mutating func delayPassed() -> Step { hasMore ? next() : .wait }

    /// One attempt has failed, at whatever stage.
    mutating func failed(_ failure: ConnectFailure) -> Step {
        underWay -= 1
        if failure.progress >= self.failure.progress { self.failure = failure }
        return next()
    }

    /// One attempt is through as far as TCP, so that the others were called off: should it fail later, in TLS for
    /// one, they are tried again.
    mutating func won(callingOff others: [SocketAddress]) {
        underWay = 1
        untried += others
    }

    private mutating func next() -> Step {
        guard let address = untried.popFirst() else { return underWay > 0 ? .wait : .fail(failure) }
        underWay += 1
        return .connect(address)
    }
}

extension ConnectFailure {
    /// How far it came: of several failures the one that came farthest says most.
    fileprivate var progress: Int {
        switch self {
        case .noAddress: 0
        case .refused: 1
        case .timedOut: 2
        case .proxyRefused, .proxyFailed: 3
        case .tls: 4
        }
    }
}

/// Puts a name's addresses into the order in which they are tried.
public enum AddressOrder {
    /// More addresses than this of one name are not looked at: a resolver's answer must not keep a request busy.
    public static let limit = 16

    /// At most ``limit`` of `addresses`, families taking turns (RFC 8305 §4), each family in the order given.
    public static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first else { return [] }
        var own = addresses.filter { $0.isVersion6 == first.isVersion6 }[...]
        var other = addresses.filter { $0.isVersion6 != first.isVersion6 }[...]
        var order: [SocketAddress] = []
        while order.count < limit, !(own.isEmpty && other.isEmpty) {
            if let address = own.popFirst() { order.append(address) }
            if order.count < limit, let address = other.popFirst() { order.append(address) }
        }
        return order
    }
}

extension SocketAddress {
    fileprivate var isVersion6: Bool {
        switch self {
        case .ipv6: true
        case .ipv4, .unix: false
        }
    }
}
