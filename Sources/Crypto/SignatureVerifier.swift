internal import Bytes
internal import COpenSSL

/// Checks RSA signatures over SHA-256, as JOSE names them (RFC 7518 §3.1).
///
/// Checking changes nothing, so any number of threads may check at once.
@safe public final class SignatureVerifier: Sendable {
    /// How a signature was made.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// RSASSA-PKCS1-v1_5 (§3.3).
        case rs256 = "RS256"
        /// RSASSA-PSS with MGF1 over SHA-256 and a salt of 32 bytes (§3.5).
        case ps256 = "PS256"
    }

    /// Bits of a modulus: less is unsafe (§3.3), and more costs whoever checks.
    public static let modulusBits = 2048...8192

    /// `EVP_PKEY *`.  Safe to share: OpenSSL only reads it, and counts its users by itself.
    private nonisolated(unsafe) let key: OpaquePointer

    /// A verifier with the RSA key of the first certificate in `pem`.
    public convenience init(certificate pem: PEM) throws(TLSSetupError) {
        var key: OpaquePointer?
        try unsafe pem.forEachCertificate { certificate throws(TLSSetupError) in
            if unsafe key == nil { unsafe key = unsafe X509_get_pubkey(certificate) }
        }
        try unsafe self.init(taking: key, of: pem)
    }

    /// A verifier with the RSA key that `pem` holds as `BEGIN PUBLIC KEY`.
    public convenience init(publicKey pem: PEM) throws(TLSSetupError) {
        let key = unsafe pem.withReader { unsafe PEM_read_bio_PUBKEY($0, nil, nil, nil) }
        try unsafe self.init(taking: key, of: pem)
    }

    private init(taking key: OpaquePointer?, of pem: PEM) throws(TLSSetupError) {
        guard let key = unsafe key else { throw .noKey(pem.name) }
        unsafe self.key = unsafe key
        guard unsafe EVP_PKEY_is_a(key, "RSA") == 1, Self.modulusBits.contains(Int(unsafe EVP_PKEY_get_bits(key)))
        else {
            let (low, high) = (Self.modulusBits.lowerBound, Self.modulusBits.upperBound)
            throw .brokenKey(pem.name, reason: "an RSA key of \(low) to \(high) bits is needed")
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// True when `signature` is the key's own, made with `algorithm` over `message`.
    public func isValid(_ signature: Span<UInt8>, of message: Span<UInt8>, by algorithm: Algorithm) -> Bool {
        OpenSSLFailure.forget()
        defer { OpenSSLFailure.forget() }
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        // Owned by `context`.
        var options: OpaquePointer?
        guard unsafe EVP_DigestVerifyInit(context, &options, EVP_sha256(), nil, key) == 1,
            unsafe algorithm.setPadding(of: options)
        else { return false }
        // Safe: OpenSSL reads both during the call only.
        return unsafe signature.withUnsafeBytes { signature in
            unsafe message.withUnsafeBytes { message in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress?.assumingMemoryBound(to: UInt8.self), signature.count,
                    message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
            }
        }
    }
}

extension SignatureVerifier.Algorithm {
    /// Tells OpenSSL how to pad, in the `EVP_PKEY_CTX *` of a signature.
    func setPadding(of options: OpaquePointer?) -> Bool {
        switch self {
        case .rs256: unsafe EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) == 1
        case .ps256:
            unsafe EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(options, Int32(SHA256Digest.byteCount)) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(options, EVP_sha256()) == 1
        }
    }
}

/// A certificate as those know it who check what its owner signs: its bytes, its names in JOSE, its key.
public struct VerifyingCertificate: Sendable {
    /// The certificate in DER.
    public let der: [UInt8]
    /// The SHA-1 of ``der``, 20 bytes: what `x5t` says (RFC 7515 §4.1.7).
    public let sha1: [UInt8]
    /// The SHA-256 of ``der``: what `x5t#S256` says (§4.1.8).
    public let sha256: SHA256Digest
    /// Checks signatures with its key.
    public let verifier: SignatureVerifier

    /// The first certificate in `pem`, which must have an RSA key.
    public init(_ pem: PEM) throws(TLSSetupError) {
        var der: [UInt8] = []
        var sha1: [UInt8] = []
        try unsafe pem.forEachCertificate { certificate throws(TLSSetupError) in
            guard der.isEmpty else { return }
            der = unsafe certificate.der
            sha1 = unsafe certificate.sha1
        }
        self.der = der
        self.sha1 = sha1
        sha256 = SHA256.digest(of: der.span)
        verifier = try SignatureVerifier(certificate: pem)
    }
}

extension OpaquePointer {
    /// An `X509 *` in DER.
    var der: [UInt8] {
        let count = unsafe i2d_X509(self, nil)
        precondition(count > 0, "a certificate that was read has no DER")
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { room, used in
            var end = room.baseAddress
            // Safe: the same call said how much it writes.
            used = Int(unsafe i2d_X509(self, &end))
        }
    }

    /// The SHA-1 of an `X509 *` in DER.
    var sha1: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { room, used in
            var count: UInt32 = 0
            let done = unsafe X509_digest(self, EVP_sha1(), room.baseAddress, &count)
            precondition(done == 1, "OpenSSL has no SHA-1")
            used = Int(count)
        }
    }
}
