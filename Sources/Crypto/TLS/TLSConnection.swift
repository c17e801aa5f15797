public import Bytes
internal import COpenSSL

/// How far a TLS connection has come.
public enum TLSProgress: Equatable, Sendable {
    /// The handshake goes on.
    case handshaking
    /// Bytes flow both ways.
    case established
    /// The peer said that it will send no more (`close_notify`); what came before it has been decrypted.
    case closedByPeer
}

/// One side of a TLS connection, as a machine over bytes: no socket, no file, and no clock but the system's, which
/// OpenSSL asks whether a certificate is valid.
///
///     handshaking ──▶ established ──close_notify──▶ closedByPeer
///          └───────────────┴──────any error──▶ failed (the same error from then on)
///
/// Ciphertext comes in and goes out through buffers that the caller lends to each call, so many connections share
/// them and an idle one holds none.  After an error `outgoing` may still hold an alert for the peer: send it, then
/// close.  An end of the stream without ``TLSProgress/closedByPeer`` may be a truncation: the caller, who knows what
/// HTTP expected, decides.  One thread at a time.
@safe public final class TLSConnection {
    private enum State {
        case handshaking
        case established
        case closedByPeer
        case failed(TLSError)
    }

    private let context: TLSContext
    private let serverName: String
    /// `SSL *`, freed before the wire that its BIO points to.
    private let connection: OpaquePointer
    private let wire: UnsafeMutablePointer<BufferWire>
    private var state = State.handshaking
    private var isClosedByUs = false

    /// What the server last gave us to resume with; tell the next connection to the same server.
    public private(set) var latestSession: TLSSession?

    /// Who the client of a server's connection proved to be; `nil` before the end of the handshake, and for a client
    /// without a certificate, where that is allowed.
    public private(set) var peerCertificate: PeerCertificate?

    /// Our side of a connection that a peer has opened.
    public convenience init(server context: TLSContext) throws(TLSError) {
        precondition(context.isServer, "a client's context cannot serve")
        try self.init(context, serverName: "")
        unsafe SSL_set_accept_state(connection)
    }

    /// Our side of a connection that we open to `serverName`: a host name, or an IP address without brackets, which
    /// must stand in the server's certificate.  `session` is ignored unless it came from there.
    public convenience init(
        client context: TLSContext, serverName: String, session: TLSSession? = nil
    ) throws(TLSError) {
        precondition(!context.isServer, "a server's context cannot connect")
        try self.init(context, serverName: serverName)
        unsafe SSL_set_connect_state(connection)
        try unsafe ServerName.expect(serverName, on: connection)
        unsafe session?.resume(on: connection, serverName: serverName, trust: context.trust)
    }

    private init(_ context: TLSContext, serverName: String) throws(TLSError) {
        self.context = context
        self.serverName = serverName
        OpenSSLFailure.forget()
        guard let connection = unsafe SSL_new(context.handle) else { throw .failed(OpenSSLFailure.take().text) }
        let wire = UnsafeMutablePointer<BufferWire>.allocate(capacity: 1)
        unsafe wire.initialize(to: BufferWire())
        unsafe (self.connection, self.wire) = unsafe (connection, wire)
        guard let bio = unsafe BufferBIO.make(over: wire) else { throw .failed(OpenSSLFailure.take().text) }
        unsafe SSL_set_bio(connection, bio, bio)
    }

    deinit {
        // A connection that just ends is no reason for OpenSSL to call its session bad; a failed one is.
        if !hasFailed { unsafe SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        unsafe SSL_free(connection)
        unsafe wire.pointee.keep(nil)
        unsafe wire.deallocate()
    }

    /// True once bytes may be sent.
    public var isEstablished: Bool {
        switch state {
        case .established, .closedByPeer: true
        case .handshaking, .failed: false
        }
    }

    /// The version agreed upon; `nil` during the handshake.
    public var negotiatedVersion: TLSContext.Version? {
        guard isEstablished else { return nil }
        return unsafe SSL_version(connection) == TLS1_3_VERSION ? .tls13 : .tls12
    }

    /// True when the handshake resumed an earlier session.
    public var isResumed: Bool { unsafe SSL_session_reused(connection) == 1 }

    /// Starts a client's handshake: appends its first message to `outgoing`.
    public func start(outgoing: inout ByteBuffer) throws(TLSError) {
        try checkNotFailed()
        try unsafe lend(nil, &outgoing) { () throws(TLSError) in try handshake() }
    }

    /// Takes in all of `ciphertext`; appends what it says to `plaintext` and what must be answered to `outgoing`.
    public func receive(
        _ ciphertext: inout ByteBuffer, plaintext: inout ByteBuffer, outgoing: inout ByteBuffer
    ) throws(TLSError) -> TLSProgress {
        try checkNotFailed()
        defer { ciphertext.clear() }
        try unsafe withUnsafeMutablePointer(to: &ciphertext) { incoming throws(TLSError) in
            try unsafe lend(incoming, &outgoing) { () throws(TLSError) in
                if case .handshaking = state { try handshake() }
                if case .established = state { try decrypt(into: &plaintext) }
            }
        }
        collectSession()
        return progress
    }

    /// Encrypts all of `plaintext`, in records of up to 16 KiB, appending to `outgoing`.  Only once established.
    public func send(_ plaintext: Span<UInt8>, outgoing: inout ByteBuffer) throws(TLSError) {
        try checkNotFailed()
        guard isEstablished, !isClosedByUs else { throw .notOpen }
        guard plaintext.count > 0 else { return }
        outgoing.reserve(TLSConnection.recordBytes(for: plaintext.count))
        try unsafe lend(nil, &outgoing) { () throws(TLSError) in
            OpenSSLFailure.forget()
            var written = 0
            // Safe: OpenSSL reads the bytes during the call only.
            let result = unsafe plaintext.withUnsafeBytes { bytes in
                unsafe SSL_write_ex(connection, bytes.baseAddress, bytes.count, &written)
            }
            guard result != 1 || written != plaintext.count else { return }
            // OpenSSL first wants the rest of a message that the peer split over records: legal, but unheard of.
            let wantsMore = unsafe SSL_get_error(connection, result) == SSL_ERROR_WANT_READ
            throw wantsMore ? fail(.failed("the peer left a handshake message unfinished")) : fail()
        }
    }

    /// Appends the `close_notify` that says we send no more.  Nothing when the handshake is not over, or it failed.
    public func close(outgoing: inout ByteBuffer) {
        guard isEstablished, !isClosedByUs else { return }
        isClosedByUs = true
        unsafe lend(nil, &outgoing) {
            unsafe SSL_shutdown(connection)
            OpenSSLFailure.forget()
        }
    }
}

// MARK: The machine

extension TLSConnection {
    /// Ciphertext is larger by this per record at most: header, explicit nonce, tag, content type.
    private static let recordOverheadBytes = 32
    /// The most plaintext in one record (RFC 8446 §5.1).
    private static let recordLimitBytes = 16_384

