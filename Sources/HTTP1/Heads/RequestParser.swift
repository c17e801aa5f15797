internal import Bytes

/// Reads the head of a request, as its bytes come in: each byte is looked at once, however they are cut.
///
///     start ─▶ method ─SP▶ path ─"?"▶ query ─SP▶ version ─CR LF▶ fields ─▶ (head complete)
///                           └──────────SP──────────▲
///
/// The first byte that breaks a rule is an error, at once: nothing waits for the end of its line.  After an error the
/// connection is not read further.  After a head, and what follows it, ``reset()`` begins the next.
public struct RequestParser: ~Copyable {
    private enum Place: UInt8 {
        case start, emptyLineEnd, method, path, query, version, fields
    }

    private var place = Place.start
    private var hasSkippedLine = false
    private var position = 0
    private var lineStart = 0
    /// Where the target, and later the version, begins.
    private var partStart = 0
    /// The first `?` of the target.
    private var mark: Int?
    private var section: FieldSectionScanner

    /// A parser for all requests of one connection.
    public init(limits: HeadLimits) {
        section = FieldSectionScanner(limits: limits)
    }

    /// The limits that it was made with.
    public var limits: HeadLimits { section.limits }

    /// True once a byte of the request line has come; an empty line before it does not count (http rule RL-8).
    public var hasStarted: Bool { place != .start && place != .emptyLineEnd }

    /// Makes ready for the next request.
    public mutating func reset() {
        (place, hasSkippedLine, position, mark) = (.start, false, 0, nil)
    }

    /// Goes on with `bytes`, which begin where they began at the last call and have more at their end.
    ///
    /// Returns the length of the head once it is complete, a skipped empty line before it included; `nil` when it
    /// needs more.  The caller resets `head` before each request.
    public mutating func parse(_ bytes: Span<UInt8>, into head: inout RequestHead) throws(ParseError) -> Int? {
        do throws(Rule) {
            return try advance(bytes, &head)
        } catch {
            throw ParseError(request: error)
        }
    }

