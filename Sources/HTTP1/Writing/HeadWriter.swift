public import Bytes

/// Writes field lines and the end of a head straight into the outbound buffer: no allocation, nothing checked.
///
/// Values come from the parser, from the configuration or from us, which have no CR, LF or NUL; what comes from
/// elsewhere is asked ``isFieldValue(_:)`` first.
public enum HeadWriter {
    /// `name: value`.
    @inlinable
    public static func field(_ name: StaticString, _ value: StaticString, to head: inout ByteBuffer) {
        head.append(name)
        head.append(": ")
        head.append(value)
        head.append("\r\n")
    }

    /// `name: value`.
    @inlinable
    public static func field(_ name: StaticString, _ value: Span<UInt8>, to head: inout ByteBuffer) {
        head.append(name)
        head.append(": ")
        head.append(value)
        head.append("\r\n")
    }

    /// `name: number`.
    @inlinable
    public static func field(_ name: StaticString, decimal number: Int, to head: inout ByteBuffer) {
        head.append(name)
        head.append(": ")
        head.append(decimal: number)
        head.append("\r\n")
    }

    /// A field line of another message, from its parts: name and value as they came, one colon and one space.
    @inlinable
    public static func field(_ line: FieldLine, of message: Span<UInt8>, to head: inout ByteBuffer) {
        head.append(message.extracting(line.name.start..<line.name.end))
        head.append(": ")
        head.append(message.extracting(line.value.start..<line.value.end))
        head.append("\r\n")
    }

    /// The empty line that ends a head.
    @inlinable
    public static func end(_ head: inout ByteBuffer) {
        head.append("\r\n")
    }

    /// True when `bytes` may stand as a field's value: no control byte but HTAB (http rules HD-4, HD-5).
    public static func isFieldValue(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where !Grammar.isText(bytes[index]) { return false }
        return true
    }

    /// True when `bytes` may stand as a field's name: a token (http rule HD-1).
    public static func isFieldName(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where !Grammar.isToken(bytes[index]) { return false }
        return !bytes.isEmpty
    }
}

/// Writes request lines.
public enum RequestWriter {
    /// `method SP target SP HTTP/1.1 CR LF`; `target` is written as given, `/` for an empty one.
    @inlinable
    public static func requestLine(_ method: Span<UInt8>, _ target: Span<UInt8>, to head: inout ByteBuffer) {
        head.append(method)
        head.append(" ")
        if target.isEmpty { head.append("/") } else { head.append(target) }
        head.append(" HTTP/1.1\r\n")
    }
}

/// Writes chunks (RFC 9112 §7.1), without extensions and trailers.
public enum ChunkWriter {
    /// The longest size line: 16 digits and CR LF.
    public static let longestSizeLine = 18

    /// The line before `count` bytes of data, which must not be 0: that would be the end.
    @inlinable
    public static func begin(count: Int, to body: inout ByteBuffer) {
        precondition(count > 0, "an empty chunk ends the body")
        body.append(hexadecimal: count)
        body.append("\r\n")
    }

    /// The line end behind the data.
    @inlinable
    public static func end(_ body: inout ByteBuffer) {
        body.append("\r\n")
    }

    /// One whole chunk; nothing for no bytes.
    @inlinable
    public static func chunk(_ bytes: Span<UInt8>, to body: inout ByteBuffer) {
        guard !bytes.isEmpty else { return }
        begin(count: bytes.count, to: &body)
        body.append(bytes)
        end(&body)
    }

    /// The last chunk and an empty trailer section.
    @inlinable
    public static func last(_ body: inout ByteBuffer) {
        body.append("0\r\n\r\n")
    }
}
