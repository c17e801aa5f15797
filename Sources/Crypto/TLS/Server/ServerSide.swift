internal import COpenSSL

/// What a server's ``TLSContext`` has and a client's has not.
struct ServerSide: Sendable {
    /// What it shows.
    let certificates: ServerCertificates
    /// Stands for what a client must prove: a session from before goes on only under the same demands.
    let demands: Demands
    /// What seals its tickets.
    var tickets: TicketKeys

    /// Whether clients are asked for a certificate.
    var asksClients: Bool { demands.asksClients }

    /// What a client must prove, by whom it is vouched for, and with which version of TLS.
    struct Demands: Equatable, Sendable {
        let digest: SHA256Digest
        let asksClients: Bool
    }

    /// The certificates between a client's and an authority's, at most.
    private static let chainLimit: Int32 = 4
    /// All that a client may send as its certificate and chain; OpenSSL alone would take 100 KiB.
    private static let certificateLimitBytes = 32_768

    /// The demands of a server that speaks at least `minimumVersion` and treats `clients` so.
    static func demands(_ minimumVersion: TLSContext.Version, _ clients: TLSContext.ClientCertificates) -> Demands {
        var hash = SHA256()
        hash.update("\(minimumVersion.number) ".utf8.span)
        switch clients {
        case .none:
            return Demands(digest: hash.finalize(), asksClients: false)
        case .optional(let authorities):
            hash.update("optional ".utf8.span)
            authorities.text.withBytes { hash.update($0) }
        case .required(let authorities):
            hash.update("required ".utf8.span)
            authorities.text.withBytes { hash.update($0) }
        }
        return Demands(digest: hash.finalize(), asksClients: true)
    }

    /// Bounds what a client may show, and takes each certificate of the trusted file for an authority of its own: an
    /// issuing authority is believed without its root, and then its root's other children are not.
    static func limitChains(of context: OpaquePointer) {
        unsafe SSL_CTX_set_verify_depth(context, chainLimit)
        unsafe X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }

    /// Sets up `context`, an `SSL_CTX *` that must not outlive this value.
    func setUp(_ context: OpaquePointer) throws(TLSSetupError) {
        try unsafe certificates.serve(on: context)
        // A client that puts ChaCha20 first has no AES in its hardware.
        let preference = cSSL_OP_CIPHER_SERVER_PREFERENCE() | cSSL_OP_PRIORITIZE_CHACHA()
        unsafe SSL_CTX_set_options(context, preference)
        unsafe cSSL_CTX_set_max_cert_list(context, Self.certificateLimitBytes)
        // No early data (RFC 8446 §8): it could be replayed.
        unsafe SSL_CTX_set_max_early_data(context, 0)
        // Tickets keep the state with the client: nothing is stored here, so peers cannot fill our memory.
        unsafe cSSL_CTX_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        unsafe SSL_CTX_set_num_tickets(context, 1)
        let digest = demands.digest
        let isBound = unsafe digest.span.withUnsafeBufferPointer { bytes in
            unsafe SSL_CTX_set_session_id_context(context, bytes.baseAddress, UInt32(bytes.count))
        }
        guard isBound == 1, unsafe tickets.seal(ticketsOf: context) else {
            throw .library(OpenSSLFailure.take().text)
        }
    }
}
