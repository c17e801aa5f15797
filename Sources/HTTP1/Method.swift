internal import Bytes

/// A request's method; one that is not listed is ``other`` and is known by its bytes only.
public enum Method: UInt8, Sendable {
    case get, head, post, put, patch, delete, options, trace, track, connect, other

    /// The method that `bytes` name; names are case-sensitive (RFC 9110 §9.1).
    public init(_ bytes: Span<UInt8>) {
        self = .other
        guard bytes.count <= 8 else { return }
        var word: UInt64 = 0
        for index in bytes.indices { word = word << 8 | UInt64(bytes[index]) }
        switch word {
        case 0x47_4554: self = .get
        case 0x4845_4144: self = .head
        case 0x504F_5354: self = .post
        case 0x50_5554: self = .put
        case 0x50_4154_4348: self = .patch
        case 0x4445_4C45_5445: self = .delete
        case 0x4F_5054_494F_4E53: self = .options
        case 0x54_5241_4345: self = .trace
        case 0x54_5241_434B: self = .track
        case 0x43_4F4E_4E45_4354: self = .connect
        default: break
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
