public import Bytes

/// Hexadecimal: lower case out, either case in.
public enum Hex {
    /// Appends two digits per byte.
    public static func encode(_ bytes: Span<UInt8>, into text: inout ByteBuffer) {
        text.reserve(bytes.count * 2)
        for index in bytes.indices {
            text.append(ASCII.lowerHexDigit(bytes[index] >> 4))
            text.append(ASCII.lowerHexDigit(bytes[index] & 0xF))
        }
    }

    /// `bytes` as text.  Not for a request's way.
    public static func text(of bytes: Span<UInt8>) -> String {
        var text = ByteBuffer()
        encode(bytes, into: &text)
        return text.span.text
    }

    /// The bytes that `text` writes; `nil` when it has an odd length or another character.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = ASCII.hexValue(text[index]), let low = ASCII.hexValue(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
