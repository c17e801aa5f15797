public import Bytes

/// Base64 (RFC 4648), strictly: one text for each sequence of bytes, and nothing else is read.
///
/// The standard alphabet has padding, always; the URL alphabet has none, as JOSE wants it (RFC 7515 §2).  No blanks or
/// line ends are read, and the bits behind the last byte must be zero (§3.5).  Decoding has no table and no branch on
/// the characters, so the time taken tells nothing about a key.
public enum Base64 {
    /// Which characters stand for 62 and 63, and whether `=` fills the last group.
    public enum Alphabet: Sendable {
        /// `+`, `/` and padding (§4).
        case standard
        /// `-`, `_`, no padding (§5).
        case url
    }

    /// Appends `bytes` in base64.
    public static func encode(_ bytes: Span<UInt8>, _ alphabet: Alphabet = .standard, into text: inout ByteBuffer) {
        let count = encodedCount(bytes.count, alphabet)
        unsafe text.withFreeSpace(atLeast: count) { room in
            unsafe encode(bytes, alphabet, to: room)
            return count
        }
    }

    /// `bytes` in base64.  Not for a request's way, nor for secrets.
    public static func text(of bytes: Span<UInt8>, _ alphabet: Alphabet = .standard) -> String {
        var text = ByteBuffer()
        encode(bytes, alphabet, into: &text)
        return text.span.text
    }

    /// The bytes that `text` writes.
    public static func decode(_ text: Span<UInt8>, _ alphabet: Alphabet = .standard) throws(Base64Error) -> [UInt8] {
        var bytes = ByteBuffer()
        try decode(text, alphabet, into: &bytes)
        return bytes.span.array
    }

    /// Appends the bytes that `text` writes; appends nothing when it is wrong.
    public static func decode(
        _ text: Span<UInt8>, _ alphabet: Alphabet = .standard, into bytes: inout ByteBuffer
    ) throws(Base64Error) {
        var failure: Base64Error?
        unsafe bytes.withFreeSpace(atLeast: text.count) { room in
            do throws(Base64Error) {
                return try unsafe decode(text, alphabet: alphabet, to: room)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
    }

    /// How many characters `count` bytes take.
    public static func encodedCount(_ count: Int, _ alphabet: Alphabet = .standard) -> Int {
        switch alphabet {
        case .standard: (count + 2) / 3 * 4
        case .url: (count * 4 + 2) / 3
        }
    }
}

/// Why a text is not base64.  It holds places only, never a part of the text.
public enum Base64Error: Error, Equatable, CustomStringConvertible {
    /// No text of this length can be: padding is missing, or there is a part of a group.
    case wrongLength(Int)
    /// The character at this offset is not of the alphabet.
    case wrongCharacter(offset: Int)
    /// The bits behind the last byte are not zero: another text stands for these bytes.
    case trailingBits

    /// One sentence, without the text itself.
    public var description: String {
        switch self {
        case .wrongLength(let count): "not base64: \(count) characters cannot be (is the padding `=` missing?)"
        case .wrongCharacter(let offset): "not base64: character \(offset + 1) does not belong there"
        case .trailingBits: "not base64: the last character has bits too many"
        }
    }
}

/// A digest or signature in base64, always 44 characters, without heap memory.
public struct Base64Digest: Sendable {
    /// Characters in it.
    public static let byteCount = 44

    @usableFromInline var text = InlineArray<44, UInt8>(repeating: 0)

    /// `digest` in base64, standard alphabet, with its padding.
    public init(_ digest: SHA256Digest) {
        // Safe: 32 bytes take exactly 44 characters.
        unsafe withUnsafeMutableBytes(of: &text) { unsafe Base64.encode(digest.span, .standard, to: $0) }
    }

    /// The characters.
    @inlinable public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.span }
    }
}

// MARK: The two ways

extension Base64 {
    /// Writes `bytes` in base64 to the front of `room`, which must have space for ``encodedCount(_:_:)`` characters.
    static func encode(_ bytes: Span<UInt8>, _ alphabet: Alphabet, to room: UnsafeMutableRawBufferPointer) {
        precondition(room.count >= encodedCount(bytes.count, alphabet), "no space for the text")
        let characters = alphabet.characters
        var (source, target) = (0, 0)
        // Safe, here and below: `source` stays in the span by the loop's condition, `target` in the room by the check
        // above, and six bits are below the 64 characters.
        characters.withUTF8Buffer { characters in
            func put(_ bits: UInt32) {
                unsafe room[target] = characters[Int(bits & 0x3F)]
                target &+= 1
            }
            while source &+ 2 < bytes.count {
                let high = unsafe UInt32(bytes[unchecked: source]) << 16 | UInt32(bytes[unchecked: source &+ 1]) << 8
                let group = unsafe high | UInt32(bytes[unchecked: source &+ 2])
                put(group >> 18)
                put(group >> 12)
                put(group >> 6)
                put(group)
                source &+= 3
            }
            let rest = bytes.count &- source
            guard rest > 0 else { return }
            let group = UInt32(bytes[source]) << 16 | (rest == 2 ? UInt32(bytes[source &+ 1]) << 8 : 0)
            put(group >> 18)
            put(group >> 12)
            if rest == 2 { put(group >> 6) }
            guard alphabet == .standard else { return }
            while target & 3 != 0 {
                unsafe room[target] = 0x3D
                target &+= 1
            }
        }
    }

