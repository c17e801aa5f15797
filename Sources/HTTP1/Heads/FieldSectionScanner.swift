internal import Bytes

/// Reads field lines one by one, byte after byte, each byte once: of a request's or an answer's head.
///
///     lineStart ──tchar──▶ name ──":"──▶ value ──CR──▶ lineEnd ──LF──▶ lineStart
///         └──CR──▶ lastLineEnd ──LF──▶ done
///
/// It can stop behind any byte and go on when there are more, since its place is kept.
struct FieldSectionScanner: ~Copyable {
    /// What was found.
    enum Step {
        case line(FieldLine), end, needMore
    }

    private enum Place: UInt8 {
        case lineStart, name, value, lineEnd, lastLineEnd
    }

    private let limits: HeadLimits
    private var place = Place.lineStart
    private var lineStart = 0
    private var colon = 0
    private var count = 0
    /// The first byte that has not been looked at; behind the end, the head's length.
    private(set) var position = 0

    init(limits: HeadLimits) {
        self.limits = limits
    }

    /// Begins behind the first line of a head.
    mutating func begin(at start: Int) {
        (place, position, lineStart, count) = (.lineStart, start, start, 0)
    }

    /// The next line, or why there is none yet.
    @inline(__always)
    mutating func next(_ bytes: Span<UInt8>) throws(Rule) -> Step {
        if place == .lineStart {
            guard try beginLine(bytes) else { return .needMore }
        }
        let bound = min(lineStart &+ limits.fieldLineBytes &+ 1, limits.headBytes)
        let end = min(bytes.count, bound)
        if place == .name {
            var offset = position
            while offset < end, Grammar.isToken(bytes[offset]) { offset &+= 1 }
            position = offset
            if offset == end { return try waitOrRefuse(bytes.count, bound) }
            guard bytes[offset] == 0x3A, offset > lineStart else { throw .fieldNameSyntax }
            colon = offset
            position = offset &+ 1
            place = .value
        }
        if place == .value {
            position = Lanes.firstControl(bytes, from: position, to: end)
            while position < end, bytes[position] == 0x09 {
                position = Lanes.firstControl(bytes, from: position &+ 1, to: end)
            }
            if position == end { return try waitOrRefuse(bytes.count, bound) }
            guard bytes[position] == 0x0D else { throw bytes[position] == 0x0A ? .bareLineFeed : .fieldValueSyntax }
            position &+= 1
            place = .lineEnd
        }
        guard position < bytes.count else { return .needMore }
        guard bytes[position] == 0x0A else { throw .bareCarriageReturn }
        position &+= 1
        guard position <= limits.headBytes else { throw .headTooLong }
        if place == .lastLineEnd { return .end }
        place = .lineStart
        return .line(line(bytes))
    }

    /// Decides by the first byte of a line what it is; false if there is none yet.
    @inline(__always)
    private mutating func beginLine(_ bytes: Span<UInt8>) throws(Rule) -> Bool {
        guard position < bytes.count else { return false }
        guard position < limits.headBytes else { throw .headTooLong }
        let first = bytes[position]
        if first == 0x0D {
            position &+= 1
            place = .lastLineEnd
            return true
        }
        if first == 0x20 || first == 0x09 { throw .foldedLine }
        guard Grammar.isToken(first) else { throw first == 0x0A ? .bareLineFeed : .fieldNameSyntax }
        guard count < limits.fieldCount else { throw .tooManyFields }
        count &+= 1
        lineStart = position
        place = .name
        return true
    }

    /// All bytes up to `bound` were read and the line goes on.
    private func waitOrRefuse(_ available: Int, _ bound: Int) throws(Rule) -> Step {
        if position < bound { return .needMore }
        throw bound == limits.headBytes ? .headTooLong : .fieldLineTooLong
    }

    /// The line whose CR LF ends at `position`.
    @inline(__always)
    private func line(_ bytes: Span<UInt8>) -> FieldLine {
        var start = colon &+ 1
        var end = position &- 2
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start &+= 1 }
        while end > start, bytes[end &- 1] == 0x20 || bytes[end &- 1] == 0x09 { end &-= 1 }
        let found = knownFieldNames.find(bytes, from: lineStart, to: colon)
        return FieldLine(
            name: ByteRange(start: lineStart, end: colon), value: ByteRange(start: start, end: end),
            known: found.name, isLookalike: found.hasMarks && found.name != .other)
    }
}
