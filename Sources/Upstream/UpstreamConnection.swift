public import Bytes
internal import Crypto
public import Transport

/// Who borrows an upstream connection; all calls come on the worker's own thread.
public protocol UpstreamUser: AnyObject {
    /// The connection asked for is open and lent to the user.
    func upstreamOpened(_ connection: UpstreamConnection)
    /// No address of the target could be reached; nothing was sent.
    func upstreamFailed(_ failure: ConnectFailure)
    /// The lent connection can be read or written again.
    func upstreamBecameReady()
}

/// One connection to a target, from its connect to its close: does what ``UpstreamStateMachine`` says.
///
/// Any failure before it is open goes to the ``Dial`` that it belongs to, which tries the target's next address.
public final class UpstreamConnection: Connection {
    /// The address it goes to: the target's, or its proxy's.
    public let address: SocketAddress
    /// Which list of addresses it was found in, or checked against since: see ``Pool/update(addresses:)``.
    var addressEpoch: UInt32
    /// The last session to resume that its pool took from it.
    var keptSession: TLSSession?
    /// Who has it.
    private(set) var user: (any UpstreamUser)?

    private let pool: Pool
    /// What it is opened for; `nil` once it is open.
    private var dial: Dial?
    private var tunnel: Tunnel?
    private var machine: UpstreamStateMachine

    init(descriptor: Int32, address: SocketAddress, addressEpoch: UInt32, pool: Pool, dial: Dial) {
        (self.address, self.addressEpoch, self.pool, self.dial) = (address, addressEpoch, pool, dial)
        machine = UpstreamStateMachine(pool.target.way)
        super.init(descriptor: descriptor)
    }

    // MARK: For its user

    /// True when it was lent from the pool, so that the peer may have closed it in between (RT-1).
    public var isReused: Bool { machine.isReused }

    /// Writes and consumes `buffer`, as ``Connection/send(_:)`` does; the first byte of a request goes out only if the
    /// peer has said nothing before (http rule UP-6), else it is `.failed` and nothing was sent.
    public func sendRequest(_ buffer: inout ByteBuffer) -> Sent {
        if machine.awaitsFirstByte, !isSilent { return .failed }
        let before = (count: buffer.count, taken: takenBytes)
        let sent = send(&buffer)
        // Records of TLS that the system did not take, and never will, went nowhere.
        if buffer.count != before.count, sent != .failed || takenBytes != before.taken { machine.sent() }
        return sent
    }

    /// Appends what has come of the answer to `buffer`; before anything was asked there is none, and it is `.failed`.
    public func receiveAnswer(into buffer: inout ByteBuffer, atLeast minimum: Int = 4096) -> Received {
        guard !machine.awaitsFirstByte else { return .failed }
        let received = receive(into: &buffer, atLeast: minimum)
        if case .bytes = received, !machine.received() { return .failed }
        return received
    }

    /// What its end means for the request; only while it is lent.
    public func breakdown(isIdempotent: Bool) -> Breakdown {
        switch machine.breakdown(isIdempotent: isIdempotent) {
        case .unsent(let wasReused): .unsent(wasReused: wasReused)
        case .mayRepeat: .mayRepeat
        case .outcomeUnknown: .outcomeUnknown
        }
    }

    /// What a connection's end before any answer means for the request (http rules RT-1, RT-2).
    public enum Breakdown: Equatable, Sendable {
        /// Not a byte went out: any request may go over another connection.  From the pool it was no attempt at all.
        case unsent(wasReused: Bool)
        /// An idempotent request over a connection that the peer may have closed before it came: once more.
        case mayRepeat
        /// What the peer did with the request nobody knows.
        case outcomeUnknown
    }

    /// Gives it back for the next exchange: only after an answer that was read to its end and allows it.
    public func giveBack() { pool.takeBack(self) }

    /// Closes it; nobody hears of it again.
    public func drop() { pool.forget(self) }

    // MARK: For its pool

    /// It waits in the pool.
    var isIdle: Bool { machine.isIdle }

    /// Lends it to `user`; false when it is past its time.
    func lend(to user: any UpstreamUser, at now: MonotonicTime) -> Bool {
        guard machine.lend(at: now) else { return false }
        self.user = user
        isParked = false
        setDeadline(.distantFuture)
        return true
    }

