internal import Bytes
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
    ///
    /// What ``Base64`` reads, in a third of its instructions: every request of an SDK with a key declares a digest.
    public init?(base64 text: Span<UInt8>) {
        guard text.count == Base64Digest.byteCount, text[43] == 0x3D else { return nil }
        // Ten groups of four characters, and one of three, whose last has two bits too many.  Unlike a key, a digest is
        // no secret, so what it says may be looked up.
        let values = Self.base64Values.span
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        var wrong: UInt8 = 0
        var target = 0
        for source in stride(from: 0, to: 44, by: 4) {
            let first = values[Int(text[source])]
            let second = values[Int(text[source &+ 1])]
            let third = values[Int(text[source &+ 2])]
            let isLast = source == 40
            let fourth = isLast ? 0 : values[Int(text[source &+ 3])]
            wrong |= first | second | third | fourth | (isLast ? (third & 3) << 6 : 0)
            bytes[target] = first << 2 | second >> 4
            bytes[target &+ 1] = second << 4 | third >> 2
            if !isLast { bytes[target &+ 2] = third << 6 | fourth }
            target &+= 3
        }
        guard wrong < 64 else { return nil }
        self.bytes = bytes
    }

    /// What each character of the standard alphabet stands for; 255 for all that are none.
    private static let base64Values: InlineArray<256, UInt8> = {
        var values = InlineArray<256, UInt8>(repeating: 255)
        var text = ByteBuffer()
        text.append(Base64.Alphabet.standard.characters)
        for index in 0..<text.count { values[Int(text[index])] = UInt8(index) }
        return values
    }()

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
