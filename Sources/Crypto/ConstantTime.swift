internal import COpenSSL

/// True when both hold the same bytes.  The time taken depends on the lengths only, never on where they differ.
///
/// For every comparison of a signature, a digest of a secret or a token.
public func constantTimeEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    guard one.count > 0 else { return true }
    // Safe: both are read during the call only, and `count` bytes of each exist.
    return unsafe one.withUnsafeBytes { left in
        unsafe other.withUnsafeBytes { right in
            unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
        }
    }
}