    /// What `count` bytes take on the wire, at most.
    private static func recordBytes(for count: Int) -> Int {
        count + (count / recordLimitBytes + 1) * recordOverheadBytes
    }

    private var progress: TLSProgress {
        switch state {
        case .handshaking, .failed: .handshaking
        case .established: .established
        case .closedByPeer: .closedByPeer
        }
    }

    private var hasFailed: Bool {
        switch state {
        case .failed: true
        case .handshaking, .established, .closedByPeer: false
        }
    }

    private func checkNotFailed() throws(TLSError) {
        if case .failed(let error) = state { throw error }
    }

    /// Lets OpenSSL reach the caller's buffers while `body` runs.
    private func lend<Result, Failure: Error>(
        _ incoming: UnsafeMutablePointer<ByteBuffer>?, _ outgoing: inout ByteBuffer,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeMutablePointer(to: &outgoing) { outgoing throws(Failure) in
            unsafe (wire.pointee.incoming, wire.pointee.outgoing) = unsafe (incoming, outgoing)
            defer { unsafe (wire.pointee.incoming, wire.pointee.outgoing) = (nil, nil) }
            return try body()
        }
    }

    /// Goes on with the handshake as far as the bytes reach.
    private func handshake() throws(TLSError) {
        OpenSSLFailure.forget()
        let result = unsafe SSL_do_handshake(connection)
        guard result != 1 else {
            guard context.isServer || hasRightProtocol else { throw fail(.wrongApplicationProtocol) }
            if context.server?.asksClients == true { peerCertificate = unsafe PeerCertificate.of(connection) }
            state = .established
            return
        }
        guard unsafe SSL_get_error(connection, result) == SSL_ERROR_WANT_READ else { throw fail() }
    }

    /// Decrypts records until none is whole.
    private func decrypt(into plaintext: inout ByteBuffer) throws(TLSError) {
        OpenSSLFailure.forget()
        repeat {
            let likely = unsafe max(Int(SSL_pending(connection)), wire.pointee.incoming?.pointee.count ?? 0, 512)
            var result: Int32 = 0
            unsafe plaintext.withFreeSpace(atLeast: min(likely, TLSConnection.recordLimitBytes)) { room in
                unsafe result = SSL_read(connection, room.baseAddress, Int32(clamping: room.count))
                return max(0, Int(result))
            }
            guard result <= 0 else { continue }
            switch unsafe SSL_get_error(connection, result) {
            case SSL_ERROR_WANT_READ: return
            case SSL_ERROR_ZERO_RETURN: state = .closedByPeer
            default: throw fail()
            }
        } while hasMore
    }

    /// True while another read could give something.
    private var hasMore: Bool {
        guard case .established = state else { return false }
        return unsafe SSL_has_pending(connection) == 1 || wire.pointee.incoming?.pointee.isEmpty == false
    }

    /// A client's check that the server chose what was offered, or nothing.
    private var hasRightProtocol: Bool {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection, &name, &count)
        guard count > 0 else { return true }
        let chosen = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(start: name, count: Int(count)))
        return chosen.equals("http/1.1")
    }

    /// Makes a session that came during the call into a value of ours.
    private func collectSession() {
        guard let handle = unsafe wire.pointee.session else { return }
        unsafe wire.pointee.session = nil
        latestSession = unsafe TLSSession(owning: handle, serverName: serverName, trust: context.trust)
    }

    /// Ends in `error`, or in what OpenSSL says went wrong.
    private func fail(_ error: TLSError? = nil) -> TLSError {
        let error = unsafe error ?? TLSError.take(from: connection, serverName: serverName)
        state = .failed(error)
        return error
    }
}
