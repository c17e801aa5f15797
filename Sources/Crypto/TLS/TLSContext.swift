internal import Bytes
internal import COpenSSL

/// What many TLS connections share: identity, trust, versions.  Immutable once made, for any number of threads.
///
/// Both sides: TLS 1.2 or later, forward secrecy and authenticated encryption only, no compression, no
/// renegotiation, `http/1.1` as the one application protocol (RFC 7301), sessions resumed by tickets.
/// A client always verifies the server's certificate and name.
@safe public final class TLSContext: Sendable {
    /// A version of the protocol.
    public enum Version: Comparable, Sendable {
        /// TLS 1.2 (RFC 5246).
        case tls12
        /// TLS 1.3 (RFC 8446).
        case tls13

        /// OpenSSL's number for it.
        var number: Int32 {
            switch self {
            case .tls12: TLS1_2_VERSION
            case .tls13: TLS1_3_VERSION
            }
        }
    }

    /// Whether a server asks its clients for a certificate, and who may have issued it.
    public enum ClientCertificates: Sendable {
        /// None is asked for.
        case none
        /// One is asked for; a client without one is served, one with a wrong one is not.
        case optional(authorities: PEM)
        /// A client without a right one is not served.
        case required(authorities: PEM)
    }

    /// Whom a client trusts to vouch for servers.
    public enum Authorities: Sendable {
        /// The machine's list, read once, here: it takes some 20 ms and 2 MiB, so share the context.
        case system
        /// These, and nobody else.
        case only(PEM)
    }

    /// A session lives this long: whoever resumes it shows no certificate again.
    static let sessionSeconds = 3_600

    /// `SSL_CTX *`.  Safe to share: it is changed in `init` only, and OpenSSL counts its references atomically.
    nonisolated(unsafe) let handle: OpaquePointer
    /// What only a server has; `nil` in a client's context.
    let server: ServerSide?
    /// Which side its connections are.
    var isServer: Bool { server != nil }
    /// Stands for whom a client trusts and what it shows: only the same resumes a session.
    let trust: SHA256Digest

    /// For connections that peers open to us, with one certificate and keys of its own for tickets, which last as long
    /// as it does.
    public convenience init(
        server identity: TLSIdentity, minimumVersion: Version = .tls12, maximumVersion: Version = .tls13,
        clients: ClientCertificates = .none
    ) throws(TLSSetupError) {
        try self.init(
            serving: ServerCertificates(ServerCertificate(identity)), minimumVersion: minimumVersion,
            maximumVersion: maximumVersion, clients: clients, succeeding: nil, tickets: TicketKeys(now: { 0 }))
    }

    /// For connections that peers open to us.
    ///
    /// - Parameters:
    ///   - predecessor: what served before at the same place: when it demanded the same of clients, its ticket keys
    ///     are taken over, and a client that it knew resumes.
    ///   - tickets: the keys to use when they are not.
    public init(
        serving certificates: ServerCertificates, minimumVersion: Version = .tls12, maximumVersion: Version = .tls13,
        clients: ClientCertificates = .none, succeeding predecessor: TLSContext?, tickets: TicketKeys
    ) throws(TLSSetupError) {
        unsafe handle = try TLSContext.newHandle(minimumVersion, maximumVersion)
        trust = SHA256.digest(of: [UInt8]().span)
        let demands = ServerSide.demands(minimumVersion, clients)
        var server = ServerSide(certificates: certificates, demands: demands, tickets: tickets)
        if let known = predecessor?.server, known.demands == demands { server.tickets = known.tickets }
        self.server = server
        try ask(clients)
        try unsafe server.setUp(handle)
        unsafe SSL_CTX_set_alpn_select_cb(handle, selectProtocol, nil)
    }

