public import Bytes
internal import CLinux
public import Crypto
internal import Glibc

/// What reading a connection came to.
public enum Received: Equatable, Sendable {
    /// So many bytes were appended to the buffer (never 0).
    case bytes(Int)
    /// Nothing now; ``Connection/ready(_:)`` will be called.
    case wouldBlock
    /// The peer will send no more.  Not `isClean`: TLS ended without close_notify, so bytes may have been cut off.
    case end(isClean: Bool)
    /// The connection is broken.
    case failed
}

/// What writing to a connection came to.
public enum Sent: Equatable, Sendable {
    /// Everything went to the system.
    case all
    /// Something is left; ``Connection/ready(_:)`` will be called, then call `send` again.
    case blocked
    /// The connection is broken.
    case failed
}

/// One stream socket, plain or TLS, nonblocking and edge-triggered.
///
/// It remembers what the system said last (``mayRead``, ``mayWrite``), so that no call is made only to hear `EAGAIN`: a
/// short read or write means "wait for the edge".
/// With TLS it turns bytes into bytes over ``TLSConnection``, holding ciphertext only while the peer does not take it.
open class Connection: Channel {
    /// Reading may give something.  False until the first edge: a new socket with bytes tells at once.
    public private(set) final var mayRead = false
    /// Writing may take something.
    public private(set) final var mayWrite = true
    /// Bytes that the system took so far, ciphertext and handshakes included.
    public private(set) final var takenBytes = 0
    /// TLS, when spoken on this connection.
    public private(set) final var tls: TLSConnection?
    /// Why TLS failed, once it has.
    public private(set) final var tlsFailure: TLSError?
    private final var peerFinished = false
    private final var sawCloseNotify = false
    /// The peer takes nothing more; what it said before may still be unread.
    private final var sendingFailed = false
    /// A FIN is owed behind what the system has not taken yet.
    private final var isFinishing = false
    /// Ciphertext that the system has not taken yet.
    private final var unsentCiphertext = ByteBuffer()

    /// Plaintext turned into records in one go; more would wait for the next call.
    private static let encryptAtMostBytes = 65_536
    /// More ciphertext than this waits for nobody: what one ``send(_:)`` makes, several times.
    private static let unsentLimitBytes = 4 * encryptAtMostBytes
    /// A record's largest overhead beyond its payload, and the payload's limit (RFC 8446 §5.2).
    private static let largestRecordBytes = 16_384 + 256

    /// A connected or connecting socket; `tls` for one that is accepted with TLS.
    public init(descriptor: Int32, tls: TLSConnection? = nil) {
        self.tls = tls
        super.init(descriptor: descriptor)
    }

