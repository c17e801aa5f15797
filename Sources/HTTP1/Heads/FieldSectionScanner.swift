internal import Bytes

/// Reads the field lines of a request's or an answer's head, each byte once.
///
///     lineStart ──tchar──▶ name ──":"──▶ value ──CR──▶ lineEnd ──LF──▶ lineStart
///         └──CR──▶ lastLineEnd ──LF──▶ done
///
/// It can stop behind any byte and go on when there are more, since its place is kept.
struct FieldSectionScanner: ~Copyable {
    private enum Place: UInt8 {
        case lineStart, name, value, lineEnd, lastLineEnd
    }

    /// The limits of the whole head.
    let limits: HeadLimits
    private let names = FieldNameTable.shared
    private var place = Place.lineStart
    /// Of the line that is being read: where it begins, its colon, and what its name means.
    private var lineStart = 0
    private var colon = 0
    private var match = FieldNameTable.Match()
    /// The first byte that has not been looked at; behind the end, the head's length.
    private(set) var position = 0

    init(limits: HeadLimits) {
        self.limits = limits
    }

    /// Begins behind the first line of a head.
    mutating func begin(at start: Int) {
        (place, position) = (.lineStart, start)
    }

    /// Appends all complete lines to `fields`; true once the section has ended, false when it needs more.
    mutating func scan(_ bytes: Span<UInt8>, into fields: inout FieldList) throws(Rule) -> Bool {
        var count = fields.count
        defer { fields.count = count }
        while true {
            // One check of uniqueness for all lines.
            var slots = fields.slots.mutableSpan
            while count < slots.count {
                if place == .lineStart {
                    guard try beginLine(bytes, count: count) else { return false }
                }
                guard try readLine(bytes) else { return false }
                if place == .lastLineEnd { return true }
                slots[count] = line(bytes)
                count &+= 1
                place = .lineStart
            }
            fields.grow()
        }
    }

    /// Decides by the first byte of a line what it is; false if there is none yet.
    @inline(__always)
    private mutating func beginLine(_ bytes: Span<UInt8>, count: Int) throws(Rule) -> Bool {
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
        lineStart = position
        place = .name
        return true
    }

    /// The rest of a line and its CR LF; false when it needs more.
    @inline(__always)
    private mutating func readLine(_ bytes: Span<UInt8>) throws(Rule) -> Bool {
        if place == .name || place == .value {
            let bound = min(lineStart &+ limits.fieldLineBytes &+ 1, limits.headBytes)
            let end = min(bytes.count, bound)
            if place == .name {
                guard try readName(bytes, end) else { return try waitOrRefuse(bound) }
            }
            guard try readValue(bytes, end) else { return try waitOrRefuse(bound) }
        }
        guard position < bytes.count else { return false }
        guard bytes[position] == 0x0A else { throw .bareCarriageReturn }
        position &+= 1
        guard position <= limits.headBytes else { throw .headTooLong }
        return true
    }

    /// The name and its colon; false when `end` came first.
    @inline(__always)
    private mutating func readName(_ bytes: Span<UInt8>, _ end: Int) throws(Rule) -> Bool {
        if let found = names.findPlain(bytes, from: lineStart, to: end) {
            colon = found.colon
            match = FieldNameTable.Match(name: found.name)
        } else {
            guard try readUnusualName(bytes, end) else { return false }
        }
        position = colon &+ 1
        place = .value
        return true
    }

    /// A name with other bytes than letters, digits and `-`, or a long one, or one that is not complete yet.
    @inline(never)
    private mutating func readUnusualName(_ bytes: Span<UInt8>, _ end: Int) throws(Rule) -> Bool {
        while position < end, Grammar.isToken(bytes[position]) { position &+= 1 }
        guard position < end else { return false }
        guard bytes[position] == 0x3A else { throw .fieldNameSyntax }
        colon = position
        match = names.find(bytes, from: lineStart, to: colon)
        return true
    }

    /// The value and its CR; false when `end` came first.
    @inline(__always)
    private mutating func readValue(_ bytes: Span<UInt8>, _ end: Int) throws(Rule) -> Bool {
        var offset = Lanes.firstControl(bytes, from: position, to: end)
        while offset < end, bytes[offset] == 0x09 {
            offset = Lanes.firstControl(bytes, from: offset &+ 1, to: end)
        }
        position = offset
        guard offset < end else { return false }
        guard bytes[offset] == 0x0D else { throw bytes[offset] == 0x0A ? .bareLineFeed : .fieldValueSyntax }
        position = offset &+ 1
        place = .lineEnd
        return true
    }

    /// All bytes up to `bound` were read and the line goes on.
    private func waitOrRefuse(_ bound: Int) throws(Rule) -> Bool {
        if position < bound { return false }
        throw bound == limits.headBytes ? .headTooLong : .fieldLineTooLong
    }

    /// The line whose CR LF ends at `position`, white space around its value left out.
    @inline(__always)
    private func line(_ bytes: Span<UInt8>) -> FieldLine {
        var start = colon &+ 1
        var end = position &- 2
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start &+= 1 }
        while end > start, bytes[end &- 1] == 0x20 || bytes[end &- 1] == 0x09 { end &-= 1 }
        return FieldLine(
            name: ByteRange(start: lineStart, end: colon), value: ByteRange(start: start, end: end),
            known: match.name, isLookalike: match.hasMarks && match.name != .other)
    }
}
