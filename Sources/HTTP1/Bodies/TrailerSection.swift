internal import Bytes

/// The field lines behind the last chunk: checked like a head's, then forgotten (http rules TR-1 to TR-3).
///
///     lineStart ─tchar▶ name ─":"▶ value ─CR▶ lineEnd ─LF▶ lineStart
///         └─CR▶ lastLineEnd ─LF▶ done
struct TrailerSection {
    private enum Place: UInt8 {
        case lineStart, name, value, lineEnd, lastLineEnd
    }

    private let limits: HeadLimits
    private var place = Place.lineStart
    /// Bytes of the section and of its current line, and lines, so far.
    private var sectionBytes = 0
    private var lineBytes = 0
    private var lines = 0

    init(limits: HeadLimits) {
        self.limits = limits
    }

    /// Reads on from `offset`; true once the section is complete.
    mutating func read(_ bytes: Span<UInt8>, at offset: inout Int) throws(Rule) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            sectionBytes &+= 1
            guard sectionBytes <= limits.headBytes else { throw .headTooLong }
            switch place {
            case .lineStart: try begin(byte)
            case .name:
                try countByte()
                guard !Grammar.isToken(byte) else { break }
                guard byte == 0x3A else { throw .fieldNameSyntax }
                place = .value
            case .value:
                if byte == 0x0D {
                    place = .lineEnd
                } else {
                    try countByte()
                    guard Grammar.isText(byte) else { throw byte == 0x0A ? .bareLineFeed : .fieldValueSyntax }
                }
            case .lineEnd, .lastLineEnd:
                guard byte == 0x0A else { throw .bareCarriageReturn }
                if place == .lastLineEnd { return true }
                place = .lineStart
            }
        }
        return false
    }

    /// The first byte of a line.
    private mutating func begin(_ byte: UInt8) throws(Rule) {
        if byte == 0x0D {
            place = .lastLineEnd
            return
        }
        if byte == 0x20 || byte == 0x09 { throw .foldedLine }
        guard Grammar.isToken(byte) else { throw byte == 0x0A ? .bareLineFeed : .fieldNameSyntax }
        guard lines < limits.fieldCount else { throw .tooManyFields }
        lines &+= 1
        lineBytes = 1
        place = .name
    }

    private mutating func countByte() throws(Rule) {
        lineBytes &+= 1
        guard lineBytes <= limits.fieldLineBytes else { throw .fieldLineTooLong }
    }
}
