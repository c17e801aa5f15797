internal import COpenSSL

/// A certificate, those that lead to its authority, and its RSA key: who a client is, proven by signatures.
///
/// Read from PEM (key and certificates in any order, the first certificate is the leaf; the key PKCS #8, PKCS #1 or
/// encrypted) or from PKCS #12 (encrypted with AES or with 3DES, or not at all).  RC2, which Windows long used for
/// the certificates, needs OpenSSL's legacy provider, which is not loaded.  Immutable, for any number of threads.
@safe public final class SigningCertificate: Sendable {
    /// The certificates in DER, the leaf first, the others as they stand in the file.
    public let chain: [[UInt8]]
    /// The SHA-1 of the leaf's DER, 20 bytes: what `x5t` says (RFC 7515 §4.1.7).
    public let sha1: [UInt8]
    /// The SHA-256 of the leaf's DER: what `x5t#S256` says (§4.1.8).
    public let sha256: SHA256Digest
    /// From when to when the leaf is valid.
    public let validity: DevelopmentAuthority.Validity
    /// `EVP_PKEY *`.  Safe to share: only read once made; its numbers are overwritten when it is freed.
    private nonisolated(unsafe) let key: OpaquePointer

    /// Reads the bytes of a file, with the `password` that encrypts it.
    public init(_ file: Secret, password: Secret? = nil) throws(SigningCertificateError) {
        OpenSSLFailure.forget()
        let parts = try CertificateFile.read(file, password: password)
        // Its certificates free their handles: the optimizer must not let them go before the last check.
        defer { extendLifetime(parts) }
        // From here on `deinit` frees the key, also when a check fails.
        unsafe key = unsafe parts.key
        chain = parts.certificates.map { unsafe $0.handle.der }
        let leaf = chain[0]
        sha256 = SHA256.digest(of: leaf.span)
        sha1 = unsafe parts.certificates[0].handle.sha1
        validity = unsafe DevelopmentAuthority.Validity(
            from: unixSeconds(of: X509_get0_notBefore(parts.certificates[0].handle)),
            to: unixSeconds(of: X509_get0_notAfter(parts.certificates[0].handle)))
        guard unsafe EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else { throw .notRSA }
        let bits = Int(unsafe EVP_PKEY_get_bits(key))
        guard SignatureVerifier.modulusBits.contains(bits) else { throw .unsuitableKey(bits: bits) }
        guard unsafe X509_check_private_key(parts.certificates[0].handle, key) == 1 else {
            OpenSSLFailure.forget()
            throw .keyMismatch
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The signature of `message`.
    public func sign(
        _ message: Span<UInt8>, by algorithm: SignatureVerifier.Algorithm
    ) throws(SigningCertificateError) -> [UInt8] {
        OpenSSLFailure.forget()
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        // Owned by `context`.
        var options: OpaquePointer?
        guard unsafe EVP_DigestSignInit(context, &options, EVP_sha256(), nil, key) == 1,
            unsafe algorithm.setPadding(of: options)
        else { throw .library(OpenSSLFailure.take().text) }
        var count = Int(unsafe EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: count)
        // Safe: OpenSSL reads the message during the call only, and writes at most `count`, the size of the key.
        let done = unsafe message.withUnsafeBytes { source in
            let start = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe EVP_DigestSign(context, &signature, &count, start, source.count)
        }
        guard done == 1 else { throw .library(OpenSSLFailure.take().text) }
        signature.removeSubrange(count...)
        return signature
    }
}

/// Why a certificate file cannot be used.  It holds nothing of the file.
public enum SigningCertificateError: Error, Equatable {
    /// There is no certificate in it.
    case noCertificate
    /// One of its certificates, counted from 1, cannot be read.
    case brokenCertificate(number: Int, reason: String)
    /// There is no private key in it.
    case noKey
    /// The key, or the whole file, is encrypted, and there is no password.
    case noPassword
    /// The password does not open it.
    case wrongPassword
    /// It is encrypted in a way that OpenSSL does not read without its legacy provider.
    case oldEncryption
    /// The key cannot be read.
    case brokenKey(reason: String)
    /// Neither PEM nor PKCS #12.
    case unknownFormat(reason: String)
    /// The key is not an RSA key.
    case notRSA
    /// The RSA key is not as long as ``SignatureVerifier/modulusBits`` says.
    case unsuitableKey(bits: Int)
    /// The key is not that of the first certificate.
    case keyMismatch
    /// OpenSSL itself failed.
    case library(String)
}

extension SigningCertificateError: CustomStringConvertible {
    /// What goes behind the name of the file.
    public var description: String {
        switch self {
        case .noCertificate: "holds no certificate"
        case .brokenCertificate(let number, let reason):
            "has a certificate (its number \(number)) that is broken: \(reason)"
        case .noKey: "holds no private key"
        case .noPassword: "is encrypted, and there is no password"
        case .wrongPassword: "is not opened by its password"
        case .oldEncryption: "is encrypted with RC2 or another cipher that OpenSSL 3 does not read any more"
        case .brokenKey(let reason): "has a private key that cannot be used: \(reason)"
        case .unknownFormat(let reason): "is neither PEM nor PKCS #12: \(reason)"
        case .notRSA: "has a key that is not an RSA key"
        case .unsuitableKey(let bits):
            "has an RSA key of \(bits) bits; \(SignatureVerifier.modulusBits.lowerBound) is the least, "
                + "\(SignatureVerifier.modulusBits.upperBound) the most"
        case .keyMismatch: "has a private key that does not belong to its first certificate"
        case .library(let reason): "cannot be used: OpenSSL failed: \(reason)"
        }
    }
}
