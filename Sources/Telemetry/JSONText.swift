public import Bytes

extension ByteBuffer {
    /// Appends `bytes` as the inside of a JSON string, at most `limit` of them; a cut is marked by `\u2026` (…).
    ///
    /// What comes out is always printable ASCII, whatever a peer sent: `"` and `\` get a backslash, and each
    /// byte below 0x20 or above 0x7E becomes `\u00XX`, that is, bytes are read as Latin-1.  So no byte is lost or
    /// guessed at, a line cannot be broken or hidden (no LF, no U+2028, no direction marks), and text that is
    /// not UTF-8 needs no second rule.  Targets and names are ASCII by grammar, so real traffic reads as it is.
    public mutating func append(jsonText bytes: Span<UInt8>, limit: Int) {
        let end = min(bytes.count, limit)
        var start = 0
        var index = 0
        while index < end {
            let byte = bytes[index]
            if isPlainInJSON(byte) {
                index &+= 1
                continue
            }
            append(bytes.extracting(start..<index))
            append(jsonEscaped: byte)
            index &+= 1
            start = index
        }
        append(bytes.extracting(start..<end))
        if end < bytes.count { append("\\u2026") }
    }

    private mutating func append(jsonEscaped byte: UInt8) {
        if byte == 0x22 || byte == 0x5C {
            append(0x5C)
            append(byte)
        } else {
            append("\\u00")
            append(ASCII.lowerHexDigit(byte >> 4))
            append(ASCII.lowerHexDigit(byte & 0xF))
        }
    }
}

/// True for a byte that stands for itself in a JSON string of ours: printable ASCII but `"` and `\`.
@inline(__always)
private func isPlainInJSON(_ byte: UInt8) -> Bool {
    byte &- 0x20 < 0x5F && byte != 0x22 && byte != 0x5C
}
