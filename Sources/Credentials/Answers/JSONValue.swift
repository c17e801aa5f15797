internal import Bytes
internal import Crypto

/// A JSON value (RFC 8259) of a token endpoint, or of a challenge.
///
/// Every string is a ``Secret``, since any of them may be a token; numbers keep their text.
indirect enum JSONValue: Sendable {
    case object([(name: String, value: JSONValue)])
    case list([JSONValue])
    case string(Secret)
    case number(String)
    case boolean(Bool)
    case null

    /// A string that is no secret.
    static func text(_ text: String) -> JSONValue { .string(Secret(copying: text)) }

    /// The member `name`; `nil` when there is none, when it is `null`, or when this is no object.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members.first(where: { $0.name == name })?.value else {
            return nil
        }
        if case .null = value { return nil }
        return value
    }

    /// The string, or `nil` when this is none.  What is made of it is no secret any more.
    var text: String? {
        guard case .string(let secret) = self else { return nil }
        return secret.withBytes { $0.text }
    }

    /// The whole number that this is, or that a string writes in decimal; a fraction is cut off.  Small enough to
    /// reckon with.
    var integer: Int? {
        let text: String
        switch self {
        case .number(let number): text = number
        case .string(let secret) where secret.count <= 32: text = secret.withBytes { $0.text }
        case .object, .list, .string, .boolean, .null: return nil
        }
        guard text.utf8.allSatisfy({ ASCII.isDigit($0) || ".+-eE".utf8.contains($0) }), let number = Double(text),
            number.magnitude < 1e15
        else { return nil }
        return Int(number)
    }
}

// MARK: Writing

extension JSONValue {
    /// The shortest text that says this, members in their order.
    var written: Secret {
        var buffer = ByteBuffer()
        write(to: &buffer)
        defer { buffer.wipe() }
        return Secret(copying: buffer.span)
    }

    private func write(to buffer: inout ByteBuffer) {
        switch self {
        case .object(let members):
            buffer.append("{")
            for (index, member) in members.enumerated() {
                if index > 0 { buffer.append(",") }
                Self.write(member.name.utf8.span, to: &buffer)
                buffer.append(":")
                member.value.write(to: &buffer)
            }
            buffer.append("}")
        case .list(let items):
            buffer.append("[")
            for (index, item) in items.enumerated() {
                if index > 0 { buffer.append(",") }
                item.write(to: &buffer)
            }
            buffer.append("]")
        case .string(let secret): secret.withBytes { Self.write($0, to: &buffer) }
        case .number(let text): buffer.append(text: text)
        case .boolean(let value): buffer.append(value ? "true" : "false")
        case .null: buffer.append("null")
        }
    }

    private static func write(_ text: Span<UInt8>, to buffer: inout ByteBuffer) {
        buffer.append("\"")
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\""): buffer.append("\\\"")
            case UInt8(ascii: "\\"): buffer.append("\\\\")
            case let byte where byte < 0x20:
                buffer.append("\\u00")
                buffer.append(ASCII.lowerHexDigit(byte >> 4))
                buffer.append(ASCII.lowerHexDigit(byte & 0xF))
            case let byte: buffer.append(byte)
            }
        }
        buffer.append("\"")
    }
}
