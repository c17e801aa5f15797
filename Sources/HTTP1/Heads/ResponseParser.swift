internal import Bytes

/// Reads the head of an origin's answer, as its bytes come in: each byte is looked at once, however they are cut.
///
///     statusLine ─▶ reason ─CR▶ lineEnd ─LF▶ fields ─▶ (head complete)
///
/// Whatever is wrong is an error with status 502 (http rules UP-1 to UP-4); the connection is then dropped.
public struct ResponseParser: ~Copyable {
    private enum Place: UInt8 {
        case statusLine, reason, lineEnd, fields
    }

    private var place = Place.statusLine
    private var position = 0
    private var section: FieldSectionScanner

    /// A parser for all answers of one connection.
    public init(limits: HeadLimits = .answer) {
        section = FieldSectionScanner(limits: limits)
    }

    /// Makes ready for the next answer.
    public mutating func reset() {
        (place, position) = (.statusLine, 0)
    }

    /// Goes on with `bytes`, which begin where they began at the last call and have more at their end.
    ///
    /// Returns the length of the head once it is complete; `nil` when it needs more.  A 1xx head is given as a head of
    /// its own, with no body; the caller resets parser and head and reads on.  `requestMethod` decides with the status
    /// whether there is a body (ME-4).  The caller resets `head` before each answer.
    public mutating func parse(
        _ bytes: Span<UInt8>, requestMethod: Method, into head: inout ResponseHead
    ) throws(ParseError) -> Int? {
        do throws(Rule) {
            return try advance(bytes, requestMethod, &head)
        } catch {
            throw ParseError(answer: error)
        }
    }

    private mutating func advance(
        _ bytes: Span<UInt8>, _ method: Method, _ head: inout ResponseHead
    ) throws(Rule) -> Int? {
        if place != .fields {
            guard try advanceStatusLine(bytes, &head) else { return nil }
        }
        let isComplete: Bool
        do throws(Rule) {
            isComplete = try section.scan(bytes, into: &head.fields)
        } catch {
            // A mistake in an earlier line is told first, however the bytes were cut.
            try head.noteNewFields(bytes)
            throw error
        }
        try head.noteNewFields(bytes)
        guard isComplete else { return nil }
        try head.finish(bytes, method: method)
        return section.position
    }

    /// True once the status line is complete.
    private mutating func advanceStatusLine(
        _ bytes: Span<UInt8>, _ head: inout ResponseHead
    ) throws(Rule) -> Bool {
        if place == .statusLine {
            guard try readStatus(bytes, &head) else { return false }
        }
        if place == .reason {
            let bound = section.limits.requestLineBytes &+ 1
            let end = min(bytes.count, bound)
            while position < end, Grammar.isText(bytes[position]) { position &+= 1 }
            guard position < end else {
                if position < bound { return false }
                throw .requestLineTooLong
            }
            guard bytes[position] == 0x0D else { throw .statusLineSyntax }
            head.reason = ByteRange(start: min(13, position), end: position)
            position &+= 1
            place = .lineEnd
        }
        guard position < bytes.count else { return false }
        guard bytes[position] == 0x0A else { throw .bareCarriageReturn }
        section.begin(at: position &+ 1)
        place = .fields
        return true
    }

    /// `HTTP/1.x SP 3DIGIT`; what follows must be a space or the end of the line.
    private mutating func readStatus(_ bytes: Span<UInt8>, _ head: inout ResponseHead) throws(Rule) -> Bool {
        // `HTTP/1.1` at once; what is behind it is read as ever.
        if position == 0, bytes.count >= 8, bytes.word(at: 0) == 0x312E_312F_5054_5448 { position = 8 }
        while position < bytes.count {
            let byte = bytes[position]
            let isRight =
                switch position {
                case 0: byte == 0x48
                case 1, 2: byte == 0x54
                case 3: byte == 0x50
                case 4: byte == 0x2F
                case 5: byte == 0x31
                case 6: byte == 0x2E
                case 7: byte == 0x30 || byte == 0x31
                case 8: byte == 0x20
                case 9: ASCII.isDigit(byte) && byte != 0x30
                case 10, 11: ASCII.isDigit(byte)
                case _: byte == 0x20 || byte == 0x0D
                }
            guard isRight else { throw .statusLineSyntax }
            guard position == 12 else {
                position &+= 1
                continue
            }
            head.version = bytes[7] == 0x31 ? .http11 : .http10
            head.status =
                Int(bytes[9] &- 0x30) &* 100 &+ Int(bytes[10] &- 0x30) &* 10 &+ Int(bytes[11] &- 0x30)
            place = .reason
            return true
        }
        return false
    }
}
