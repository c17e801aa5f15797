internal import Bytes

/// A request's method; one that is not listed is ``other`` and is known by its bytes only.
public enum Method: UInt8, Sendable {
    case get, head, post, put, patch, delete, options, trace, track, connect, other

    /// The method that `bytes` name; names are case-sensitive (RFC 9110 §9.1).
    public init(_ bytes: Span<UInt8>) {
        self = .other
        guard bytes.count <= 7 else { return }
        let word = Lanes.word(bytes, from: 0, to: bytes.count) | 0x20 << UInt64(bytes.count &* 8)
        if let (method, count) = Self.leading(word), count == bytes.count { self = method }
    }

    /// The known method that `word`, eight bytes with the first one lowest, begins with, and its length; a space
    /// follows it.
    @inline(__always)
    static func leading(_ word: UInt64) -> (method: Method, count: Int)? {
        switch word & 0xFFFF_FFFF {
        case 0x2054_4547: return (.get, 3)
        case 0x2054_5550: return (.put, 3)
        case _: break
        }
        switch word & 0xFF_FFFF_FFFF {
        case 0x20_5453_4F50: return (.post, 4)
        case 0x20_4441_4548: return (.head, 4)
        case _: break
        }
        switch word & 0xFFFF_FFFF_FFFF {
        case 0x2048_4354_4150: return (.patch, 5)
        case 0x2045_4341_5254: return (.trace, 5)
        case 0x204B_4341_5254: return (.track, 5)
        case _: break
        }
        if word & 0xFF_FFFF_FFFF_FFFF == 0x20_4554_454C_4544 { return (.delete, 6) }
        switch word {
        case 0x2053_4E4F_4954_504F: return (.options, 7)
        case 0x2054_4345_4E4E_4F43: return (.connect, 7)
        case _: return nil
        }
    }

    /// Asks for nothing to change (RFC 9110 §9.2.1).
    @inlinable public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .patch, .delete, .track, .connect, .other: false
        }
    }

    /// May be sent twice (http rule RT-1).
    @inlinable public var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .put, .delete: true
        case .post, .patch, .trace, .track, .connect, .other: false
        }
    }
}

/// The protocol version of a message.
public enum Version: UInt8, Sendable {
    case http10, http11
}