    /// Writes what `text` stands for to the front of `room`, which must have space for three quarters of it, and says
    /// how many bytes that is.
    static func decode(
        _ text: Span<UInt8>, alphabet: Alphabet, to room: UnsafeMutableRawBufferPointer
    ) throws(Base64Error) -> Int {
        let url = alphabet == .url
        let digits = try digitCount(text, url: url)
        precondition(room.count >= digits * 3 / 4, "no space for the bytes")
        var (source, target) = (0, 0)
        var isWrong: Int32 = 0
        // Safe, here and below: `source` stays below `digits`, `target` below three quarters of it.
        while source &+ 3 < digits {
            let first = unsafe value(of: text[unchecked: source], url)
            let second = unsafe value(of: text[unchecked: source &+ 1], url)
            let third = unsafe value(of: text[unchecked: source &+ 2], url)
            let fourth = unsafe value(of: text[unchecked: source &+ 3], url)
            isWrong |= first | second | third | fourth
            unsafe room[target] = UInt8(truncatingIfNeeded: first << 2 | second >> 4)
            unsafe room[target &+ 1] = UInt8(truncatingIfNeeded: second << 4 | third >> 2)
            unsafe room[target &+ 2] = UInt8(truncatingIfNeeded: third << 6 | fourth)
            (source, target) = (source &+ 4, target &+ 3)
        }
        var rest: Int32 = 0
        for index in source..<digits {
            let value = value(of: text[index], url)
            isWrong |= value
            rest = rest << 6 | value
        }
        if isWrong < 0 {
            throw .wrongCharacter(offset: (0..<digits).first { value(of: text[$0], url) < 0 } ?? 0)
        }
        return try unsafe target
            &+ putRest(rest, digits &- source, to: UnsafeMutableRawBufferPointer(rebasing: room[target...]))
    }

    /// Writes the one or two bytes of a last group of two or three digits, and says how many they are.
    private static func putRest(
        _ bits: Int32, _ digits: Int, to room: UnsafeMutableRawBufferPointer
    ) throws(Base64Error) -> Int {
        guard digits > 0 else { return 0 }
        // Two digits have 12 bits, three 18: what is behind the last whole byte must be zero.
        let surplus: Int32 = digits == 2 ? 4 : 2
        guard bits & (1 << surplus &- 1) == 0 else { throw .trailingBits }
        let whole = bits >> surplus
        if digits == 2 {
            unsafe room[0] = UInt8(truncatingIfNeeded: whole)
        } else {
            unsafe room[0] = UInt8(truncatingIfNeeded: whole >> 8)
            unsafe room[1] = UInt8(truncatingIfNeeded: whole)
        }
        return digits &- 1
    }

    /// The characters that stand for bits: all but the padding, which must be whole.
    private static func digitCount(_ text: Span<UInt8>, url: Bool) throws(Base64Error) -> Int {
        let count = text.count
        guard url ? count % 4 != 1 : count % 4 == 0 else { throw .wrongLength(count) }
        guard !url, count > 0, text[count - 1] == 0x3D else { return count }
        return text[count - 2] == 0x3D ? count - 2 : count - 1
    }

    /// The six bits that `character` stands for, or -1.
    @inline(__always)
    private static func value(of character: UInt8, _ url: Bool) -> Int32 {
        let code = Int32(character)
        // `within` is all ones when `code` lies in low...high, else zero.
        func within(_ low: Int32, _ high: Int32) -> Int32 { ~(((code &- low) | (high &- code)) >> 8) }
        var value: Int32 = -1
        value &+= within(0x41, 0x5A) & (code &- 0x40)
        value &+= within(0x61, 0x7A) & (code &- 0x46)
        value &+= within(0x30, 0x39) & (code &+ 5)
        let (plus, slash): (Int32, Int32) = url ? (0x2D, 0x5F) : (0x2B, 0x2F)
        value &+= within(plus, plus) & 63
        value &+= within(slash, slash) & 64
        return value
    }
}

extension Base64.Alphabet {
    /// All 64, in order.
    var characters: StaticString {
        switch self {
        case .standard: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        case .url: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        }
    }
}
