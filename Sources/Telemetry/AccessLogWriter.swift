public import Bytes

/// One line of the access log, written field by field straight into the caller's buffer: a JSON object and an LF.
///
///     let line = AccessLogWriter(at: now, in: &lines)
///     line.text(.method, head.method, in: &lines)
///     line.path(ofTarget: head.target, in: &lines)
///     line.number(.status, 200, in: &lines)
///     line.end(in: &lines)
///
/// Nothing is allocated beyond what the buffer grows.  Every field but `time` is optional and left out when it
/// does not apply; a field must be written once.  The order is the caller's.  Every text is bounded and escaped
/// (``Bytes/ByteBuffer/append(jsonText:limit:)``); the query of a target is never logged, since callers put
/// numbers, names and tokens there.  Who hands the buffer to a file is `Transport`'s log thread.
public struct AccessLogWriter: ~Copyable {
    /// Bytes of a text that are logged, of a path, and of all else: a peer chooses their length, not their place.
    public static let textLimitBytes = 256
    /// Bytes of a path that are logged; the longest known path of the service has about 200.
    public static let pathLimitBytes = 2048

    /// Begins a line with its `time`.
    public init(at time: Timestamp, in lines: inout ByteBuffer) {
        var text = TimestampText()
        self.init(at: time, text: &text, in: &lines)
    }

    /// Begins a line with its `time`; `text` is kept from line to line.
    public init(at time: Timestamp, text: inout TimestampText, in lines: inout ByteBuffer) {
        lines.append("{\"time\":\"")
        text.append(time, to: &lines)
        lines.append(0x22)
    }

    /// Writes a text field; an empty text is left out.
    @inlinable
    public func text(_ field: AccessLogText, _ value: Span<UInt8>, in lines: inout ByteBuffer) {
        guard !value.isEmpty else { return }
        lines.append(field.opening)
        lines.append(jsonText: value, limit: AccessLogWriter.textLimitBytes)
        lines.append(0x22)
    }

    /// Writes a text field of letters, digits, `-`, `.`, `:`, `[` and `]` only, at most ``textLimitBytes`` long: as it
    /// is, since it needs no look.
    @inlinable
    public func plainText(_ field: AccessLogText, _ value: Span<UInt8>, in lines: inout ByteBuffer) {
        guard !value.isEmpty else { return }
        lines.append(field.opening)
        lines.append(value)
        lines.append(0x22)
    }

    /// Writes `path`: the part of a request target before its query, escapes as they were sent.
    ///
    /// Of an absolute-form target only what follows the authority is written, since a user name and a password
    /// may stand in there; a target of any other form that has no leading `/` is left out, `*` aside.
    public func path(ofTarget target: Span<UInt8>, in lines: inout ByteBuffer) {
        let path = loggablePath(target)
        guard !path.isEmpty else { return }
        lines.append(",\"path\":\"")
        lines.append(jsonText: path, limit: AccessLogWriter.pathLimitBytes)
        lines.append(0x22)
    }

    /// Writes a number field.
    @inlinable
    public func number(_ field: AccessLogNumber, _ value: Int, in lines: inout ByteBuffer) {
        lines.append(field.opening)
        lines.append(decimal: value)
    }

    /// Writes a duration in milliseconds with microseconds behind the point (`1.042`); negative ones become 0.
    public func duration(_ field: AccessLogDuration, nanoseconds: Int, in lines: inout ByteBuffer) {
        let microseconds = max(nanoseconds, 0) / 1000
        lines.append(field.opening)
        lines.append(decimal: microseconds / 1000)
        lines.append(0x2E)
        let rest = microseconds % 1000
        lines.append(digit(rest / 100))
        lines.append(digit(rest / 10 % 10))
        lines.append(digit(rest % 10))
    }

    /// Writes the fields of a route, rendered when its generation was made.
    public func constants(_ constants: AccessLogConstants, in lines: inout ByteBuffer) {
        lines.append(constants.rendered.span)
    }

    /// Ends the line.
    public consuming func end(in lines: inout ByteBuffer) {
        lines.append("}\n")
    }
}

/// Fields that are the same for many lines (route, resource, listener; generation and revision), rendered once.
public struct AccessLogConstants: Sendable {
    let rendered: [UInt8]

    /// Numbers first.  Empty texts are left out, as by ``AccessLogWriter/text(_:_:in:)``.
    public init(_ fields: [(AccessLogText, String)], numbers: [(AccessLogNumber, Int)] = []) {
        var buffer = ByteBuffer()
        for (field, value) in numbers {
            buffer.append(field.opening)
            buffer.append(decimal: value)
        }
        for (field, value) in fields where !value.isEmpty {
            buffer.append(field.opening)
            buffer.append(jsonText: Array(value.utf8).span, limit: AccessLogWriter.textLimitBytes)
            buffer.append(0x22)
        }
        rendered = buffer.span.array
    }

    /// The fields of `first`, then those of `second`.
    public init(_ first: AccessLogConstants, _ second: AccessLogConstants) {
        rendered = first.rendered + second.rendered
    }
}

/// The part of a target that the log may show.
@_lifetime(copy target)
private func loggablePath(_ target: Span<UInt8>) -> Span<UInt8> {
    let end = firstIndex(of: 0x3F, or: 0x23, in: target, from: 0)
    guard end > 0 else { return target.extracting(0..<0) }
    if target[0] == 0x2F || target[0] == 0x2A { return target.extracting(0..<end) }
    // absolute-form: scheme "://" authority path
    let colon = firstIndex(of: 0x3A, or: 0x3A, in: target, from: 0)
    guard colon + 2 < end, target[colon + 1] == 0x2F, target[colon + 2] == 0x2F else {
        return target.extracting(0..<0)
    }
    let start = firstIndex(of: 0x2F, or: 0x2F, in: target, from: colon + 3)
    return target.extracting(min(start, end)..<end)
}

/// Where the first of two bytes stands at or behind `start`; the count if neither does.
private func firstIndex(of one: UInt8, or other: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count, bytes[index] != one, bytes[index] != other { index &+= 1 }
    return index
}
