internal import Bytes
internal import COpenSSL
internal import Synchronization

/// The keys that seal a server's session tickets (RFC 5077; RFC 8446 §4.6.1): random, known to this process alone, and
/// replaced every few hours, so that a key which leaks opens no connection of long ago.
///
///     made ──▶ seals and opens ──rotationSeconds──▶ opens only ──acceptedSeconds──▶ overwritten
///
/// All workers share one object, so a ticket of one is good at another, and so do the contexts before and after a
/// reload that changes nothing of what a client must prove.  Its lock is held while a key is looked up or, once in some
/// hours, made; never while one seals.  docs/decisions/0014-ticket-keys.md says why.
public final class TicketKeys: Sendable {
    /// A key seals for so long.
    public static let rotationSeconds = 3 * 3_600
    /// A key opens for so long: more than ``rotationSeconds`` and a session's life together, so that no ticket which is
    /// still good is refused.
    public static let acceptedSeconds = 2 * rotationSeconds
    /// So long after a whole handshake another one is due, however often the session was resumed and renewed between.
    static let authenticationSeconds = 12 * 3_600

    /// One key; the last copy overwrites its bytes.
    struct Key: Sendable {
        static let nameBytes = 16
        static let halfBytes = 32

        /// Its name, the key of AES-256 and that of HMAC-SHA-256, one behind the other.
        let bytes: Secret
        /// When it was made.
        let bornAt: Int

        init(at now: Int, _ random: RandomBytes) {
            var fresh = InlineArray<80, UInt8>(repeating: 0)
            var room = fresh.mutableSpan
            random.fill(&room)
            bytes = Secret(copying: fresh.span)
            unsafe withUnsafeMutableBytes(of: &fresh) { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
            bornAt = now
        }

        func isNamed(_ name: Span<UInt8>) -> Bool {
            bytes.withBytes { constantTimeEqual($0.extracting(first: Self.nameBytes), name) }
        }
    }

    /// Newest first; never more than the few that one life of a key sees made.
    private let keys = Mutex<[Key]>([])
    private let now: @Sendable () -> Int
    private let random: RandomBytes

    /// No keys yet.
    ///
    /// - Parameter now: seconds since 1970: certificates end by that clock, too.  When it is set back, keys of what is
    ///   then the future are dropped.
    public init(now: @escaping @Sendable () -> Int, random: RandomBytes = .system) {
        (self.now, self.random) = (now, random)
    }

    /// Keys that are held.
    var count: Int { keys.withLock { $0.count } }

    /// The time by its clock.
    var time: Int { now() }

    /// Overwrites keys whose time is over; without this that waits for the next handshake.
    public func retire() {
        let now = now()
        keys.withLock { Self.retire(&$0, at: now) }
    }

    private static func retire(_ keys: inout [Key], at now: Int) {
        keys.removeAll { !(0..<acceptedSeconds).contains(now - $0.bornAt) }
    }

    /// The key that seals now.
    func sealing() -> Key {
        let now = now()
        return keys.withLock { keys in
            Self.retire(&keys, at: now)
            if let newest = keys.first, now - newest.bornAt < Self.rotationSeconds { return newest }
            let fresh = Key(at: now, random)
            keys.insert(fresh, at: 0)
            return fresh
        }
    }

    /// The key of this name, while it opens; `isOld` when it seals no more.
    func opening(_ name: Span<UInt8>) -> (key: Key, isOld: Bool)? {
        let now = now()
        return keys.withLock { keys in
            Self.retire(&keys, at: now)
            return keys.first { $0.isNamed(name) }.map { ($0, now - $0.bornAt >= Self.rotationSeconds) }
        }
    }
}

// MARK: OpenSSL asks

extension TicketKeys {
    /// Has tickets of `context`, an `SSL_CTX *` that must not outlive this object, sealed with these keys.
    func seal(ticketsOf context: OpaquePointer) -> Bool {
        let place = Self.place
        let ours = unsafe Unmanaged.passUnretained(self).toOpaque()
        return unsafe place >= 0 && SSL_CTX_set_ex_data(context, place, ours) == 1
            && cSSL_CTX_set_tlsext_ticket_key_evp_cb(context, sealOrOpenTicket) == 1
            && SSL_CTX_set_session_ticket_cb(context, fillTicket, judgeTicket, ours) == 1
    }

    /// Where a context keeps its keys: OpenSSL numbers the places, once for the process.
    private static let place = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nil, nil, nil, nil)

