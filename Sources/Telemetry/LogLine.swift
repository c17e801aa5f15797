internal import Bytes

/// One line of the operator log, for people and for `grep`:
///
///     2026-11-23T09:08:07.123Z info serving generation=2 listener=app
///
/// Time, level, message, then `key=value` pairs.  A value with a blank, a quote, a backslash or an `=` stands in
/// quotes.  Control, direction and line-separator characters are escaped (`\n`, `\u{1b}`), and each part
/// and the whole line are bounded, so that what a peer or a file chose can neither forge a line nor flood the log.
public struct LogLine: Equatable, Sendable {
    /// Bytes of a message that are written.
    public static let messageLimitBytes = 1024
    /// Bytes of one value that are written.
    public static let valueLimitBytes = 1024
    /// Fields that are written: more than any line of ours has.
    public static let fieldLimit = 16

    /// When it happened.
    public var time: Timestamp
    /// How much it matters.
    public var level: LogLevel
    /// What happened, in a few words, without an end mark.
    public var message: String
    /// What it happened to.
    public var fields: [LogField]

    /// A line with all its parts.
    public init(time: Timestamp, level: LogLevel, message: String, fields: [LogField] = []) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// The line as UTF-8, LF at its end.
    public var rendered: [UInt8] {
        var buffer = ByteBuffer()
        time.append(to: &buffer)
        buffer.append(ASCII.space)
        buffer.append(text: level.name)
        buffer.append(ASCII.space)
        buffer.append(logText: message, quoted: false, limit: LogLine.messageLimitBytes)
        for field in fields.prefix(LogLine.fieldLimit) {
            buffer.append(ASCII.space)
            buffer.append(text: field.key.description)
            buffer.append(0x3D)
            field.value.append(to: &buffer)
        }
        buffer.append(ASCII.lineFeed)
        return buffer.span.array
    }
}

/// One `key=value` of an operator log line.
public struct LogField: Equatable, Sendable {
    /// The key, in snake_case; known when the program was written.
    public var key: StaticString
    /// The value.
    public var value: LogValue

    /// A text.
    public init(_ key: StaticString, _ value: String) {
        (self.key, self.value) = (key, .text(value))
    }

    /// A number.
    public init(_ key: StaticString, _ value: Int) {
        (self.key, self.value) = (key, .number(value))
    }

    /// Same key and same value.
    public static func == (left: LogField, right: LogField) -> Bool {
        left.key.description == right.key.description && left.value == right.value
    }
}

/// What a log field can hold.
public enum LogValue: Equatable, Sendable {
    /// A text, escaped and bounded when written.
    case text(String)
    /// A number.
    case number(Int)

    fileprivate func append(to buffer: inout ByteBuffer) {
        switch self {
        case .number(let number): buffer.append(decimal: number)
        case .text(let text):
            let needsQuotes =
                text.isEmpty || text.utf8.contains { $0 <= 0x20 || $0 == 0x22 || $0 == 0x3D || $0 == 0x5C }
            if needsQuotes { buffer.append(0x22) }
            buffer.append(logText: text, quoted: needsQuotes, limit: LogLine.valueLimitBytes)
            if needsQuotes { buffer.append(0x22) }
        }
    }
}

extension ByteBuffer {
    /// Appends at most `limit` bytes of `text`, whole characters only, `…` where it was cut.
    fileprivate mutating func append(logText text: String, quoted: Bool, limit: Int) {
        var left = limit
        for scalar in text.unicodeScalars {
            let width = scalar.utf8.count
            guard width <= left else { return append(text: "…") }
            left -= width
            append(logScalar: scalar, quoted: quoted)
        }
    }

    private mutating func append(logScalar scalar: Unicode.Scalar, quoted: Bool) {
        switch scalar.value {
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case 0x22 where quoted, 0x5C where quoted:
            append(0x5C)
            append(UInt8(truncatingIfNeeded: scalar.value))
        case _ where isHiddenOrMoving(scalar):
            append("\\u{")
            append(hexadecimal: Int(scalar.value))
            append("}")
        case _: for byte in scalar.utf8 { append(byte) }
        }
    }
}

/// True for a character that a terminal obeys instead of showing it: controls, and what breaks or turns a line.
private func isHiddenOrMoving(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    case _: false
    }
}
