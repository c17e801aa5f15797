internal import Bytes

/// A path of the configuration in the one form that matching looks at.
///
/// Percent-decoded once, ASCII letters folded, empty segments and a trailing slash left out.  A path that a request
/// could not have, because it would be answered 400, is refused.
/// The router makes the same form of a request's path; its tests hold the two together.
public struct CanonicalPath: Hashable, Sendable {
    /// As the file has it.
    public let written: String
    /// Its segments, decoded and folded; none for `/`.
    public let segments: [String]

    /// `/` and the segments with `/` between them.
    public var text: String { "/" + segments.joined(separator: "/") }

    /// True when `prefix` is the first whole segments of this path.
    public func hasPrefix(_ prefix: CanonicalPath) -> Bool {
        segments.starts(with: prefix.segments)
    }

    /// Reads a path, without query.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> CanonicalPath {
        try CanonicalPath(scalar.text)
    }

    /// Reads a path, without query.  The error never holds the text.
    public init(_ text: String) throws(ValueError) {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw Self.malformed("does not start with `/`", help: "a path starts at the root: `/sms`")
        }
        if text.utf8.contains(UInt8(ascii: "?")) || text.utf8.contains(UInt8(ascii: "#")) {
            throw Self.malformed("has a query or fragment", help: "a path ends before `?` and `#`")
        }
        written = text
        var segments: [String] = []
        for raw in text.utf8.split(separator: UInt8(ascii: "/")) {
            segments.append(try Self.segment(raw))
        }
        guard segments.count <= Self.depthLimit else {
            throw Self.malformed(
                "has more than \(Self.depthLimit) segments", help: "no path of the service is that deep")
        }
        self.segments = segments
    }

    /// How deep a path of the configuration may be: the router remembers that many segments of a request's.
    public static let depthLimit = 64

    private static func segment(_ raw: Substring.UTF8View) throws(ValueError) -> String {
        var decoded: [UInt8] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            let byte = raw[index]
            if byte == UInt8(ascii: "%") {
                decoded.append(try escaped(raw[index...]))
                index = raw.index(index, offsetBy: 3)
            } else {
                try checkRaw(byte)
                decoded.append(byte)
                index = raw.index(after: index)
            }
        }
        for (index, byte) in decoded.enumerated() where byte == UInt8(ascii: "%") {
            // Decoded once more it would be something else.
            if decoded[(index + 1)...].prefix(2).count(where: { ASCII.hexValue($0) != nil }) == 2 { throw ambiguous }
        }
        guard let text = String(validating: decoded.map(ASCII.lowercased), as: UTF8.self) else {
            throw malformed("has escapes that are not UTF-8", help: refused)
        }
        if text == "." || text == ".." {
            throw malformed("has a `.` or `..` segment", help: refused)
        }
        return text
    }

    /// The byte that the escape at the start of `raw` stands for.
    private static func escaped(_ raw: Substring.UTF8View) throws(ValueError) -> UInt8 {
        let digits = raw.dropFirst().prefix(2).compactMap(ASCII.hexValue)
        guard digits.count == 2 else { throw malformed("has a `%` without two digits behind it", help: refused) }
        let byte = digits[0] << 4 | digits[1]
        if byte < 0x20 || byte == 0x7F || "/\\;".utf8.contains(byte) { throw ambiguous }
        return byte
    }

    /// `pchar` of RFC 3986 §3.3 without `;`.
    private static func checkRaw(_ byte: UInt8) throws(ValueError) {
        if ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~!$&'()*+,=:@".utf8.contains(byte) { return }
        let help = byte == UInt8(ascii: ";") ? refused : "write it as an escape, `%` and two digits a byte"
        throw malformed("has a character that no path has", help: help)
    }

    private static let refused = "a request with such a path is always refused, so nothing would match"

    private static var ambiguous: ValueError {
        malformed("has an escape that two readers take differently", help: refused)
    }

    private static func malformed(_ message: String, help: String) -> ValueError {
        ValueError(.badPath, message, help: help)
    }
}
