internal import COpenSSL
internal import Glibc

/// TLS by OpenSSL alone, over a blocking socket: a peer that does what ours never would.
///
/// None of the product's code is in it.  One thread at a time, but for ``shutdown(_:)``.
@safe public final class ForeignTLS: ByteStream, @unchecked Sendable {
    /// How a peer behaves.
    public struct Conduct: Sendable {
        /// TLS 1.2 and nothing newer.
        public var isOld = false
        /// Where its certificate and, in the same file, its key are.
        public var identity: String?
        /// Of a server: the application protocol that it chooses, whatever is offered.  `nil`: it chooses none.
        public var chosenProtocol: String?
        /// Of a client: a connection whose session it resumes; one that has heard something.
        public var resuming: ForeignTLS?
        /// Of a client that resumes: what it sends before the handshake is over, allowed or not (RFC 8446 §2.3).
        public var earlyBytes: [UInt8] = []

        /// The usual one.
        public init() {}
    }

    private let socket: Socket
    /// `SSL *`, with a reference to its `SSL_CTX`.
    private let connection: OpaquePointer
    /// A length and the protocol's name: what the context's callback gives.
    private let choice: UnsafeMutablePointer<UInt8>?

    /// Shakes hands over `socket`, as a client or as a server; `nil` when that fails.  It believes any certificate.
    public init?(over socket: Socket, asServer: Bool = false, _ conduct: Conduct = Conduct()) {
        Self.ignoreBrokenPipes
        guard let context = unsafe SSL_CTX_new(TLS_method()) else { return nil }
        defer { unsafe SSL_CTX_free(context) }
        unsafe choice = conduct.chosenProtocol.map { unsafe Self.choice($0) }
        if unsafe choice != nil { unsafe SSL_CTX_set_alpn_select_cb(context, giveChoice, choice) }
        if conduct.isOld { _ = unsafe cSSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) }
        if let file = conduct.identity {
            unsafe SSL_CTX_use_certificate_chain_file(context, file)
            unsafe SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM)
        }
        guard let connection = unsafe SSL_new(context) else { return nil }
        self.socket = socket
        unsafe self.connection = unsafe connection
        unsafe SSL_set_fd(connection, socket.raw)
        setPatience(.seconds(10))
        guard asServer ? unsafe SSL_accept(connection) == 1 : connect(conduct) else { return nil }
    }

    deinit {
        unsafe SSL_free(connection)
        unsafe choice?.deallocate()
    }

    private func connect(_ conduct: Conduct) -> Bool {
        if let earlier = conduct.resuming {
            let session = unsafe SSL_SESSION_dup(SSL_get_session(earlier.connection))
            if !conduct.earlyBytes.isEmpty { unsafe SSL_SESSION_set_max_early_data(session, 16_384) }
            unsafe SSL_set_session(connection, session)
            unsafe SSL_SESSION_free(session)
        }
        unsafe SSL_set_connect_state(connection)
        if !conduct.earlyBytes.isEmpty {
            var written = 0
            let (bytes, count) = (conduct.earlyBytes, conduct.earlyBytes.count)
            guard unsafe SSL_write_early_data(connection, bytes, count, &written) == 1 else { return false }
        }
        return unsafe SSL_do_handshake(connection) == 1
    }

    /// Writing to a peer that is gone is an error, not the end of the tests.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    private static func choice(_ name: String) -> UnsafeMutablePointer<UInt8> {
        let bytes = [UInt8(name.utf8.count)] + Array(name.utf8)
        let choice = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe choice[index] = byte }
        return unsafe choice
    }

    // MARK: What it knows and does

    /// It resumed an earlier session.
    public var isResumed: Bool { unsafe SSL_session_reused(connection) == 1 }

    /// The server took the early bytes.
    public var isEarlyAccepted: Bool { unsafe SSL_get_early_data_status(connection) == SSL_EARLY_DATA_ACCEPTED }

    /// How many early bytes its session lets it send, as the server said.
    public var earlyLimit: Int { unsafe Int(SSL_SESSION_get_max_early_data(SSL_get_session(connection))) }

    /// Asks for a new handshake on this connection (RFC 5246 §7.4.1).  A client waits until the server has agreed or
    /// refused, a server only says that it would like to; false when it failed.
    public func renegotiate() -> Bool {
        ERR_clear_error()
        return unsafe SSL_renegotiate(connection) == 1 && SSL_do_handshake(connection) == 1
    }

    /// The last failure in OpenSSL's words, such as `no renegotiation`.
    public var failure: String {
        let reason = unsafe ERR_reason_error_string(ERR_peek_last_error())
        return unsafe reason.map { unsafe String(cString: $0) } ?? ""
    }

    // MARK: ByteStream

    /// See ``ByteStream``.
    public func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> Received {
        setPatience(ContinuousClock.now.duration(to: deadline))
        ERR_clear_error()
        var result: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { room, count in
            unsafe result = SSL_read(connection, room.baseAddress, Int32(limit))
            count = max(0, Int(result))
        }
        if result > 0 { return .bytes(bytes) }
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_ZERO_RETURN: return .end
        case SSL_ERROR_WANT_READ: return .late
        default: return .reset
        }
    }

    /// See ``ByteStream``.
    public func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
        setPatience(ContinuousClock.now.duration(to: deadline))
        return unsafe bytes.isEmpty || SSL_write(connection, bytes, Int32(bytes.count)) == Int32(bytes.count)
    }

    /// See ``ByteStream``.
    public func shutdown(_ side: Socket.Side) { socket.shutdown(side) }

    /// See ``ByteStream``.
    public func reset() { socket.reset() }

    /// See ``ByteStream``.
    public func close() {
        unsafe SSL_shutdown(connection)
        socket.close()
    }

    /// How long a read or a write of the socket waits from now on.
    private func setPatience(_ patience: Duration) {
        let microseconds = max(1000, Int(patience / .microseconds(1)))
        var time = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(socket.raw, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }
}

/// OpenSSL asks which application protocol to speak: the one that stands behind `choice`, offered or not.
private func giveChoice(
    _ connection: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32,
    _ choice: UnsafeMutableRawPointer?
) -> Int32 {
    guard let choice = unsafe choice?.assumingMemoryBound(to: UInt8.self) else { return SSL_TLSEXT_ERR_NOACK }
    unsafe chosen?.pointee = unsafe UnsafePointer(choice + 1)
    unsafe chosenCount?.pointee = unsafe choice[0]
    return SSL_TLSEXT_ERR_OK
}
