internal import Bytes
internal import HTTP1

// Parsers over a buffer that stands beside them in an ``Exchange``.

extension RequestParser {
    /// Goes on with what `buffer` holds.
    mutating func parse(_ buffer: borrowing ByteBuffer, into head: inout RequestHead) throws(ParseError) -> Int? {
        try parse(buffer.span, into: &head)
    }
}

extension ResponseParser {
    /// Goes on with what `buffer` holds.
    mutating func parse(
        _ buffer: borrowing ByteBuffer, requestMethod: Method, into head: inout ResponseHead
    ) throws(ParseError) -> Int? {
        try parse(buffer.span, requestMethod: requestMethod, into: &head)
    }
}

extension BodyDecoder {
    /// The next part of the body in `buffer` from `offset` on.
    mutating func next(_ buffer: borrowing ByteBuffer, at offset: inout Int) throws(ParseError) -> Event {
        try next(buffer.span, at: &offset)
    }
}