    /// The keys of the context that `connection` was made of.
    fileprivate static func of(_ connection: OpaquePointer?) -> TicketKeys? {
        guard let keys = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), place) else { return nil }
        return unsafe Unmanaged<TicketKeys>.fromOpaque(keys).takeUnretainedValue()
    }

    /// When a session that `connection` just began must end: by ``authenticationSeconds``, and before any certificate
    /// that was verified for it does.
    fileprivate func end(of connection: OpaquePointer?) -> Int {
        var end = now() + Self.authenticationSeconds
        // Owned by the connection; `nil` when the client showed no certificate.
        let chain = unsafe SSL_get0_verified_chain(connection)
        let count = unsafe cX509_stack_count(chain)
        for index in 0..<count {
            unsafe end = min(end, unixSeconds(of: X509_get0_notAfter(cX509_stack_item(chain, index))))
        }
        return end
    }
}

extension TicketKeys.Key {
    /// Readies both contexts to seal or to open with this key.
    fileprivate func use(
        _ cipher: OpaquePointer?, _ mac: OpaquePointer?, iv: UnsafePointer<UInt8>?, sealing isSealing: Bool
    ) -> Bool {
        bytes.withBytes { bytes in
            // Safe: OpenSSL copies both keys during the calls.
            unsafe bytes.withUnsafeBytes { bytes in
                let keys = unsafe bytes.baseAddress.map {
                    unsafe $0.assumingMemoryBound(to: UInt8.self) + Self.nameBytes
                }
                guard let aes = unsafe keys else { return false }
                return unsafe EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nil, aes, iv, isSealing ? 1 : 0) == 1
                    && cEVP_MAC_CTX_set_sha256_key(mac, aes + Self.halfBytes, Self.halfBytes) == 1
            }
        }
    }
}

/// OpenSSL seals or opens a ticket: `SSL_CTX_set_tlsext_ticket_key_evp_cb`.
///
/// 1 when it can, 2 when a new ticket should follow, 0 when the key is not known (then the client shakes hands in
/// full), negative when the connection must end.
private func sealOrOpenTicket(
    _ connection: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ isSealing: Int32
) -> Int32 {
    guard let keys = unsafe TicketKeys.of(connection), let name = unsafe name, let iv = unsafe iv else { return -1 }
    guard isSealing == 0 else {
        let key = keys.sealing()
        key.bytes.withBytes { bytes in
            for index in 0..<TicketKeys.Key.nameBytes { unsafe name[index] = bytes[index] }
        }
        guard unsafe RAND_bytes(iv, 16) == 1 else { return -1 }
        return unsafe key.use(cipher, mac, iv: iv, sealing: true) ? 1 : -1
    }
    let buffer = unsafe UnsafeRawBufferPointer(start: name, count: TicketKeys.Key.nameBytes)
    guard let found = unsafe keys.opening(Span(_unsafeBytes: buffer)) else { return 0 }
    guard unsafe found.key.use(cipher, mac, iv: iv, sealing: false) else { return -1 }
    return found.isOld ? 2 : 1
}

/// OpenSSL is about to seal a session: `SSL_CTX_set_session_ticket_cb`.  A session that was resumed keeps its end, or
/// a client could put it off for ever.
private func fillTicket(_ connection: OpaquePointer?, _ keys: UnsafeMutableRawPointer?) -> Int32 {
    guard let keys = unsafe keys else { return 0 }
    guard unsafe SSL_session_reused(connection) == 0 else { return 1 }
    let ours = unsafe Unmanaged<TicketKeys>.fromOpaque(keys).takeUnretainedValue()
    var end = unsafe Int64(ours.end(of: connection))
    return unsafe SSL_SESSION_set1_ticket_appdata(SSL_get_session(connection), &end, MemoryLayout<Int64>.size)
}

/// OpenSSL has opened a ticket, or could not: `SSL_CTX_set_session_ticket_cb`.
private func judgeTicket(
    _ connection: OpaquePointer?, _ session: OpaquePointer?, _ name: UnsafePointer<UInt8>?, _ nameBytes: Int,
    _ status: SSL_TICKET_STATUS, _ keys: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    guard let keys = unsafe keys else { return SSL_TICKET_RETURN_ABORT }
    guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    let ours = unsafe Unmanaged<TicketKeys>.fromOpaque(keys).takeUnretainedValue()
    var bytes: UnsafeMutableRawPointer?
    var count = 0
    guard unsafe SSL_SESSION_get0_ticket_appdata(session, &bytes, &count) == 1, count == MemoryLayout<Int64>.size,
        let end = unsafe bytes?.loadUnaligned(as: Int64.self), ours.time < Int(end)
    else { return SSL_TICKET_RETURN_IGNORE_RENEW }
    // With TLS 1.3 a client uses a ticket once, and wants the next (RFC 8446 §C.4).
    let isSpent = unsafe status == SSL_TICKET_SUCCESS_RENEW || SSL_version(connection) == TLS1_3_VERSION
    return isSpent ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE
}