    private mutating func advance(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(Rule) -> Int? {
        if place != .fields {
            guard try advanceRequestLine(bytes, &head) else { return nil }
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
        try head.finish(bytes)
        return section.position
    }

    /// True once the request line is complete.
    private mutating func advanceRequestLine(
        _ bytes: Span<UInt8>, _ head: inout RequestHead
    ) throws(Rule) -> Bool {
        if !hasStarted {
            guard try skipEmptyLine(bytes) else { return false }
        }
        let bound = lineStart &+ section.limits.requestLineBytes &+ 1
        let end = min(bytes.count, bound)
        if place == .method {
            guard try readMethod(bytes, end, &head) else { return try waitOrRefuse(bound) }
        }
        if place == .path || place == .query {
            guard try readTarget(bytes, end, &head) else { return try waitOrRefuse(bound) }
        }
        return try readVersion(bytes, &head)
    }

    /// Skips at most one empty line (RL-8); true once the request line has begun.
    private mutating func skipEmptyLine(_ bytes: Span<UInt8>) throws(Rule) -> Bool {
        if place == .emptyLineEnd {
            guard position < bytes.count else { return false }
            guard bytes[position] == 0x0A else { throw .bareCarriageReturn }
            position &+= 1
            (place, hasSkippedLine) = (.start, true)
        }
        guard position < bytes.count else { return false }
        if bytes[position] == 0x0D {
            guard !hasSkippedLine else { throw .extraEmptyLine }
            position &+= 1
            place = .emptyLineEnd
            return try skipEmptyLine(bytes)
        }
        guard Grammar.isToken(bytes[position]) else { throw .methodSyntax }
        lineStart = position
        place = .method
        return true
    }

    /// The method and the space behind it; false when `end` came first.
    private mutating func readMethod(
        _ bytes: Span<UInt8>, _ end: Int, _ head: inout RequestHead
    ) throws(Rule) -> Bool {
        if position == lineStart, position &+ 8 <= end, let (method, count) = Method.leading(bytes.word(at: position)) {
            endMethod(method, at: position &+ count, &head)
            return true
        }
        while position < end, Grammar.isToken(bytes[position]) {
            // Longer than every method that a registry knows (RL-2).
            guard position &- lineStart < 32 else { throw .methodUnknown }
            position &+= 1
        }
        guard position < end else { return false }
        guard bytes[position] == 0x20 else { throw .methodSyntax }
        for offset in lineStart..<position where bytes[offset] &- 0x41 >= 26 && bytes[offset] != 0x2D {
            throw .methodUnknown
        }
        endMethod(Method(bytes.extracting(lineStart..<position)), at: position, &head)
        return true
    }

    private mutating func endMethod(_ method: Method, at end: Int, _ head: inout RequestHead) {
        head.method = method
        head.methodRange = ByteRange(start: lineStart, end: end)
        position = end &+ 1
        partStart = position
        place = .path
    }

    /// The target and the space behind it; false when `end` came first.
    private mutating func readTarget(
        _ bytes: Span<UInt8>, _ end: Int, _ head: inout RequestHead
    ) throws(Rule) -> Bool {
        var offset = position
        while true {
            offset = Lanes.skipTarget(bytes, from: offset, to: end)
            guard offset < end else { break }
            let byte = bytes[offset]
            if !Grammar.isTarget(byte) {
                if byte == 0x20 { break }
                if byte == 0x3F {
                    if place == .path { (mark, place) = (offset, .query) }
                } else {
                    // An address in brackets stands only in a target that is not a path.
                    guard byte == 0x5B || byte == 0x5D, bytes[partStart] != 0x2F else { throw .targetSyntax }
                }
            }
            offset &+= 1
        }
        position = offset
        guard offset < end else { return false }
        guard offset > partStart else { throw .requestLineSyntax }
        // The space and the eight bytes of a version must fit as well.
        guard offset &+ 9 &- lineStart <= section.limits.requestLineBytes else { throw .requestLineTooLong }
        let parsed = try ParsedTarget(bytes, from: partStart, to: offset, mark: mark, method: head.method)
        head.rawTarget = ByteRange(start: partStart, end: offset)
        head.target = parsed.target
        if parsed.target.form == .absolute {
            (head.targetAuthority, head.targetDefaultPort) = (parsed.authority, parsed.defaultPort)
        }
        position = offset &+ 1
        partStart = position
        place = .version
        return true
    }

    /// `HTTP/1.1` or `HTTP/1.0` and CR LF: byte by byte, never as numbers (RL-4).
    private mutating func readVersion(_ bytes: Span<UInt8>, _ head: inout RequestHead) throws(Rule) -> Bool {
        // `HTTP/1.1` at once; what is behind it is read as ever.
        if position == partStart, position &+ 8 <= bytes.count, bytes.word(at: position) == 0x312E_312F_5054_5448 {
            position &+= 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            let isRight =
                switch position &- partStart {
                case 0: byte == 0x48
                case 1, 2: byte == 0x54
                case 3: byte == 0x50
                case 4: byte == 0x2F
                case 5, 7: ASCII.isDigit(byte)
                case 6: byte == 0x2E
                case 8: byte == 0x0D
                case _: byte == 0x0A
                }
            guard isRight else { throw position &- partStart == 9 ? .bareCarriageReturn : .versionSyntax }
            position &+= 1
            guard position &- partStart == 10 else { continue }
            guard bytes[partStart &+ 5] == 0x31, bytes[partStart &+ 7] <= 0x31 else { throw .versionUnsupported }
            head.version = bytes[partStart &+ 7] == 0x31 ? .http11 : .http10
            section.begin(at: position)
            place = .fields
            return true
        }
        return false
    }

    /// All bytes up to `bound` were read and the line goes on.
    private func waitOrRefuse(_ bound: Int) throws(Rule) -> Bool {
        if position < bound { return false }
        throw .requestLineTooLong
    }
}
