internal import Crypto
public import Transport

/// Who borrows an upstream connection; all calls come on the worker's own thread.
public protocol UpstreamUser: AnyObject {
    /// The connection asked for is open and lent to the user.
    func upstreamOpened(_ connection: UpstreamConnection)
    /// The address asked for did not answer; `connection` is on its way to the next.
    func upstreamChanged(to connection: UpstreamConnection)
    /// No address of the target could be reached; nothing was sent.
    func upstreamFailed(_ failure: ConnectFailure)
    /// The lent connection can be read or written again.
    func upstreamBecameReady()
}

/// One connection to a target, from its connect to its close.
///
///     connecting ──writable──▶ handshaking ──established──▶ lent ◀──lend── idle
///          └──────(plain)──────────────────────────────────▶ │ ──give back──▶ ┘
///
/// Any failure before `lent` goes to the ``Pool``, which tries the target's next address.
public final class UpstreamConnection: Connection {
    private enum Phase {
        /// The TCP handshake is under way.
        case connecting
        /// The TLS handshake is under way.
        case handshaking
        /// A user has it.
        case lent
        /// It waits in the pool; any byte now ends it (http rule UP-6).
        case idle
    }

    /// True when an earlier exchange used it, so that the peer may have closed it in between (RT-1).
    public internal(set) var isReused = false
    /// The address it goes to.
    public let address: SocketAddress
    /// Which of the target's addresses that is.
    let addressIndex: Int
    /// Who waits for it or has it.
    var user: (any UpstreamUser)?

    private let pool: Pool
    private var phase = Phase.connecting

    init(descriptor: Int32, address: SocketAddress, addressIndex: Int, pool: Pool, user: any UpstreamUser) {
        (self.address, self.addressIndex, self.pool, self.user) = (address, addressIndex, pool, user)
        super.init(descriptor: descriptor)
    }

    /// Gives it back for the next exchange: only after an answer that was read to its end and allows it.
    public func giveBack() { pool.takeBack(self) }

    /// Closes it; nobody hears of it again.
    public func drop() { pool.forget(self) }

    /// The user no longer wants it: one that is still being opened is finished and kept warm, a lent one is closed.
    public func abandon() {
        switch phase {
        case .connecting, .handshaking: user = nil
        case .lent, .idle: drop()
        }
    }

    /// It waits in the pool.
    var isIdle: Bool { phase == .idle }

    func becomeIdle() { (phase, isParked) = (.idle, true) }

    func becomeLent(to user: any UpstreamUser) {
        (phase, isParked) = (.lent, false)
        self.user = user
    }

    override public func ready(_ readiness: Readiness) {
        note(readiness)
        switch phase {
        case .connecting: finishConnecting(readiness)
        case .handshaking: continueHandshake()
        case .lent: user?.upstreamBecameReady()
        case .idle:
            // Only room to write is no news; a byte, or the end, means that its next answer cannot be trusted.
            if !readiness.isDisjoint(with: [.readable, .peerFinished, .hungUp, .failed]) { drop() }
        }
    }

    override public func deadlinePassed() {
        switch phase {
        case .connecting, .handshaking: pool.openingFailed(self, .timedOut(address))
        case .idle: drop()
        case .lent: break  // the user keeps its own time
        }
    }

    private func finishConnecting(_ readiness: Readiness) {
        guard !readiness.isDisjoint(with: [.writable, .hungUp, .failed]) else { return }
        if let error = connectFailure {
            pool.openingFailed(self, .refused(error, address))
            return
        }
        guard let context = pool.target.tls else {
            pool.opened(self)
            return
        }
        do throws(TLSError) {
            let connection = try TLSConnection(
                client: context, serverName: pool.target.serverName, session: pool.session)
            phase = .handshaking
            if startTLS(connection) == .failed { handshakeFailed() }
        } catch {
            pool.openingFailed(self, .tls("\(error)"))
        }
    }

    private func continueHandshake() {
        switch receive(into: &pool.handshakeBytes) {
        case .failed, .end: handshakeFailed()
        case .bytes: pool.openingFailed(self, .tls("the peer sent data before any request"))
        case .wouldBlock:
            if tls?.isEstablished == true { pool.opened(self) }
        }
    }

    private func handshakeFailed() {
        pool.openingFailed(self, .tls(tlsFailure.map { "\($0)" } ?? "the peer ended the handshake"))
    }
}
