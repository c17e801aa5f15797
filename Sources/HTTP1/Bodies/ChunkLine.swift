internal import Bytes

/// The line before a chunk's data: `1*16HEXDIG [ chunk-ext ] CR LF` (RFC 9112 §7.1), read byte by byte.
///
///     size ─";"▶ nameStart ─tchar▶ name ─"="▶ valueStart ─tchar▶ token
///       │           ▲               │             └─DQUOTE▶ quoted ─"\"▶ quotedPair
///       │           └──────";"──────┴──────";"─── afterQuoted ◀─DQUOTE─┘
///       └─CR▶ lineEnd ◀─CR─ name, token, afterQuoted
///
/// White space around `;` and `=` is refused, which RFC 9112 §7.1.1 calls bad (http rules CK-1, CK-3).
struct ChunkLine {
    /// Longest line without its CR LF (CK-4).
    static let byteLimit = 256

    private enum Place: UInt8 {
        case size, nameStart, name, valueStart, token, quoted, quotedPair, afterQuoted, lineEnd
    }

    private var place = Place.size
    private var digits = 0
    private var size: UInt64 = 0
    /// Bytes of the line so far.
    private var count = 0
    /// Bytes of this line's extensions so far.
    private(set) var extensionBytes = 0

    /// Reads on from `offset`; the chunk's size once the line is complete, `nil` when it needs more.
    mutating func read(_ bytes: Span<UInt8>, at offset: inout Int) throws(Rule) -> Int? {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if place == .lineEnd {
                guard byte == 0x0A else { throw .bareCarriageReturn }
                return Int(size)
            }
            if byte != 0x0D || place == .quoted || place == .quotedPair {
                guard count < Self.byteLimit else { throw .chunkLineTooLong }
                count &+= 1
            }
            if place == .size { try readSize(byte) } else { try readExtension(byte) }
        }
        return nil
    }

    private mutating func readSize(_ byte: UInt8) throws(Rule) {
        if let digit = ASCII.hexValue(byte) {
            digits &+= 1
            size = size << 4 | UInt64(digit)
            guard digits <= 16, size <= UInt64(Int.max) else { throw .chunkSizeSyntax }
            return
        }
        guard digits > 0 else { throw .chunkSizeSyntax }
        switch byte {
        case 0x0D: place = .lineEnd
        case 0x3B:
            place = .nameStart
            extensionBytes = 1
        default: throw byte == 0x0A ? .bareLineFeed : .chunkSizeSyntax
        }
    }

    private mutating func readExtension(_ byte: UInt8) throws(Rule) {
        extensionBytes &+= 1
        switch (place, byte) {
        case (.nameStart, _) where Grammar.isToken(byte): place = .name
        case (.valueStart, _) where Grammar.isToken(byte): place = .token
        case (.name, _) where Grammar.isToken(byte), (.token, _) where Grammar.isToken(byte): break
        case (.name, 0x3D): place = .valueStart
        case (.valueStart, 0x22): place = .quoted
        case (.quoted, 0x22): place = .afterQuoted
        case (.quoted, 0x5C): place = .quotedPair
        case (.quoted, _) where Grammar.isText(byte): break
        case (.quotedPair, _) where Grammar.isText(byte): place = .quoted
        case (.name, 0x3B), (.token, 0x3B), (.afterQuoted, 0x3B): place = .nameStart
        case (.name, 0x0D), (.token, 0x0D), (.afterQuoted, 0x0D): place = .lineEnd
        case (_, _): throw .chunkExtensionSyntax
        }
    }
}
