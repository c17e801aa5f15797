internal import COpenSSL

/// A certificate that a server shows, with its chain and its key: read, and checked to belong together.
///
/// Immutable once made, for any number of threads.  Whether it is valid now, its owner decides: an expired one still
/// serves clients that do not look.
@safe public final class ServerCertificate: Sendable {
    /// What kind of key is certified: a server may have one certificate of each kind for a name.
    public enum KeyKind: Hashable, Sendable {
        /// RSA (RFC 8017).
        case rsa
        /// An elliptic curve for ECDSA.
        case ecdsa
        /// Another one, such as Ed25519.
        case other
    }

    /// What messages call it.
    public let name: String
    /// The host names that it is for, in lower case, `*.` before some.  Its common name counts for nothing.
    public let dnsNames: [String]
    /// What kind of key it has.
    public let keyKind: KeyKind
    /// From when to when it is valid.
    public let validity: DevelopmentAuthority.Validity
    /// The SHA-256 of its DER.
    public let fingerprint: SHA256Digest

    // Safe to share: only read once made, and OpenSSL counts references atomically.
    /// `X509 *`.
    private nonisolated(unsafe) let leaf: OpaquePointer
    /// `STACK_OF(X509) *`: what leads from `leaf` to its authority; may be empty.
    private nonisolated(unsafe) let chain: OpaquePointer
    /// `EVP_PKEY *`.
    private nonisolated(unsafe) let key: OpaquePointer

    /// Reads both parts of `identity`.
    public init(_ identity: TLSIdentity) throws(TLSSetupError) {
        name = identity.certificates.name
        let (leaf, chain) = try unsafe Self.read(identity.certificates)
        do throws(TLSSetupError) {
            unsafe key = try unsafe identity.key.privateKey()
        } catch {
            unsafe X509_free(leaf)
            unsafe cX509_stack_free(chain)
            throw error
        }
        unsafe (self.leaf, self.chain) = unsafe (leaf, chain)
        dnsNames = unsafe AlternativeNames(of: leaf).dnsNames
        validity = unsafe DevelopmentAuthority.Validity(
            from: unixSeconds(of: X509_get0_notBefore(leaf)), to: unixSeconds(of: X509_get0_notAfter(leaf)))
        fingerprint = unsafe SHA256Digest(ofCertificate: leaf)
        keyKind =
            switch unsafe EVP_PKEY_get_base_id(key) {
            case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .rsa
            case EVP_PKEY_EC: .ecdsa
            default: .other
            }
        // From here on `deinit` frees all three.
        guard unsafe X509_check_private_key(leaf, key) == 1 else {
            OpenSSLFailure.forget()
            throw .keyMismatch(key: identity.key.name, certificate: name)
        }
    }

    deinit {
        unsafe X509_free(leaf)
        unsafe cX509_stack_free(chain)
        unsafe EVP_PKEY_free(key)
    }

    /// The first certificate of `pem`, and the others; both are the caller's to free.
    private static func read(_ pem: PEM) throws(TLSSetupError) -> (leaf: OpaquePointer, chain: OpaquePointer) {
        guard let chain = unsafe cX509_stack_new() else { throw .library("out of memory") }
        var leaf: OpaquePointer?
        do throws(TLSSetupError) {
            try unsafe pem.forEachCertificate { certificate throws(TLSSetupError) in
                unsafe X509_up_ref(certificate)
                if unsafe leaf == nil {
                    unsafe leaf = unsafe certificate
                } else if unsafe cX509_stack_push(chain, certificate) == 0 {
                    unsafe X509_free(certificate)
                    throw .library("out of memory")
                }
            }
        } catch {
            unsafe X509_free(leaf)
            unsafe cX509_stack_free(chain)
            throw error
        }
        guard let leaf = unsafe leaf else { throw .noCertificate(pem.name) }
        return unsafe (leaf, chain)
    }

    /// Has `connection` show it, beside those of other kinds of key that it shows already.
    ///
    /// False when OpenSSL will not, for example since the key is too short: then its error queue says why.
    func show(on connection: OpaquePointer) -> Bool {
        unsafe SSL_use_cert_and_key(connection, leaf, key, chain, 1) == 1
    }

    /// As above, for all connections of `context`.
    func show(onContext context: OpaquePointer) throws(TLSSetupError) {
        OpenSSLFailure.forget()
        guard unsafe SSL_CTX_use_cert_and_key(context, leaf, key, chain, 1) == 1 else {
            throw .refusedCertificate(name, reason: OpenSSLFailure.take().text)
        }
    }
}
