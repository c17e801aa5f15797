/// How large a head may become; exceeding any of these is an error while reading, before memory grows.
///
/// Lengths of lines do not count their CR LF.  Source: http rules LI-1 to LI-3, UP-9, TR-3.
public struct HeadLimits: Sendable, Equatable {
    /// Longest request line or status line, in bytes.
    public var requestLineBytes: Int
    /// Longest field line, in bytes.
    public var fieldLineBytes: Int
    /// Longest head, from its first byte to its empty line, both included; a trailer section counts with it.
    public var headBytes: Int
    /// Most field lines of a head and its trailer section.
    public var fieldCount: Int

    /// The limits of config.md section 1, unless others are given.
    public init(
        requestLineBytes: Int = 8192, fieldLineBytes: Int = 8192, headBytes: Int = 65536, fieldCount: Int = 100
    ) {
        self.requestLineBytes = requestLineBytes
        self.fieldLineBytes = fieldLineBytes
        self.headBytes = headBytes
        self.fieldCount = fieldCount
    }

    /// What is left for a trailer section behind a head of `bytes` with so many `fields`: both count together (TR-3).
    /// The empty line that ends it always fits.
    public func rest(behind bytes: Int, fields: Int) -> HeadLimits {
        var rest = self
        rest.headBytes = max(2, headBytes - bytes)
        rest.fieldCount = max(0, fieldCount - fields)
        return rest
    }

    /// What an origin's answer may have: 64 KiB, 200 fields (UP-9), any one of which may fill most of the head.
    public static let answer = HeadLimits(fieldLineBytes: 65536, fieldCount: 200)
}
