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
        while true {
            let stop = firstEscaped(in: bytes, from: start, to: end)
            append(bytes.extracting(start..<stop))
            if stop == end { break }
            append(jsonEscaped: bytes[stop])
            start = stop &+ 1
        }
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

/// Where the first byte of `start..<end` stands that does not stand for itself in a JSON string of ours; `end` if
/// all do.  Eight bytes are looked at as one number, a lane each; a set top bit marks a lane that was looked for.
@inline(__always)
private func firstEscaped(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var index = start
    while index &+ 8 <= end {
        let word = bytes.word(at: index)
        let low = word & ~tops
        // Lanes hold at most 0x7F here, so none of these sums carries into the next lane.
        let printable = low &+ ones &* 0x60
        let delete = low &+ ones
        let notQuote = (low ^ ones &* 0x22) &+ ones &* 0x7F
        let notBackslash = (low ^ ones &* 0x5C) &+ ones &* 0x7F
        let found = (word | delete | ~(printable & notQuote & notBackslash)) & tops
        if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
        index &+= 8
    }
    while index < end, isPlainInJSON(bytes[index]) { index &+= 1 }
    return index
}

/// True for a byte that stands for itself in a JSON string of ours: printable ASCII but `"` and `\`.
@inline(__always)
private func isPlainInJSON(_ byte: UInt8) -> Bool {
    byte &- 0x20 < 0x5F && byte != 0x22 && byte != 0x5C
}