    /// For connections that we open.
    public init(
        trusting authorities: Authorities, minimumVersion: Version = .tls12, maximumVersion: Version = .tls13,
        identity: TLSIdentity? = nil
    ) throws(TLSSetupError) {
        unsafe handle = try TLSContext.newHandle(minimumVersion, maximumVersion)
        server = nil
        trust = TLSContext.trustDigest(authorities, identity)
        try trust(authorities)
        if let identity { try use(identity) }
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        // OpenSSL wants the list in wire form, each name after its length.
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        unsafe SSL_CTX_set_alpn_protos(handle, protocols, UInt32(protocols.count))
        unsafe cSSL_CTX_set_session_cache_mode(
            handle, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        unsafe SSL_CTX_sess_set_new_cb(handle, keepSession)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    /// Overwrites keys of a server's session tickets whose time is over, which otherwise waits for a handshake.
    public func retireTicketKeys() { server?.tickets.retire() }
}

// MARK: Setting up

extension TLSContext {
    /// A context with what both sides have in common.
    private static func newHandle(
        _ minimumVersion: Version, _ maximumVersion: Version
    ) throws(TLSSetupError) -> OpaquePointer {
        OpenSSLFailure.forget()
        guard let handle = unsafe SSL_CTX_new(TLS_method()) else { throw .library(OpenSSLFailure.take().text) }
        let done =
            unsafe cSSL_CTX_set_min_proto_version(handle, minimumVersion.number) == 1
            && cSSL_CTX_set_max_proto_version(handle, maximumVersion.number) == 1
            && SSL_CTX_set_cipher_list(handle, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
            && cSSL_CTX_set1_groups_list(handle, "X25519:P-256:P-384") == 1
        guard done else {
            unsafe SSL_CTX_free(handle)
            throw .library(OpenSSLFailure.take().text)
        }
        unsafe SSL_CTX_set_options(handle, cSSL_OP_NO_COMPRESSION() | cSSL_OP_NO_RENEGOTIATION())
        // An idle connection gives OpenSSL's 16 KiB buffers back; only the chain that was configured is sent.
        let modes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY | SSL_MODE_NO_AUTO_CHAIN
        unsafe cSSL_CTX_set_mode(handle, Int(modes))
        // One call of the BIO hands over all there is, not a header first and then a record.
        unsafe cSSL_CTX_set_read_ahead(handle)
        unsafe SSL_CTX_set_timeout(handle, sessionSeconds)
        return unsafe handle
    }

    private static func trustDigest(_ authorities: Authorities, _ identity: TLSIdentity?) -> SHA256Digest {
        var hash = SHA256()
        switch authorities {
        case .system: hash.update("system".utf8.span)
        case .only(let pem): pem.text.withBytes { hash.update($0) }
        }
        identity?.certificates.text.withBytes { hash.update($0) }
        return hash.finalize()
    }

    /// Takes the certificate, its chain and its key.
    private func use(_ identity: TLSIdentity) throws(TLSSetupError) {
        let name = identity.certificates.name
        var isFirst = true
        try unsafe identity.certificates.forEachCertificate { certificate throws(TLSSetupError) in
            let taken =
                unsafe isFirst
                ? SSL_CTX_use_certificate(handle, certificate) : cSSL_CTX_add1_chain_cert(handle, certificate)
            guard taken == 1 else { throw .refusedCertificate(name, reason: OpenSSLFailure.take().text) }
            isFirst = false
        }
        let key = try unsafe identity.key.privateKey()
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe X509_check_private_key(SSL_CTX_get0_certificate(handle), key) == 1 else {
            OpenSSLFailure.forget()
            throw .keyMismatch(key: identity.key.name, certificate: name)
        }
        guard unsafe SSL_CTX_use_PrivateKey(handle, key) == 1 else {
            throw .brokenKey(identity.key.name, reason: OpenSSLFailure.take().text)
        }
    }

    /// Has clients show certificates, as `clients` says.
    private func ask(_ clients: ClientCertificates) throws(TLSSetupError) {
        switch clients {
        case .none:
            return
        case .optional(let authorities):
            try trust(.only(authorities))
            unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
            unsafe ServerSide.limitChains(of: handle)
        case .required(let authorities):
            try trust(.only(authorities))
            unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
            unsafe ServerSide.limitChains(of: handle)
        }
    }

    /// Trusts `authorities`; a server also tells clients their names.
    private func trust(_ authorities: Authorities) throws(TLSSetupError) {
        switch authorities {
        case .system:
            // Not `SSL_CTX_set_default_verify_paths`, which lets SSL_CERT_FILE in the environment decide.
            let file = unsafe String(cString: X509_get_default_cert_file())
            guard unsafe SSL_CTX_load_verify_file(handle, file) == 1 else {
                OpenSSLFailure.forget()
                throw .noSystemAuthorities(file)
            }
        case .only(let pem):
            let store = unsafe SSL_CTX_get_cert_store(handle)
            try unsafe pem.forEachCertificate { certificate throws(TLSSetupError) in
                guard unsafe X509_STORE_add_cert(store, certificate) == 1 else {
                    throw .refusedCertificate(pem.name, reason: OpenSSLFailure.take().text)
                }
                if isServer { unsafe SSL_CTX_add_client_CA(handle, certificate) }
            }
        }
    }
}

/// OpenSSL asks here which application protocol to speak; a client that offers others only is refused (RFC 7301 §3.2).
private func selectProtocol(
    _ connection: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    let list = unsafe UnsafeRawBufferPointer(start: offered, count: Int(offeredCount))
    guard let place = unsafe ApplicationProtocol.http11(in: Span(_unsafeBytes: list)) else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    unsafe chosen?.pointee = offered.map { unsafe $0 + place.lowerBound }
    unsafe chosenCount?.pointee = UInt8(place.count)
    return SSL_TLSEXT_ERR_OK
}

/// The application protocols of a TLS handshake (RFC 7301).
enum ApplicationProtocol {
    /// Where `http/1.1` stands in a list of names, each after its length; `nil` when it is not there.
    static func http11(in list: Span<UInt8>) -> Range<Int>? {
        var position = 0
        while position < list.count {
            let name = position + 1..<position + 1 + Int(list[position])
            guard name.upperBound <= list.count else { return nil }
            if list.extracting(name).equals("http/1.1") { return name }
            position = name.upperBound
        }
        return nil
    }
}
