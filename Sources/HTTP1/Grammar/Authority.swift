internal import Bytes

/// A host with an optional port, as in `Host` and in an absolute target (http rules HO-3, HO-5).
struct Authority {
    /// The host; an IPv6 address with its brackets.
    var name: ByteRange
    /// The port, or -1 if none is given.
    var port: Int
    /// Host and port together; a port that stood twice is in it once.
    var whole: ByteRange

    /// Reads all of `start..<end`, or throws.
    ///
    /// `mayDoublePort`: `gw:8080:8080`, which the Azure JavaScript SDK sends, is read as `gw:8080`.
    init(_ bytes: Span<UInt8>, from start: Int, to end: Int, mayDoublePort: Bool) throws(Rule) {
        let nameEnd =
            start < end && bytes[start] == 0x5B
            ? try Self.bracketedEnd(bytes, from: start, to: end)
            : try Self.nameEnd(bytes, from: start, to: end)
        name = ByteRange(start: start, end: nameEnd)
        port = -1
        var portEnd = nameEnd
        if nameEnd < end {
            (port, portEnd) = try Self.port(bytes, from: nameEnd, to: end)
        }
        whole = ByteRange(start: start, end: portEnd)
        guard portEnd < end else { return }
        guard mayDoublePort, end &- portEnd == portEnd &- nameEnd else { throw .hostSyntax }
        for offset in 0..<end &- portEnd where bytes[portEnd &+ offset] != bytes[nameEnd &+ offset] {
            throw .hostSyntax
        }
    }

    /// The end of a name that begins at `start`: labels of at least one byte, a dot between them.
    private static func nameEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Rule) -> Int {
        var offset = start
        var previous: UInt8 = 0x2E
        while true {
            let labelStart = offset
            offset = Lanes.skipPlain(bytes, from: offset, to: end)
            if offset > labelStart { previous = 0 }
            guard offset < end, bytes[offset] != 0x3A else { break }
            let byte = bytes[offset]
            guard Grammar.isHostName(byte), byte != 0x2E || previous != 0x2E else { throw .hostSyntax }
            previous = byte
            offset &+= 1
        }
        // Empty, or a dot at the end: `gw.` must not be another name than `gw` for a route.
        guard previous != 0x2E else { throw .hostSyntax }
        return offset
    }

    /// The colon and the 1 to 5 digits from `start`.
    private static func port(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) throws(Rule) -> (port: Int, end: Int) {
        guard bytes[start] == 0x3A else { throw .hostSyntax }
        var offset = start &+ 1
        var port = 0
        while offset < end, offset <= start &+ 5, ASCII.isDigit(bytes[offset]) {
            port = port &* 10 &+ Int(bytes[offset] &- 0x30)
            offset &+= 1
        }
        guard offset > start &+ 1, port <= 65535 else { throw .hostSyntax }
        return (port, offset)
    }

    /// The end of an IPv6 address in brackets (RFC 3986 §3.2.2, RFC 4291 §2.2); no zone, no future version.
    private static func bracketedEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Rule) -> Int {
        var offset = start &+ 1
        var groups = 0
        var isCompressed = false
        if offset &+ 1 < end, bytes[offset] == 0x3A, bytes[offset &+ 1] == 0x3A {
            isCompressed = true
            offset &+= 2
        }
        while offset < end, bytes[offset] != 0x5D {
            let groupStart = offset
            while offset < end, offset < groupStart &+ 4, ASCII.hexValue(bytes[offset]) != nil { offset &+= 1 }
            guard offset > groupStart, offset < end else { throw .hostSyntax }
            switch bytes[offset] {
            case 0x5D: groups &+= 1
            case 0x2E:  // an IPv4 address fills the last two groups
                offset = try dottedEnd(bytes, from: groupStart, to: end)
                groups &+= 2
                guard offset < end, bytes[offset] == 0x5D else { throw .hostSyntax }
            case 0x3A:
                groups &+= 1
                offset &+= 1
                guard offset < end, bytes[offset] != 0x5D else { throw .hostSyntax }
                guard bytes[offset] == 0x3A else { continue }
                guard !isCompressed else { throw .hostSyntax }
                isCompressed = true
                offset &+= 1
            default: throw .hostSyntax
            }
        }
        guard offset < end, isCompressed ? groups < 8 : groups == 8 else { throw .hostSyntax }
        return offset &+ 1
    }

    /// The end of an IPv4 address: four numbers up to 255 without leading zeros.
    private static func dottedEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Rule) -> Int {
        var offset = start
        for part in 0..<4 {
            if part > 0 {
                guard offset < end, bytes[offset] == 0x2E else { throw .hostSyntax }
                offset &+= 1
            }
            let digits = offset
            var number = 0
            while offset < end, offset < digits &+ 3, ASCII.isDigit(bytes[offset]) {
                number = number &* 10 &+ Int(bytes[offset] &- 0x30)
                offset &+= 1
            }
            guard offset > digits, number <= 255, offset == digits &+ 1 || bytes[digits] != 0x30
            else { throw .hostSyntax }
        }
        return offset
    }
}

extension Authority {
    /// Names the same place as `other` for a scheme whose port is `defaultPort`: case folded, default port removed.
    func equals(_ other: Authority, in bytes: Span<UInt8>, defaultPort: Int) -> Bool {
        guard name.count == other.name.count else { return false }
        for offset in 0..<name.count {
            let mine = ASCII.lowercased(bytes[name.start &+ offset])
            if mine != ASCII.lowercased(bytes[other.name.start &+ offset]) { return false }
        }
        return (port < 0 ? defaultPort : port) == (other.port < 0 ? defaultPort : other.port)
    }
}