    /// Nobody uses it any more: it waits until `keepUntil` for its next user, or is closed.
    func release(keepUntil: MonotonicTime?) -> Bool {
        user = nil
        switch machine.release(isSilent: keepUntil != nil && !hasPeerFinished && isSilent, keepUntil: keepUntil) {
        case .park(let until):
            isParked = true
            setDeadline(until)
            return true
        case .close:
            close()
            return false
        }
    }

    /// Closes it, whatever it does, and tells nobody.
    func callOff() {
        (user, dial, tunnel) = (nil, nil, nil)
        machine.close()
        close()
    }

    /// The peer has said nothing that was not asked for.  Records of TLS without content, such as new session tickets,
    /// say nothing.  Calls the system only if something has come.
    private var isSilent: Bool {
        guard mayRead else { return true }
        let received = receive(into: &pool.strayBytes)
        pool.strayBytes.clear()
        return received == .wouldBlock
    }

    // MARK: Events

    override public func ready(_ readiness: Readiness) {
        note(readiness)
        switch machine.ready(isNews: !readiness.isDisjoint(with: [.readable, .peerFinished, .hungUp, .failed])) {
        case .tellUser: user?.upstreamBecameReady()
        case .checkSilence: if hasPeerFinished || !isSilent { drop() }
        case .finishConnecting: finishConnecting(readiness)
        case .continueTunnel: continueTunnel()
        case .continueHandshake: continueHandshake()
        case .ignore: break
        }
    }

    override public func deadlinePassed() {
        switch machine.deadlinePassed() {
        case .fail: fail(.timedOut(address))
        case .close: drop()
        case .ignore: break
        }
    }

    // MARK: Opening

    private func go(on step: UpstreamStateMachine.Step) {
        switch step {
        case .askForTunnel:
            tunnel = pool.target.proxy.map(Tunnel.init)
            continueTunnel()
        case .shakeHands: shakeHands()
        case .isOpen:
            setDeadline(.distantFuture)
            let dial = dial
            self.dial = nil
            dial?.isOpen(self)
        }
    }

    private func fail(_ failure: ConnectFailure) {
        let dial = dial
        callOff()
        dial?.hasFailed(self, failure)
    }

    private func finishConnecting(_ readiness: Readiness) {
        guard !readiness.isDisjoint(with: [.writable, .hungUp, .failed]) else { return }
        if let error = connectFailure {
            fail(.refused(error, address))
            return
        }
        dial?.isConnected(self)
        go(on: machine.connected())
    }

    private func continueTunnel() {
        guard let tunnel else { return }
        _ = send(&tunnel.outgoing)  // should it fail, the proxy may have said why before
        while true {
            switch receive(into: &tunnel.incoming) {
            case .wouldBlock: return
            case .end, .failed:
                fail(.proxyFailed(address, "ended the connection before it answered CONNECT"))
                return
            case .bytes: break
            }
            switch tunnel.read() {
            case .needsMore: continue
            case .open:
                self.tunnel = nil
                go(on: machine.tunnelOpened())
            case .refused(let status):
                let gaveCredential = pool.target.proxy?.hasCredential ?? false
                fail(.proxyRefused(status: status, address, gaveCredential: gaveCredential))
            case .broken(let sentence): fail(.proxyFailed(address, sentence))
            }
            return
        }
    }

    private func shakeHands() {
        guard let context = pool.target.tls else { return }
        do throws(TLSError) {
            let connection = try TLSConnection(
                client: context, serverName: pool.target.serverName, session: pool.session)
            if startTLS(connection) == .failed { handshakeFailed() }
        } catch {
            fail(.tls("\(error)"))
        }
    }

    private func continueHandshake() {
        let received = flush() == .failed ? .failed : receive(into: &pool.strayBytes)
        pool.strayBytes.clear()
        switch received {
        case .failed, .end: handshakeFailed()
        case .bytes: fail(.tls("the peer sent data before any request"))
        case .wouldBlock: if tls?.isEstablished == true { go(on: machine.handshakeEnded()) }
        }
    }

    private func handshakeFailed() {
        fail(.tls(tlsFailure.map { "\($0)" } ?? "the peer ended the handshake"))
    }
}
