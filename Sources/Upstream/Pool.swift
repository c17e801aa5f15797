internal import Bytes
internal import Crypto
public import Transport

/// One worker's connections to one target: idle ones are lent last in, first out, so that few stay warm.
///
/// Not Sendable: it belongs to its worker.  Bounded by `idleLimit` when idle and by the clients' limit when lent.
public final class Pool {
    /// What came of asking for a connection.
    public enum Lent {
        /// A warm one.
        case ready(UpstreamConnection)
        /// One is being opened; the user will be told.
        case opening(UpstreamConnection)
        /// None can be had.
        case failed(ConnectFailure)
    }

    /// Where its connections go.
    public let target: UpstreamTarget
    /// The last TLS session that the target gave out, to resume.
    var session: TLSSession?
    /// Where a handshake's plaintext would land; there must be none.
    var handshakeBytes = ByteBuffer()

    private let loop: EventLoop
    /// Told when a name should be asked again: an address did not answer.
    private let nameIsStale: () -> Void
    private var addresses: [SocketAddress]
    /// The address that worked last; the next connection starts there.
    private var firstAddress = 0
    private var idle: [UpstreamConnection] = []
    private var isRetired = false
    /// How many of the next idle connections are looked at before they are lent: see ``isAlive(_:)``.
    private var wariness = Pool.wholeWariness
    private var connectTimeout: Duration = .seconds(3)

    /// So many connections in a row must be found alive before the pool trusts the target.
    private static let wholeWariness = 64

    /// An empty pool in `loop`; `addresses` may still be empty.
    public init(
        target: UpstreamTarget, addresses: [SocketAddress], loop: EventLoop, nameIsStale: @escaping () -> Void
    ) {
        (self.target, self.addresses, self.loop, self.nameIsStale) = (target, addresses, loop, nameIsStale)
    }

    /// The name's addresses, asked anew.  Open connections stay.
    public func update(addresses: [SocketAddress]) {
        guard addresses != self.addresses else { return }
        self.addresses = addresses
        firstAddress = 0
    }

    /// Ends it: idle connections close now, lent ones when they come back.
    public func retire() {
        isRetired = true
        while let connection = idle.popLast() { connection.close() }
    }

    /// Idle connections now.
    public var idleCount: Int { idle.count }

    // MARK: Lending

    /// Lends `user` a warm connection, or begins to open one, allowing `timeout` for each address.
    public func lend(to user: any UpstreamUser, timeout: Duration, onlyFresh: Bool = false) -> Lent {
        while !onlyFresh, let connection = idle.popLast() {
            guard isAlive(connection) else {
                forget(connection)
                continue
            }
            connection.becomeLent(to: user)
            connection.isReused = true
            connection.setDeadline(.distantFuture)
            return .ready(connection)
        }
        connectTimeout = timeout
        return open(for: user, tried: 0)
    }

    /// Whether an idle connection may be lent (http rule UP-6).
    ///
    /// What happened to it before this round of the loop is known, since idle connections are told first.  A target
    /// that closes right behind its answers can do so within the round; that costs a system call to see, so it is
    /// looked for only until the target has proved not to do it, and again once it has done it.
    private func isAlive(_ connection: UpstreamConnection) -> Bool {
        guard wariness > 0 else { return true }
        guard !connection.hasSomethingToRead() else { return false }
        wariness -= 1
        return true
    }

    /// Opens a connection to the address `tried` places after the first; on failure, to the next.
    private func open(for user: any UpstreamUser, tried: Int) -> Lent {
        var tried = tried
        var failure = ConnectFailure.noAddress(host: target.host)
        while tried < addresses.count {
            let index = (firstAddress + tried) % addresses.count
            let address = addresses[index]
            do throws(SystemError) {
                let descriptor = try Connection.connect(to: address)
                let connection = UpstreamConnection(
                    descriptor: descriptor, address: address, addressIndex: tried, pool: self, user: user)
                do throws(SystemError) {
                    try loop.add(connection)
                } catch {
                    connection.close()
                    throw error
                }
                connection.setDeadline(loop.now.advanced(by: connectTimeout.wholeNanoseconds))
                return .opening(connection)
            } catch {
                failure = .refused(error, address)
                tried += 1
            }
        }
        nameIsStale()
        return .failed(failure)
    }

    // MARK: What connections tell

    /// `connection` is open: it goes to who waits for it, or waits itself.
    func opened(_ connection: UpstreamConnection) {
        if !addresses.isEmpty { firstAddress = (firstAddress + connection.addressIndex) % addresses.count }
        connection.setDeadline(.distantFuture)
        guard let user = connection.user else {
            takeBack(connection)
            return
        }
        connection.becomeLent(to: user)
        user.upstreamOpened(connection)
    }

    /// `connection` could not be opened: the next address is tried, or the user told.
    func openingFailed(_ connection: UpstreamConnection, _ failure: ConnectFailure) {
        let user = connection.user
        forget(connection)
        nameIsStale()
        guard let user else { return }
        if connection.addressIndex + 1 < addresses.count {
            switch open(for: user, tried: connection.addressIndex + 1) {
            case .ready(let next), .opening(let next): user.upstreamChanged(to: next)
            case .failed(let last): user.upstreamFailed(last)
            }
        } else {
            user.upstreamFailed(failure)
        }
    }

    /// `connection` served an exchange and is clean.
    func takeBack(_ connection: UpstreamConnection) {
        connection.user = nil
        if let fresh = connection.tls?.latestSession { session = fresh }
        guard !isRetired, idle.count < target.idleLimit, !connection.hasPeerFinished else {
            connection.close()
            return
        }
        connection.becomeIdle()
        connection.setDeadline(loop.now.advanced(by: target.idleTimeout.wholeNanoseconds))
        idle.append(connection)
    }

    /// `connection` is of no more use.
    func forget(_ connection: UpstreamConnection) {
        if connection.isIdle || connection.isReused && connection.hasPeerFinished { wariness = Self.wholeWariness }
        connection.user = nil
        connection.close()
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
    }
}
