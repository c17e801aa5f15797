internal import Bytes
internal import Crypto
public import Transport

/// One worker's connections to one target: idle ones are lent last in, first out, so that few stay warm.
///
/// Not Sendable: it belongs to its worker.  Bounded by `idleLimit` when idle, by the clients' limit when lent or waited
/// for, and by ``abandonedLimit`` when being opened for nobody.
public final class Pool {
    /// What came of asking for a connection.
    public enum Lent {
        /// A warm one.
        case ready(UpstreamConnection)
        /// One is being opened; the user will be told.
        case opening(Dial)
        /// None can be had.
        case failed(ConnectFailure)
    }

    /// Where its connections go.
    public let target: UpstreamTarget
    /// The last TLS session that the target gave out, to resume.
    private(set) var session: TLSSession?
    /// Where bytes land that nobody asked for; empty between calls.
    var strayBytes = ByteBuffer()

    let loop: EventLoop
    /// The target's idle timeout: asked for at the end of each exchange.
    private let idleNanoseconds: Int64
    /// Told when a name should be asked again: an address did not answer.
    private let nameIsStale: () -> Void
    /// In the order in which they are tried; counted by the epoch.
    private var addresses: [SocketAddress]
    private var addressEpoch: UInt32 = 0
    /// The address that worked last; the next connection goes there first.
    private var lastGood: SocketAddress?
    private var idle: [UpstreamConnection] = []
    /// Of the idle ones, so many at the front were there before `round`: only they are lent, see ``isAlive(_:)``.
    private var settled = 0
    private var round: UInt64 = 0
    /// Connections that are opened though nobody waits for them any more.
    private var abandoned: [Dial] = []
    private var isRetired = false
    /// How many of the next idle connections are looked at before they are lent: see ``isAlive(_:)``.
    private var wariness = Pool.wholeWariness

    /// So many connections in a row must be found alive before the pool trusts the target.
    private static let wholeWariness = 64
    /// So many connections that nobody waits for any more are opened to their end, to be kept warm; others are called
    /// off, since clients that come and go must not open connections without a bound.
    static let abandonedLimit = 16

    /// An empty pool in `loop`; `addresses` may still be empty.
    public init(
        target: UpstreamTarget, addresses: [SocketAddress], loop: EventLoop, nameIsStale: @escaping () -> Void
    ) {
        (self.target, self.addresses, self.loop, self.nameIsStale) = (target, addresses, loop, nameIsStale)
        idleNanoseconds = target.idleTimeout.wholeNanoseconds
    }

    /// The name's addresses, asked anew.  Idle connections to an address that is gone are closed, lent ones when they
    /// come back.
    public func update(addresses: [SocketAddress]) {
        guard addresses != self.addresses else { return }
        self.addresses = addresses
        addressEpoch &+= 1
        if let lastGood, !addresses.contains(lastGood) { self.lastGood = nil }
        for connection in idle where !isWanted(connection) { forget(connection) }
    }

    /// Ends it: idle connections close now, lent ones when they come back.
    public func retire() {
        isRetired = true
        while let connection = idle.popLast() { connection.callOff() }
        settled = 0
        for dial in abandoned { dial.callOff() }
        abandoned = []
    }

    /// Idle connections now.
    public var idleCount: Int { idle.count }
    /// Connections that are being opened for nobody, now.
    var abandonedCount: Int { abandoned.count }

    // MARK: Lending

    /// Lends `user` a warm connection, or begins to open one, allowing `timeout` for each address.
    public func lend(to user: any UpstreamUser, timeout: Duration, onlyFresh: Bool = false) -> Lent {
        settle()
        while !onlyFresh, settled > 0 {
            settled -= 1
            let connection = idle.remove(at: settled)
            if isAlive(connection), connection.lend(to: user, at: loop.now) { return .ready(connection) }
            forget(connection)
        }
        let dial = Dial(AddressRace(addressesToTry(), host: target.dialled.host), in: self, for: user, timeout: timeout)
        guard let failure = dial.start() else { return .opening(dial) }
        nameIsStale()
        return .failed(failure)
    }

