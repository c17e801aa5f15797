public import Bytes

/// A request's target, split (RFC 9112 §3.2).  The ranges are raw: nothing is decoded.
public struct RequestTarget: Sendable, Equatable {
    /// The four forms of RFC 9112 §3.2.
    public enum Form: UInt8, Sendable {
        case origin, absolute, asterisk, authority
    }

    /// Which form was sent.
    public var form: Form
    /// The path, from its `/`.  Empty for an absolute form without a path, where `/` is meant; `*` for the asterisk
    /// form; empty for the authority form.
    public var path: ByteRange
    /// What follows the first `?`; `nil` without one, and when nothing follows it: a lone `?` is dropped (http rule
    /// PA-5).
    public var query: ByteRange?

    /// An absolute form that ends with its authority, or goes on with `?`: `/` is meant, and sent on.
    @inlinable public var isPathEmpty: Bool { path.isEmpty }

    /// A target of the given form.
    @inlinable public init(form: Form, path: ByteRange, query: ByteRange?) {
        self.form = form
        self.path = path
        self.query = query
    }
}

/// A target with the authority that an absolute form names.
struct ParsedTarget {
    var target: RequestTarget
    /// Of the absolute form: what `Host` must equal, and the port that its scheme implies.
    var authority: Authority?
    var defaultPort = 0

    /// Reads `start..<end`, whose bytes were checked one by one; its first `?` stands at `mark`, or it has none.
    init(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, mark: Int?, method: Method
    ) throws(Rule) {
        let pathEnd = mark ?? end
        var query: ByteRange?
        if let mark, mark &+ 1 < end { query = ByteRange(start: mark &+ 1, end: end) }
        if bytes[start] == 0x2F, method != .connect {
            target = RequestTarget(form: .origin, path: ByteRange(start: start, end: pathEnd), query: query)
            return
        }
        if method == .connect {
            guard mark == nil else { throw .authorityTarget }
            authority = try Self.authority(bytes, from: start, to: end)
            target = RequestTarget(form: .authority, path: .empty, query: nil)
            return
        }
        if bytes[start] == 0x2A {
            guard end == start &+ 1, method == .options else { throw .asteriskTarget }
            target = RequestTarget(form: .asterisk, path: ByteRange(start: start, end: end), query: nil)
            return
        }
        let authorityStart: Int
        if Self.begins(bytes, from: start, to: pathEnd, with: "http://") {
            (authorityStart, defaultPort) = (start &+ 7, 80)
        } else if Self.begins(bytes, from: start, to: pathEnd, with: "https://") {
            (authorityStart, defaultPort) = (start &+ 8, 443)
        } else {
            throw .authorityTarget
        }
        var pathStart = authorityStart
        while pathStart < pathEnd, bytes[pathStart] != 0x2F { pathStart &+= 1 }
        authority = try Self.authority(bytes, from: authorityStart, to: pathStart)
        // Brackets may stand in the authority alone.
        for offset in pathStart..<end where bytes[offset] == 0x5B || bytes[offset] == 0x5D { throw .targetSyntax }
        target = RequestTarget(form: .absolute, path: ByteRange(start: pathStart, end: pathEnd), query: query)
    }

    private static func authority(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Rule) -> Authority {
        for offset in start..<end where bytes[offset] == 0x40 { throw .targetUserInfo }
        return try Authority(bytes, from: start, to: end, mayDoublePort: false)
    }

    private static func begins(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, with scheme: StaticString
    ) -> Bool {
        let count = scheme.utf8CodeUnitCount
        return end &- start >= count && bytes.extracting(start..<start &+ count).equalsIgnoringCase(scheme)
    }
}
