internal import Bytes

/// What requests and answers have in common while their fields are read: framing fields and `Connection` lists.
struct MessageState: ~Copyable {
    /// Most elements of all `Connection` lines together (http rules, section 12).
    static let nominationLimit = 64

    /// The value of `Content-Length`, or -1.
    var contentLength = -1
    /// Where the value of `Transfer-Encoding` stands.
    var transferEncoding: ByteRange?
    var saysClose = false
    var saysKeepAlive = false
    /// The singletons seen, a bit each.
    private var seen: UInt32 = 0
    /// The elements of `Connection` that name fields.
    private var nominations: [ByteRange] = []
    private var elementCount = 0

    mutating func reset() {
        (contentLength, transferEncoding, saysClose, saysKeepAlive) = (-1, nil, false, false)
        (seen, elementCount) = (0, 0)
        if !nominations.isEmpty { nominations.removeAll(keepingCapacity: true) }
    }

    /// Notes that a field that may stand once stands here; throws when it stood before (HD-7, CL-2, HO-2, TE-2).
    @inline(__always)
    mutating func noteSingleton(_ name: FieldName) throws(Rule) {
        let bit: UInt32 = 1 << UInt32(name.rawValue)
        guard seen & bit == 0 else { throw .repeatedField }
        seen |= bit
    }

    /// `1*DIGIT`, at most 19 of them, at most 2^63−1 (CL-1).
    mutating func setContentLength(_ bytes: Span<UInt8>, _ value: ByteRange) throws(Rule) {
        guard value.count >= 1, value.count <= 19 else { throw .contentLengthSyntax }
        var length: UInt64 = 0  // 19 digits fit
        for offset in value.start..<value.end {
            guard ASCII.isDigit(bytes[offset]) else { throw .contentLengthSyntax }
            length = length &* 10 &+ UInt64(bytes[offset] &- 0x30)
        }
        guard length <= UInt64(Int.max) else { throw .contentLengthSyntax }
        contentLength = Int(length)
    }

    /// True when the body is chunked; throws for anything but exactly `chunked` (TE-1 to TE-4).
    func isChunked(_ bytes: Span<UInt8>, version: Version) throws(Rule) -> Bool {
        guard let coding = transferEncoding else { return false }
        guard contentLength < 0 else { throw .lengthAndCoding }
        guard version == .http11 else { throw .codingInHTTP10 }
        let value = bytes.extracting(coding.start..<coding.end)
        if value.equalsIgnoringCase("chunked") { return true }
        // Well-formed, but not ours to decode: 501.  All else is malformed.
        var elements = ListReader(coding)
        var hasOther = false
        while let element = elements.next(bytes) {
            var nameEnd = element.start
            while nameEnd < element.end, Grammar.isToken(bytes[nameEnd]) { nameEnd &+= 1 }
            guard nameEnd > element.start, nameEnd == element.end || bytes[nameEnd] == 0x3B
            else { throw .transferEncodingSyntax }
            hasOther = hasOther || !bytes.extracting(element.start..<nameEnd).equalsIgnoringCase("chunked")
        }
        throw hasOther ? .transferEncodingUnknown : .transferEncodingSyntax
    }

    /// Reads the value of one `Connection` line (HP-1): tokens, empty elements allowed.
    mutating func addConnection(_ bytes: Span<UInt8>, _ value: ByteRange) throws(Rule) {
        if value.count == 10, bytes.extracting(value.start..<value.end).equalsIgnoringCase("keep-alive") {
            saysKeepAlive = true  // by far the most frequent
            return
        }
        var elements = ListReader(value)
        while let element = elements.next(bytes) {
            if element.isEmpty { continue }
            elementCount &+= 1
            guard elementCount <= Self.nominationLimit else { throw .connectionTooLong }
            let option = bytes.extracting(element.start..<element.end)
            if option.equalsIgnoringCase("close") {
                saysClose = true
            } else if option.equalsIgnoringCase("keep-alive") {
                saysKeepAlive = true
            } else {
                for offset in option.indices where !Grammar.isToken(option[offset]) { throw .connectionSyntax }
                nominations.append(element)
            }
        }
    }

    /// Marks the fields that `Connection` names, `_` and `.` read as `-`.
    func markNominated(_ fields: inout FieldList, in bytes: Span<UInt8>) {
        guard !nominations.isEmpty else { return }
        for index in 0..<fields.count {
            let line = fields[index]
            switch line.known {
            case .host, .contentLength, .transferEncoding, .contentType, .cacheControl: continue
            case _:
                for nomination in nominations where Self.namesEqual(bytes, line.name, nomination) {
                    fields.setNominated(index)
                    break
                }
            }
        }
    }

    private static func namesEqual(_ bytes: Span<UInt8>, _ one: ByteRange, _ other: ByteRange) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count
        where foldedByte(bytes[one.start &+ offset]) != foldedByte(bytes[other.start &+ offset]) {
            return false
        }
        return true
    }

    private static func foldedByte(_ byte: UInt8) -> UInt8 {
        byte == 0x5F || byte == 0x2E ? 0x2D : ASCII.lowercased(byte)
    }
}

/// Walks a comma-separated list; white space around an element is not part of it.
struct ListReader {
    private var position: Int
    private let end: Int
    private var isDone = false

    init(_ value: ByteRange) {
        position = value.start
        end = value.end
    }

    /// The next element, which may be empty; `nil` behind the last.
    mutating func next(_ bytes: Span<UInt8>) -> ByteRange? {
        if isDone { return nil }
        var start = position
        var stop = position
        while stop < end, bytes[stop] != 0x2C { stop &+= 1 }
        isDone = stop == end
        position = stop &+ 1
        while start < stop, bytes[start] == 0x20 || bytes[start] == 0x09 { start &+= 1 }
        while stop > start, bytes[stop &- 1] == 0x20 || bytes[stop &- 1] == 0x09 { stop &-= 1 }
        return ByteRange(start: start, end: stop)
    }
}
