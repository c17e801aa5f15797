internal import COpenSSL

/// Trust in the one certificate whose SHA-1 is known beforehand: its chain, its names and its dates count for nothing.
///
/// For TLS that another library drives over OpenSSL and lets us set up: libcurl's `CURLOPT_SSL_CTX_FUNCTION`.  The
/// certificate is looked at within the handshake, so with a wrong one no byte of a request is ever encrypted.
/// Used by one thread at a time.
public final class CertificatePin {
    /// Bytes of a thumbprint.
    public static let thumbprintByteCount = 20

    private let thumbprint: [UInt8]

    /// True once a peer showed the certificate; that it holds the key, the rest of the handshake proves.
    ///
    /// A resumed session shows none, and leaves this false.
    public private(set) var hasMatched = false

    /// The pin of a certificate by the SHA-1 of its DER; `nil` unless that has 20 bytes.
    public init?(sha1 thumbprint: [UInt8]) {
        guard thumbprint.count == Self.thumbprintByteCount else { return nil }
        self.thumbprint = thumbprint
    }

    /// Has connections of `context`, an `SSL_CTX *` that none was made of yet, verify this pin and nothing else.
    ///
    /// The context keeps the pin until it is freed.  False when memory is out: then the context must not be used.
    public func install(onContext context: UnsafeMutableRawPointer) -> Bool {
        let context = OpaquePointer(context)
        let place = Self.place
        let kept = unsafe Unmanaged.passRetained(self)
        // `releasePin` gives this reference back when the context is freed.
        guard place >= 0, unsafe SSL_CTX_set_ex_data(context, place, kept.toOpaque()) == 1 else {
            unsafe kept.release()
            OpenSSLFailure.forget()
            return false
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set_cert_verify_callback(context, verifyPin, kept.toOpaque())
        return true
    }

    /// Where a context keeps its pin: OpenSSL numbers the places, once for the process.
    private static let place = unsafe CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nil, nil, nil, releasePin)

    /// Compares the SHA-1 of `certificate`, in a time that does not tell where it differs.
    fileprivate func matches(_ certificate: OpaquePointer?) -> Bool {
        let expected = thumbprint
        var digest = [UInt8](repeating: 0, count: Self.thumbprintByteCount)
        var count: UInt32 = 0
        guard let certificate = unsafe certificate,
            unsafe X509_digest(certificate, EVP_sha1(), &digest, &count) == 1, Int(count) == digest.count
        else { return false }
        hasMatched = constantTimeEqual(digest.span, expected.span)
        return hasMatched
    }
}

/// OpenSSL asks here whether to believe the peer, in place of verifying a chain: `SSL_CTX_set_cert_verify_callback`.
private func verifyPin(_ chain: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context = unsafe context else { return 0 }
    let pin = unsafe Unmanaged<CertificatePin>.fromOpaque(context).takeUnretainedValue()
    let isMatch = unsafe pin.matches(X509_STORE_CTX_get0_cert(chain))
    unsafe X509_STORE_CTX_set_error(chain, isMatch ? X509_V_OK : X509_V_ERR_CERT_REJECTED)
    return isMatch ? 1 : 0
}

/// OpenSSL frees a context, with or without a pin: `CRYPTO_get_ex_new_index`.
private func releasePin(
    _ parent: UnsafeMutableRawPointer?, _ pin: UnsafeMutableRawPointer?,
    _ data: UnsafeMutablePointer<crypto_ex_data_st>?,
    _ place: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) {
    guard let pin = unsafe pin else { return }
    unsafe Unmanaged<CertificatePin>.fromOpaque(pin).release()
}