    /// Notes what became ready; subclasses call it first.
    public final func note(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.readable, .peerFinished, .hungUp, .failed]) { mayRead = true }
        if !readiness.isDisjoint(with: [.writable, .hungUp, .failed]) { mayWrite = true }
        if !readiness.isDisjoint(with: [.peerFinished, .hungUp, .failed]) { peerFinished = true }
        if isFinishing, mayWrite { finishSending() }
    }

    /// The peer said that it will send no more, by FIN or by close_notify, though bytes may still be unread.
    public final var hasPeerFinished: Bool { peerFinished || sawCloseNotify }

    // MARK: Reading

    /// Appends what there is to `buffer`, reading at least one block of `minimum` bytes if there is as much.
    public final func receive(into buffer: inout ByteBuffer, atLeast minimum: Int = 4096) -> Received {
        // Known without reading: the peer need not send a FIN behind its close_notify, nor any time soon.
        if sawCloseNotify { return .end(isClean: true) }
        let received = receiveNow(into: &buffer, atLeast: minimum)
        guard sendingFailed, !sawCloseNotify else { return received }
        switch received {
        case .bytes, .failed: return received
        case .wouldBlock, .end: return .failed  // a peer that takes nothing did not end in order
        }
    }

    private final func receiveNow(into buffer: inout ByteBuffer, atLeast minimum: Int) -> Received {
        guard mayRead else { return .wouldBlock }
        guard tls == nil else { return receiveTLS(into: &buffer, atLeast: minimum) }
        let before = buffer.count
        let outcome = receivePlain(into: &buffer, atLeast: minimum)
        switch outcome {
        case .done(0): return .end(isClean: true)
        case .done: return .bytes(buffer.count - before)
        case .wouldBlock: return .wouldBlock
        case .failed: return .failed
        }
    }

    private final func receivePlain(into buffer: inout ByteBuffer, atLeast minimum: Int) -> CallOutcome {
        var outcome = CallOutcome.wouldBlock
        var asked = 0
        let descriptor = descriptor
        unsafe buffer.withFreeSpace(atLeast: minimum) { space in
            asked = space.count
            outcome = attempt("recv") { unsafe acs_receive(descriptor, space.baseAddress, space.count) }
            if case .done(let count) = outcome { return count }
            return 0
        }
        switch outcome {
        case .done(let count):
            // A short read has emptied the socket, unless its end waits behind, which no further edge would tell.
            if count > 0, count < asked, !peerFinished { mayRead = false }
        case .wouldBlock: mayRead = false
        case .failed: break
        }
        return outcome
    }

    private final func receiveTLS(into buffer: inout ByteBuffer, atLeast minimum: Int) -> Received {
        guard let tls, let loop = unsafe loop else { return .failed }
        if tlsFailure != nil { return .failed }
        let before = buffer.count
        while true {
            let outcome = receivePlain(into: &loop.ciphertextIn, atLeast: max(minimum, Self.largestRecordBytes))
            switch outcome {
            case .done(0): return .end(isClean: false)
            case .wouldBlock: return .wouldBlock
            case .failed: return .failed
            case .done: break
            }
            do throws(TLSError) {
                let progress = try tls.receive(
                    &loop.ciphertextIn, plaintext: &buffer, outgoing: &loop.ciphertextOut)
                if progress == .closedByPeer { sawCloseNotify = true }
            } catch {
                let failed = failTLS(error, loop)
                // What was good of it counts: most often an answer, with an alert behind it.  The next call tells.
                guard buffer.count > before else { return failed }
                mayRead = true
                return .bytes(buffer.count - before)
            }
            // Whatever TLS answers by itself (new keys, for one) waits for a peer that does not read, up to a limit.
            let flushed = flushCiphertext(loop)
            guard unsentCiphertext.count <= Self.unsentLimitBytes else { return .failed }
            // A peer that takes nothing more may have said why: that is here, or still to be read.
            if flushed == .failed { (sendingFailed, mayRead) = (true, true) }
            if buffer.count > before { return .bytes(buffer.count - before) }
            if sawCloseNotify { return .end(isClean: true) }
            if !mayRead { return .wouldBlock }
        }
    }

    private final func failTLS(_ error: TLSError, _ loop: EventLoop) -> Received {
        tlsFailure = error
        loop.ciphertextIn.clear()
        _ = flushCiphertext(loop)  // the alert that says why, if it still goes
        return .failed
    }

    // MARK: Writing

    /// Writes and consumes `buffer`; with TLS, also what was left of earlier records.
    ///
    /// Once it failed, what the peer had said before can still be read, and then its end.
    public final func send(_ buffer: inout ByteBuffer) -> Sent {
        let sent = tls == nil ? sendAll(&buffer) : sendTLS(&buffer)
        if sent == .failed { (sendingFailed, mayRead) = (true, true) }
        return sent
    }

    private final func sendAll(_ buffer: inout ByteBuffer) -> Sent {
        while !buffer.isEmpty {
            guard mayWrite else { return .blocked }
            let sent = sendPlain(&buffer)
            if sent == .failed { return .failed }
        }
        return .all
    }

    /// One `send`; consumes what the system took.
    private final func sendPlain(_ buffer: inout ByteBuffer) -> Sent {
        let descriptor = descriptor
        let count = buffer.count
        let outcome = unsafe buffer.withReadableBytes { bytes in
            attempt("send") { unsafe acs_send(descriptor, bytes.baseAddress, bytes.count) }
        }
        switch outcome {
        case .done(let taken):
            buffer.consume(taken)
            takenBytes &+= taken
            if taken < count { mayWrite = false }
            return taken < count ? .blocked : .all
        case .wouldBlock:
            mayWrite = false
            return .blocked
        case .failed:
            return .failed
        }
    }

    private final func sendTLS(_ buffer: inout ByteBuffer) -> Sent {
        guard let tls, let loop = unsafe loop, tlsFailure == nil else { return .failed }
        while true {
            let flushed = flushCiphertext(loop)
            guard flushed == .all else { return flushed }
            guard !buffer.isEmpty else { return .all }
            // Records that nobody can take yet would only be held: the plaintext is held already.
            guard tls.isEstablished, mayWrite else { return .blocked }
            let count = min(buffer.count, Self.encryptAtMostBytes)
            do throws(TLSError) {
                try tls.send(buffer.span.extracting(..<count), outgoing: &loop.ciphertextOut)
            } catch {
                tlsFailure = error
                return .failed
            }
            buffer.consume(count)
        }
    }

    /// Sends what was left, then what the loop's shared buffer holds for this connection; keeps the rest.
    private final func flushCiphertext(_ loop: EventLoop) -> Sent {
        if unsentCiphertext.isEmpty {
            var outcome = Sent.all
            while !loop.ciphertextOut.isEmpty, outcome == .all {
                outcome = mayWrite ? sendPlain(&loop.ciphertextOut) : .blocked
            }
            if outcome == .blocked, !loop.ciphertextOut.isEmpty {
                unsentCiphertext.append(loop.ciphertextOut.span)
            }
            loop.ciphertextOut.clear()
            return unsentCiphertext.isEmpty && outcome != .failed ? .all : outcome
        }
        unsentCiphertext.append(loop.ciphertextOut.span)
        loop.ciphertextOut.clear()
        while !unsentCiphertext.isEmpty {
            guard mayWrite else { return .blocked }
            if sendPlain(&unsentCiphertext) == .failed { return .failed }
        }
        unsentCiphertext.releaseStorage()
        return .all
    }

    /// Sends what TLS has left, such as the end of a handshake; nothing to do is `.all`.
    public final func flush() -> Sent {
        guard tls != nil, let loop = unsafe loop else { return .all }
        return flushCiphertext(loop)
    }

    // MARK: Starting and ending

    /// Begins TLS as the client on a connected socket.
    public final func startTLS(_ connection: TLSConnection) -> Sent {
        guard let loop = unsafe loop else { return .failed }
        tls = connection
        do throws(TLSError) {
            try connection.start(outgoing: &loop.ciphertextOut)
        } catch {
            tlsFailure = error
            return .failed
        }
        return flushCiphertext(loop)
    }

    /// Says that we send no more: close_notify, then FIN.
    ///
    /// `.blocked` when the system has no room for the former: without it the peer could take the end for a cut.  Both
    /// follow once there is room, if the connection is not closed before.
    ///
    /// `beforeClose` leaves the FIN to the ``Channel/close()`` that comes at once: a call less.
    @discardableResult
    public final func finishSending(beforeClose: Bool = false) -> Sent {
        guard descriptor >= 0 else { return .failed }
        var sent = Sent.all
        if let tls, let loop = unsafe loop, tlsFailure == nil {
            tls.close(outgoing: &loop.ciphertextOut)
            sent = flushCiphertext(loop)
        }
        isFinishing = sent == .blocked
        if !isFinishing, !beforeClose { _ = shutdown(descriptor, Int32(SHUT_WR)) }
        return sent
    }

    /// Makes the coming ``Channel/close()`` a reset, so that a cut answer cannot look whole (http rule UP-7).
    public final func resetOnClose() {
        guard descriptor >= 0 else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Whether a byte or the end already waits on a connection that ought to be silent.  One system call.
    public final func hasSomethingToRead() -> Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0
            || acs_errno() != EAGAIN
    }

    // MARK: Connecting

    /// The process that connected to the Unix socket `descriptor` was accepted from; `nil` when the system does
    /// not tell.
    public static func peerProcess(of descriptor: Int32) -> (userID: UInt32, groupID: UInt32, processID: Int32)? {
        var (process, user, group) = (Int32(0), UInt32(0), UInt32(0))
        guard unsafe acs_peer_credentials(descriptor, &process, &user, &group) == 0 else { return nil }
        return (user, group, process)
    }

    /// A socket on its way to `address`; it becomes writable when the way is through, or has failed.
    public static func connect(to address: SocketAddress) throws(SystemError) -> Int32 {
        let descriptor = try openSocket(address.family)
        do throws(SystemError) {
            try unsafe address.withSystemAddress { (pointer, length) throws(SystemError) in
                let result = unsafe Glibc.connect(descriptor, pointer, length)
                if result != 0, acs_errno() != EINPROGRESS { throw SystemError.last("connect") }
            }
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// How the attempt of ``connect(to:)`` ended; ask when the descriptor became writable.
    public final var connectFailure: SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
            return SystemError.last("getsockopt")
        }
        return code == 0 ? nil : SystemError(call: "connect", code: code)
    }
}

/// A nonblocking stream socket that is closed on exec, without Nagle's delay.
func openSocket(_ family: Int32) throws(SystemError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = try check("socket") { socket(family, kind, 0) }
    if family != AF_UNIX { setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) }
    return descriptor
}

/// Turns a boolean socket option on; one that the system lacks is no failure.
func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
    var on: Int32 = 1
    _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
}
