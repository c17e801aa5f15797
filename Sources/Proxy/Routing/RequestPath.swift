internal import Bytes
internal import ConfigDSL

/// The one form of a path that routes are matched against (config language, section 3).
///
/// Percent-decoded once, ASCII case folded, empty segments and one trailing slash ignored: the service may ignore them
/// too, and a route must not be escaped by spelling.  The raw path is what is forwarded and signed; a path that two
/// readers could take differently is refused (http rules PA-2, PA-6).
///
/// Reused from request to request, so that it allocates nothing.
struct RequestPath: ~Copyable {
    /// The end of one segment.
    struct Boundary {
        /// Where the canonical text of all segments so far ends.
        var end: Int
        /// Where the raw path up to and with this segment ends.
        var rawEnd: Int
        /// Hash of the canonical text so far.
        var hash: PathHash
    }

    /// `/` and the folded text of each segment; empty for the root.
    private(set) var text = ByteBuffer()
    /// The first segments' ends, at most ``depthLimit``; entry 0 is the root.
    private(set) var boundaries: [Boundary] = []
    /// Hash of the whole canonical text.
    private(set) var hash = PathHash()
    /// Segments in all, also those past ``depthLimit``.
    private(set) var segmentCount = 0
    /// No path in a configuration is deeper than this; deeper boundaries need not be known.
    static let depthLimit = CanonicalPath.depthLimit

    /// Gives back what a path of unusual length made grow.
    mutating func shrink() {
        guard text.capacity > Exchange.keptCapacityBytes else { return }
        text.releaseStorage()
    }

    /// Reads the path that stands at `range` in `message`.
    mutating func read(_ range: ByteRange, of message: borrowing ByteBuffer) throws(PathError) {
        try read(message.bytes(range))
    }

    /// Reads `path`, which begins with `/` and holds only RFC 3986 characters; throws what is ambiguous about it.
    mutating func read(_ path: Span<UInt8>) throws(PathError) {
        text.clear()
        boundaries.removeAll(keepingCapacity: true)
        hash = PathHash()
        segmentCount = 0
        boundaries.append(Boundary(end: 0, rawEnd: 0, hash: hash))
        var isASCII = true
        var hasPercent = false
        var position = 0
        while position < path.count {
            guard path[position] != 0x2F else {
                position &+= 1
                continue
            }
            let start = text.count
            text.append(0x2F)
            hash.combine(0x2F)
            while position < path.count, path[position] != 0x2F {
                let byte = try Self.decode(path, at: &position)
                if byte >= 0x80 { isASCII = false }
                if byte == 0x25 { hasPercent = true }
                let folded = ASCII.lowercased(byte)
                text.append(folded)
                hash.combine(folded)
            }
            try refuseDotSegment(from: start &+ 1)
            if hasPercent { try refuseEscape(from: start &+ 1) }
            segmentCount &+= 1
            if segmentCount <= Self.depthLimit {
                boundaries.append(Boundary(end: text.count, rawEnd: position, hash: hash))
            }
        }
        if !isASCII, !isUTF8(text.span) { throw .encoding }
    }

    /// One byte of a segment, decoded once; refuses the escapes that readers disagree about.
    private static func decode(_ path: Span<UInt8>, at position: inout Int) throws(PathError) -> UInt8 {
        let byte = path[position]
        position &+= 1
        if byte == 0x3B { throw .parameters }
        if byte == 0x5C { throw .separator }
        guard byte == 0x25 else { return byte }
        guard position &+ 1 < path.count, let high = ASCII.hexValue(path[position]),
            let low = ASCII.hexValue(path[position &+ 1])
        else { throw .escape }
        position &+= 2
        let decoded = high << 4 | low
        switch decoded {
        case 0x2F, 0x5C: throw .separator
        case 0x3B: throw .parameters
        case 0x00..<0x20, 0x7F: throw .control
        case let plain: return plain
        }
    }

    private func refuseDotSegment(from start: Int) throws(PathError) {
        let length = text.count &- start
        guard length == 1 || length == 2, text[start] == 0x2E, text[text.count &- 1] == 0x2E else { return }
        throw .dotSegment
    }

    /// A percent sign before two hexadecimal digits, however they were spelled: a second reader would decode once more.
    private func refuseEscape(from start: Int) throws(PathError) {
        var index = start
        while index &+ 2 < text.count {
            if text[index] == 0x25, ASCII.hexValue(text[index &+ 1]) != nil, ASCII.hexValue(text[index &+ 2]) != nil {
                throw .doubleEncoding
            }
            index &+= 1
        }
    }
}

/// What is ambiguous about a path; each becomes a 400 with its sentence.
enum PathError: Error, Equatable {
    case dotSegment, separator, control, escape, doubleEncoding, encoding, parameters

    /// One fixed sentence.
    var sentence: StaticString {
        switch self {
        case .dotSegment: "The path holds a `.` or `..` segment."
        case .separator: "The path holds a backslash or an encoded slash or backslash."
        case .control: "The path holds an encoded control character."
        case .escape: "The path holds a `%` without two hexadecimal digits."
        case .doubleEncoding: "The path is percent-encoded twice."
        case .encoding: "The path is not UTF-8 once it is decoded."
        case .parameters: "The path holds a `;`."
        }
    }
}

/// FNV-1a over canonical bytes, taken as they come.  Only configured paths stand in the table that it indexes, so a
/// client cannot make it collide with anything of his own.
struct PathHash: Hashable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }
}

/// Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing past U+10FFFF.
private func isUTF8(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
        let lead = bytes[index]
        index &+= 1
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch lead {
        case 0x00..<0x80: continue
        case 0xC2...0xDF: length = 1
        case 0xE0: (length, lowest) = (2, 0xA0)
        case 0xED: (length, highest) = (2, 0x9F)
        case 0xE1...0xEF: length = 2
        case 0xF0: (length, lowest) = (3, 0x90)
        case 0xF4: (length, highest) = (3, 0x8F)
        case 0xF1...0xF3: length = 3
        default: return false  // a continuation or overlong lead, or past U+10FFFF
        }
        guard index &+ length <= bytes.count, bytes[index] >= lowest, bytes[index] <= highest else { return false }
        for offset in 1..<length where bytes[index &+ offset] & 0xC0 != 0x80 { return false }
        index &+= length
    }
    return true
}
