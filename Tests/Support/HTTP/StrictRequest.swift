/// A request as an origin got it, read by the letter.
public struct StrictRequest: Equatable, Sendable {
    /// The method.
    public var method: String
    /// The target as on the wire.
    public var target: String
    /// Start line and fields.
    public var head: StrictHead
    /// The body so far.
    public var body: StrictBody

    /// Reads a head that the gateway wrote.
    ///
    /// - Throws: for whatever RFC 9112 forbids, and for what http-rules.md adds: `Host` first and once, one framing
    ///   field at most, no field that is only for one hop.
    public init(_ bytes: some Collection<UInt8>) throws(GrammarError) {
        head = try StrictHead(bytes)
        let parts = head.startLine.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2] == "HTTP/1.1" else {
            throw GrammarError("a bad request line: \(head.startLine.debugDescription)")
        }
        (method, target) = (parts[0], parts[1])
        guard !method.isEmpty, method.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == 0x2D }) else {
            throw GrammarError("a bad method: \(method.debugDescription)")
        }
        guard target.utf8.first == 0x2F, target.utf8.allSatisfy(Self.isTargetByte) else {
            throw GrammarError("a bad target: \(target.debugDescription)")
        }
        body = StrictBody(.none)
        body = StrictBody(try framing())
        try checkFields()
    }

    /// The path, up to the query.
    public var path: String {
        target.split(separator: "?", omittingEmptySubsequences: false).first.map(String.init) ?? ""
    }

    private func framing() throws(GrammarError) -> StrictBody.Framing {
        let (lengths, codings) = (head.values("content-length"), head.values("transfer-encoding"))
        switch (lengths.count, codings.count) {
        case (0, 0): return .none
        case (0, 1) where codings[0] == "chunked": return .chunked
        case (1, 0):
            guard let length = strictLength(lengths[0]) else { throw GrammarError("content-length: \(lengths[0])") }
            return .length(length)
        case (_, _): throw GrammarError("bad framing: \(lengths + codings)")
        }
    }

    private func checkFields() throws(GrammarError) {
        guard head.fields.first?.name.asciiLowercased == "host", head.values("host").count == 1 else {
            throw GrammarError("`host` is not the first field, or stands twice")
        }
        for name in Self.singletons where head.values(name).count > 1 {
            throw GrammarError("`\(name)` stands \(head.values(name).count) times")
        }
        for name in Self.hopByHop where !head.values(name).isEmpty {
            throw GrammarError("`\(name)` is for one hop only")
        }
    }

    private static let singletons = [
        "authorization", "content-length", "content-type", "expect", "x-ms-date", "x-ms-content-sha256",
    ]
    private static let hopByHop = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings",
        "proxy-authorization", "proxy-authenticate",
    ]

    /// RFC 3986: unreserved, reserved without `#`, and `%`.
    private static func isTargetByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~:/?[]@!$&'()*+,;=%".utf8.contains(byte)
        }
    }
}
