internal import Bytes
internal import Crypto

/// Reads one JSON text (RFC 8259), strictly: UTF-8, nothing behind it, no name twice in one object, and no deeper than
/// ``depthLimit``.  Its length is bounded by whoever received it.
struct JSONParser: ~Copyable, ~Escapable {
    /// Values within values: answers have three.
    static let depthLimit = 16
    /// Names in one object, each compared with all others: answers have ten.
    static let memberLimit = 256

    private let bytes: Span<UInt8>
    private var position = 0
    /// The string that is being read, its escapes undone.
    private var text = ByteBuffer()

    @_lifetime(copy bytes)
    private init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The value that `bytes` write, or `nil`.
    static func parse(_ bytes: Span<UInt8>) -> JSONValue? {
        guard (try? UTF8Span(validating: bytes)) != nil else { return nil }
        var parser = JSONParser(bytes)
        let value = parser.value(depth: 0)
        parser.skipBlanks()
        parser.text.wipe()
        return parser.position == bytes.count ? value : nil
    }

    // MARK: Grammar

    private mutating func value(depth: Int) -> JSONValue? {
        skipBlanks()
        guard depth < Self.depthLimit, let byte = peek else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return list(depth: depth)
        case UInt8(ascii: "\""):
            guard readString() else { return nil }
            return .string(Secret(copying: text.span))
        case UInt8(ascii: "t"): return take("true") ? .boolean(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .boolean(false) : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        case _: return number()
        }
    }

    private mutating func object(depth: Int) -> JSONValue? {
        var members: [(name: String, value: JSONValue)] = []
        position += 1
        skipBlanks()
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard readString() else { return nil }
            let name = text.span.text
            skipBlanks()
            guard take(":"), members.count < Self.memberLimit, !members.contains(where: { $0.name == name }),
                let value = value(depth: depth + 1)
            else { return nil }
            members.append((name, value))
            skipBlanks()
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func list(depth: Int) -> JSONValue? {
        var items: [JSONValue] = []
        position += 1
        skipBlanks()
        if take("]") { return .list(items) }
        repeat {
            guard let item = value(depth: depth + 1) else { return nil }
            items.append(item)
            skipBlanks()
        } while take(",")
        return take("]") ? .list(items) : nil
    }

    /// `-`, digits without a leading zero, a fraction, an exponent.
    private mutating func number() -> JSONValue? {
        let start = position
        _ = take("-")
        if !take("0"), !takeDigits() { return nil }
        if take("."), !takeDigits() { return nil }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard takeDigits() else { return nil }
        }
        return .number(bytes.extracting(start..<position).text)
    }

    /// Reads a string into ``text``.
    private mutating func readString() -> Bool {
        text.clear()
        guard take("\"") else { return false }
        while let byte = peek, byte >= 0x20 {
            position += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") {
                guard readEscape() else { return false }
            } else {
                text.append(byte)
            }
        }
        return false
    }

    private mutating func readEscape() -> Bool {
        guard let byte = peek else { return false }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): return readCodePoint()
        case _: return false
        }
        return true
    }

    /// Four hexadecimal digits, twice for what lies beyond the first plane; half a pair is refused.
    private mutating func readCodePoint() -> Bool {
        guard var code = readUnit() else { return false }
        if 0xD800...0xDBFF ~= code {
            guard take("\\"), take("u"), let low = readUnit(), 0xDC00...0xDFFF ~= low else { return false }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { return false }
        for byte in scalar.utf8 { text.append(byte) }
        return true
    }

    private mutating func readUnit() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = ASCII.hexValue(bytes[position]) else { return nil }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    /// Takes `word` if it comes next.
    private mutating func take(_ word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes.extracting(position..<end).equals(word) else { return false }
        position = end
        return true
    }

    /// Takes at least one digit.
    private mutating func takeDigits() -> Bool {
        let start = position
        while let byte = peek, ASCII.isDigit(byte) { position += 1 }
        return position > start
    }
}