    /// The addresses, the one that worked last first.
    private func addressesToTry() -> [SocketAddress] {
        guard let lastGood, lastGood != addresses.first else { return addresses }
        return [lastGood] + addresses.filter { $0 != lastGood }
    }

    /// A round has begun: what came back before it may be lent.
    private func settle() {
        guard round != loop.round else { return }
        (round, settled) = (loop.round, idle.count)
    }

    /// Whether an idle connection may be lent (http rule UP-6).
    ///
    /// What happened to it before this round of the loop is known, since idle connections are told first.  One that
    /// came back within the round is not lent in it: what a target sends behind its answer would pass for the next
    /// answer, most easily that to a request which a client sent ahead.
    /// A target that closes a moment after its answers can do so within the round of the next request; that costs a
    /// system call to see, so it is looked for only until the target has proved not to do it, and again once it has
    /// done it.
    private func isAlive(_ connection: UpstreamConnection) -> Bool {
        guard wariness > 0 else { return true }
        guard !connection.hasSomethingToRead() else { return false }
        wariness -= 1
        return true
    }

    /// A connection on its way to `address`, for `dial`.
    func connect(
        to address: SocketAddress, for dial: Dial, timeoutNanoseconds: Int64
    ) throws(SystemError) -> UpstreamConnection {
        let descriptor = try Connection.connect(to: address)
        let connection = UpstreamConnection(
            descriptor: descriptor, address: address, addressEpoch: addressEpoch, pool: self, dial: dial)
        do throws(SystemError) {
            try loop.add(connection)
        } catch {
            connection.callOff()
            throw error
        }
        connection.setDeadline(loop.now.advanced(by: timeoutNanoseconds))
        return connection
    }

    // MARK: What dials tell

    /// `connection` is open: it goes to who waits for it, or waits itself.
    func opened(_ connection: UpstreamConnection, by dial: Dial) {
        lastGood = connection.address
        ended(dial)
        guard let user = dial.user, connection.lend(to: user, at: loop.now) else {
            takeBack(connection)
            return
        }
        user.upstreamOpened(connection)
    }

    /// Nobody waits for `dial` any more: whether it goes on, to keep what comes of it warm.
    func keepsGoing(_ dial: Dial) -> Bool {
        guard !isRetired, abandoned.count < Self.abandonedLimit, idle.count + abandoned.count < target.idleLimit else {
            return false
        }
        abandoned.append(dial)
        return true
    }

    /// `dial` has come to its end.
    func ended(_ dial: Dial) {
        if !abandoned.isEmpty { abandoned.removeAll { $0 === dial } }
    }

    /// An address did not answer: its name should be asked again.
    func nameMayBeStale() { nameIsStale() }

    // MARK: What connections tell

    /// `connection` served an exchange and is clean.
    func takeBack(_ connection: UpstreamConnection) {
        keepSession(of: connection)
        let mayStay = !isRetired && idle.count < target.idleLimit && isWanted(connection)
        let keepUntil = mayStay ? loop.now.advanced(by: idleNanoseconds) : nil
        settle()
        if connection.release(keepUntil: keepUntil) { idle.append(connection) }
    }

    /// `connection` is of no more use.
    func forget(_ connection: UpstreamConnection) {
        keepSession(of: connection)
        let wasIdle = connection.isIdle
        if wasIdle || connection.isReused && connection.hasPeerFinished { wariness = Self.wholeWariness }
        connection.callOff()
        if wasIdle, let index = idle.lastIndex(where: { $0 === connection }) {
            idle.remove(at: index)
            if index < settled { settled -= 1 }
        }
    }

    /// The target's name still has the address that `connection` goes to.
    private func isWanted(_ connection: UpstreamConnection) -> Bool {
        guard connection.addressEpoch != addressEpoch else { return true }
        guard addresses.contains(connection.address) else { return false }
        connection.addressEpoch = addressEpoch
        return true
    }

    /// Keeps what the target gave out to resume with.
    private func keepSession(of connection: UpstreamConnection) {
        guard let fresh = connection.tls?.latestSession, connection.tlsFailure == nil else { return }
        // Once: a session that was resumed since is of no use again (RFC 8446 §C.4).
        if connection.keptSession !== fresh { (connection.keptSession, session) = (fresh, fresh) }
    }
}
