internal import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
///
/// A plain value of 112 bytes without heap memory: it lives inside whatever counts the bytes, and copying it forks the
/// digest.  docs/decisions/0004-sha256-by-value.md says why it is not OpenSSL's `EVP_MD_CTX`.
public struct SHA256: Sendable {
    private var state = SHA256_CTX()

    /// The digest of nothing yet.
    public init() {
        unsafe SHA256_Init(&state)
    }

    /// Takes in the next `bytes`.
    public mutating func update(_ bytes: Span<UInt8>) {
        // Safe: OpenSSL reads the bytes during the call only.
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Takes in the next bytes, which stand in C's memory.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        unsafe SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    /// The digest of all that was taken in.  More may follow: it is finished on a copy.
    public func finalize() -> SHA256Digest {
        var last = state
        var digest = SHA256Digest(bytes: InlineArray(repeating: 0))
        // Safe: a digest has room for exactly the 32 bytes that OpenSSL writes.
        unsafe withUnsafeMutableBytes(of: &digest) { room in
            _ = unsafe SHA256_Final(room.baseAddress?.assumingMemoryBound(to: UInt8.self), &last)
        }
        return digest
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: Span<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}

/// The 32 bytes that SHA-256 or HMAC-SHA-256 gives.
///
/// Comparing two takes the same time wherever they differ, so a signature may be checked with `==`.
public struct SHA256Digest: Sendable {
    /// Bytes in a digest.
    public static let byteCount = 32

    @usableFromInline let bytes: InlineArray<32, UInt8>

    init(bytes: InlineArray<32, UInt8>) { self.bytes = bytes }

    /// A digest that came from elsewhere; `nil` unless it has 32 bytes.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var copy = InlineArray<32, UInt8>(repeating: 0)
        for index in copy.indices { copy[index] = bytes[index] }
        self.bytes = copy
    }

    /// A digest written in base64, with its padding (44 characters); `nil` when it is not.
    public init?(base64 text: Span<UInt8>) {
        guard text.count == Base64Digest.byteCount else { return nil }
        // 44 characters with one `=` give 32 bytes; without it they would give 33.
        var decoded = InlineArray<33, UInt8>(repeating: 0)
        let count = unsafe withUnsafeMutableBytes(of: &decoded) { room in
            try? unsafe Base64.decode(text, alphabet: .standard, to: room)
        }
        guard count == Self.byteCount else { return nil }
        self.init(decoded.span.extracting(first: Self.byteCount))
    }

    /// Its bytes.
    @inlinable public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span }
    }

    /// Its bytes as 64 lower-case hexadecimal digits.  Not for a request's way.
    public var hex: String { Hex.text(of: span) }
}

extension SHA256Digest: Equatable {
    /// True when all bytes are the same; takes the same time in every case.
    public static func == (one: SHA256Digest, other: SHA256Digest) -> Bool {
        constantTimeEqual(one.span, other.span)
    }
}

extension SHA256Digest: CustomStringConvertible {
    /// The digest in hexadecimal.
    public var description: String { hex }
}
