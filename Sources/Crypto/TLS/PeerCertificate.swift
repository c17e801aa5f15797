internal import COpenSSL

/// Who a peer proved to be: what its certificate says, after its chain, its dates and its purpose were verified and
/// the handshake showed that the peer holds its key.
///
/// Only ``TLSConnection`` makes it.  Read once a handshake, also of one that resumed: the certificate is sealed in the
/// session's ticket.
public final class PeerCertificate: Sendable {
    /// Host names among its subject alternative names, in lower case.
    public let dnsNames: [String]
    /// URIs among them, such as a SPIFFE id, as they stand there.
    public let uris: [String]
    /// Its subject as RFC 2253 writes it, such as `CN=billing,O=Contoso`; for a person to read, not for a decision.
    public let subject: String
    /// The SHA-256 of its DER.
    public let fingerprint: SHA256Digest

    /// Reads `certificate`, which was verified.
    init(verified certificate: OpaquePointer) {
        let names = unsafe AlternativeNames(of: certificate)
        (dnsNames, uris) = (names.dnsNames, names.uris)
        subject = unsafe Self.subject(of: certificate)
        fingerprint = unsafe SHA256Digest(ofCertificate: certificate)
    }

    /// The certificate that the peer of `connection` showed and that was found good; `nil` when it showed none.
    static func of(_ connection: OpaquePointer) -> PeerCertificate? {
        guard let certificate = unsafe SSL_get0_peer_certificate(connection),
            unsafe SSL_get_verify_result(connection) == Int(X509_V_OK)
        else { return nil }
        return unsafe PeerCertificate(verified: certificate)
    }

    private static func subject(of certificate: OpaquePointer) -> String {
        let bio = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(bio) }
        // Control characters, and bytes beyond ASCII, are written as escapes.
        unsafe X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, cXN_FLAG_RFC2253())
        OpenSSLFailure.forget()
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe cBIO_get_mem_data(bio, &start)
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: max(0, count)), as: UTF8.self)
    }
}

extension PeerCertificate: Equatable {
    /// True for the same certificate.
    public static func == (left: PeerCertificate, right: PeerCertificate) -> Bool {
        left.fingerprint == right.fingerprint
    }
}

extension SHA256Digest {
    /// The digest of a certificate's DER.
    init(ofCertificate certificate: OpaquePointer) {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var count: UInt32 = 0
        // Safe: OpenSSL writes the 32 bytes that there is room for.
        let done = unsafe withUnsafeMutableBytes(of: &digest) { room in
            unsafe X509_digest(
                certificate, EVP_sha256(), room.baseAddress?.assumingMemoryBound(to: UInt8.self), &count)
        }
        precondition(done == 1 && Int(count) == Self.byteCount, "OpenSSL is out of memory")
        self.init(bytes: digest)
    }
}
