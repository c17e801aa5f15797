internal import Bytes
internal import COpenSSL

/// Where randomness comes from: a parameter of everything that needs some, so that tests can repeat it.
public struct RandomBytes: Sendable {
    private let fill: @Sendable (inout MutableSpan<UInt8>) -> Void

    /// A source that fills the whole of what it is given.
    public init(_ fill: @escaping @Sendable (_ bytes: inout MutableSpan<UInt8>) -> Void) {
        self.fill = fill
    }

    /// OpenSSL's generator, which each thread has its own of, seeded by the kernel; fit for keys.
    ///
    /// It fails only where the kernel gives no entropy: then nothing safe can be done, and it traps.
    public static let system = RandomBytes { bytes in
        // Safe: OpenSSL writes during the call only, within the span.
        unsafe bytes.withUnsafeMutableBytes { room in
            let written = unsafe RAND_bytes(
                room.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(truncatingIfNeeded: room.count))
            precondition(written == 1, "the system gives no randomness")
        }
    }

    /// Fills the whole of `bytes`.
    public func fill(_ bytes: inout MutableSpan<UInt8>) { fill(&bytes) }
}

/// A random UUID (RFC 9562, version 4) as its 36 characters, lower case.
public struct UUIDText: Sendable {
    /// Characters in it.
    public static let byteCount = 36

    @usableFromInline var text = InlineArray<36, UInt8>(repeating: 0x2D)

    /// A new one, from 16 bytes of `source`.
    public init(from source: RandomBytes) {
        var bits = InlineArray<16, UInt8>(repeating: 0)
        var room = bits.mutableSpan
        source.fill(&room)
        bits[6] = bits[6] & 0x0F | 0x40
        bits[8] = bits[8] & 0x3F | 0x80
        var position = 0
        for index in bits.indices {
            // The hyphens stand before bytes 4, 6, 8 and 10.
            if index >= 4, index <= 10, index % 2 == 0 { position += 1 }
            text[position] = ASCII.lowerHexDigit(bits[index] >> 4)
            text[position + 1] = ASCII.lowerHexDigit(bits[index] & 0xF)
            position += 2
        }
    }

    /// The characters.
    @inlinable public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.span }
    }
}

extension UUIDText: CustomStringConvertible {
    /// The UUID as text.
    public var description: String { span.text }
}
