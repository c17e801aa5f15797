internal import COpenSSL

/// A key for HMAC-SHA-256 (RFC 2104), keyed once.
///
/// What it keeps are the two SHA-256 states that have taken in the padded key; each signature starts from copies of
/// them on its own stack.  Nothing is changed by signing, so any number of threads may sign at once, without a lock
/// and without an allocation.  The states are overwritten when the last reference goes.
@safe public final class HMACKey: Sendable {
    /// The inner state, then the outer one.  Safe to share: written before `init` ends, only read until `deinit`.
    private nonisolated(unsafe) let states: UnsafeMutablePointer<SHA256>

    /// Keys with `bytes`, of any length; more than 64 are hashed first, as RFC 2104 says.
    public init(_ bytes: Span<UInt8>) {
        unsafe states = HMACKey.states(keyedWith: bytes)
    }

    /// Keys with the bytes of `secret`.
    public init(_ secret: Secret) {
        unsafe states = secret.withBytes { unsafe HMACKey.states(keyedWith: $0) }
    }

    deinit {
        unsafe OPENSSL_cleanse(states, 2 * MemoryLayout<SHA256>.stride)
        unsafe states.deallocate()
    }

    /// The HMAC of `bytes`.
    public func sign(_ bytes: Span<UInt8>) -> SHA256Digest {
        var inner = unsafe states[0]
        inner.update(bytes)
        return seal(inner)
    }

    /// Starts an HMAC of bytes that come in pieces.
    public func start() -> HMAC {
        HMAC(key: self, inner: unsafe states[0])
    }

    /// Ends an HMAC: the outer hash over the inner one's digest.
    fileprivate func seal(_ inner: SHA256) -> SHA256Digest {
        var outer = unsafe states[1]
        outer.update(inner.finalize().span)
        return outer.finalize()
    }

    private static func states(keyedWith bytes: Span<UInt8>) -> UnsafeMutablePointer<SHA256> {
        var block = InlineArray<64, UInt8>(repeating: 0)
        if bytes.count <= 64 {
            for index in bytes.indices { block[index] = bytes[index] }
        } else {
            let digest = SHA256.digest(of: bytes)
            for index in digest.span.indices { block[index] = digest.span[index] }
        }
        let states = UnsafeMutablePointer<SHA256>.allocate(capacity: 2)
        unsafe states.initialize(to: state(after: &block, xor: 0x36))
        // The block now holds the key xor 0x36: this gives key xor 0x5C.
        unsafe (states + 1).initialize(to: state(after: &block, xor: 0x36 ^ 0x5C))
        unsafe withUnsafeMutableBytes(of: &block) { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
        return unsafe states
    }

    /// The state after `block`, once `pad` has been laid over it.
    private static func state(after block: inout InlineArray<64, UInt8>, xor pad: UInt8) -> SHA256 {
        for index in block.indices { block[index] ^= pad }
        var state = SHA256()
        state.update(block.span)
        return state
    }
}

/// One HMAC-SHA-256 under way; ``HMACKey/start()`` makes it.
public struct HMAC: ~Copyable {
    private let key: HMACKey
    private var inner: SHA256

    fileprivate init(key: HMACKey, inner: SHA256) {
        self.key = key
        self.inner = inner
    }

    /// Takes in the next `bytes`.
    public mutating func update(_ bytes: Span<UInt8>) {
        inner.update(bytes)
    }

    /// The HMAC of all that was taken in.
    public consuming func finalize() -> SHA256Digest {
        key.seal(inner)
    }
}
