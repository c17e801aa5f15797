import Bytes
import HTTP1
import Testing

/// A chunked body, the rule that speaks of it, and the data or the refusal that come of it.
struct BodyVector: CustomTestStringConvertible, Sendable {
    var rule: String
    var text: String
    var body: String?
    var refusal: Rule?

    init(_ rule: String, _ text: String, _ body: String) {
        (self.rule, self.text, self.body) = (rule, text, body)
    }

    init(_ rule: String, _ text: String, _ refusal: Rule) {
        (self.rule, self.text, self.refusal) = (rule, text, refusal)
    }

    var testDescription: String { rule + " " + text.debugDescription }
}

private let sizes: [BodyVector] = [
    BodyVector("CK-1", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    BodyVector("CK-1", "00A\r\n0123456789\r\n000\r\n\r\n", "0123456789"),
    BodyVector("CK-1", "a\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\n", "0123456789!"),
    BodyVector("CK-1", "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", "abc"),
    BodyVector("CK-1", "00000000000000003\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "8000000000000000\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "FFFFFFFFFFFFFFFF\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "10000000000000003\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", ";a\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "0x3\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "+3\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "-3\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "3,\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "3h\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "3_0\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", " 3\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "3 \r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "3\t;a\r\nabc\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-1", "\u{B3}\r\n", .chunkSizeSyntax),
    BodyVector("CK-2", "3\nabc\r\n0\r\n\r\n", .bareLineFeed),
    BodyVector("CK-2", "3\rabc\r\n0\r\n\r\n", .bareCarriageReturn),
    BodyVector("CK-2", "3\r\r\nabc\r\n0\r\n\r\n", .bareCarriageReturn),
    BodyVector("CK-2", "3\r\nabcXX0\r\n\r\n", .chunkLineEnd),
    BodyVector("CK-2", "3\r\nabc\n0\r\n\r\n", .chunkLineEnd),
    BodyVector("CK-2", "3\r\nabc\rX0\r\n\r\n", .chunkLineEnd),
    BodyVector("CK-2", "3\r\nabcd\r\n0\r\n\r\n", .chunkLineEnd),
    BodyVector("CK-2", "3\r\nabc\r\n\r\n0\r\n\r\n", .chunkSizeSyntax),
    BodyVector("CK-3", "3;a\r\nabc\r\n0;b;c=d\r\n\r\n", "abc"),
    BodyVector("CK-3", "3;a=\"x;\\\"\t\\\\\u{E9} \"\r\nabc\r\n0\r\n\r\n", "abc"),
    BodyVector("CK-3", "3;a=\"\";b=c\r\nabc\r\n0\r\n\r\n", "abc"),
    BodyVector("CK-3", "3;\r\nabc\r\n0\r\n\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;;a\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3; a\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a \r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a =b\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=b=c\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;=b\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\"b\r\n\"\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\"b\\\r\n\"\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\"b\"c\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\"\u{0}\"\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\"\u{7F}\"\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a\nabc\r\n0\r\n\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a\u{B}\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a=\u{E9}\r\n", .chunkExtensionSyntax),
    BodyVector("CK-3", "3;a\rb\r\n", .bareCarriageReturn),
]

private let trailers: [BodyVector] = [
    BodyVector("TR-1", "3\r\nabc\r\n0\r\nX-T: v\r\nY:\r\n\r\n", "abc"),
    BodyVector("TR-2", "3\r\nabc\r\n0\r\nContent-Length: 9\r\nAuthorization: a\r\n\r\n", "abc"),
    BodyVector("HD-1", "0\r\nX-T\r\n\r\n", .fieldNameSyntax),
    BodyVector("HD-1", "0\r\n: v\r\n\r\n", .fieldNameSyntax),
    BodyVector("HD-2", "0\r\nX-T : v\r\n\r\n", .fieldNameSyntax),
    BodyVector("HD-3", "0\r\nX-T: v\r\n w\r\n\r\n", .foldedLine),
    BodyVector("HD-3", "0\r\n X-T: v\r\n\r\n", .foldedLine),
    BodyVector("HD-4", "0\r\nX-T: \u{0}\r\n\r\n", .fieldValueSyntax),
    BodyVector("HD-5", "0\r\nX-T: \u{1F}\r\n\r\n", .fieldValueSyntax),
    BodyVector("HD-5", "0\r\nX-T: \u{80}\t\u{FF}\r\n\r\n", ""),
    BodyVector("GR-1", "0\r\nX-T: v\rw\r\n\r\n", .bareCarriageReturn),
    BodyVector("GR-1", "0\r\n\rX", .bareCarriageReturn),
    BodyVector("GR-2", "0\r\nX-T: v\n\r\n", .bareLineFeed),
    BodyVector("GR-2", "0\r\n\n", .bareLineFeed),
]

@Suite("Finding a body's bytes")
struct BodyDecoderTests {
    @Test("chunks have one reading, however the bytes are cut (CK-1 to CK-3, TR-1)", arguments: sizes + trailers)
    func chunks(vector: BodyVector) {
        let bytes = [UInt8](latin1: vector.text)
        let whole = decodeBody(bytes)
        if let body = vector.body {
            let overhead = bytes.count - body.utf8.count
            #expect(whole == .accepted("\(body), \(bytes.count) consumed, \(overhead) overhead"))
            for end in 0..<bytes.count { #expect(decodeBody(bytes, ends: [end]) == .incomplete) }
            #expect(decodeBody(bytes + Array("GET /".utf8)) == whole)
        } else {
            #expect(whole.refusal == vector.refusal)
        }
        for ends in cuts(bytes.count) { #expect(decodeBody(bytes, ends: ends) == whole) }
    }

    @Test("a size line, all extensions and trailers have limits (CK-4, TR-3)")
    func limits() {
        let fits = "1;a=" + String(repeating: "b", count: 252) + "\r\nx\r\n0\r\n\r\n"
        #expect(decodeBody(Array(fits.utf8)).refusal == nil)
        #expect(decodeBody(Array(("1;a=" + String(repeating: "b", count: 253)).utf8)).refusal == .chunkLineTooLong)
        let many = String(repeating: "1;a=" + String(repeating: "b", count: 200) + "\r\nx\r\n", count: 82)
        #expect(decodeBody(Array(many.utf8)).refusal == .chunkExtensionsTooLong)
        let limits = HeadLimits(fieldLineBytes: 10, headBytes: 40, fieldCount: 3)
        for (trailer, refusal) in [
            ("X: 3456789\r\n", nil), ("X: 34567890\r\n", Rule.fieldLineTooLong), ("X34567890\r\n", .fieldNameSyntax),
            ("X345678901", .fieldLineTooLong), ("A:\r\nB:\r\nC:\r\n", nil), ("A:\r\nB:\r\nC:\r\nD", .tooManyFields),
        ] {
            let bytes = Array("0\r\n\(trailer)\r\n".utf8)
            #expect(decodeBody(bytes, limits: limits).refusal == refusal, "\(trailer)")
        }
        let tight = HeadLimits(headBytes: 20)
        #expect(decodeBody(Array("0\r\nA: 3456789012345\r\n\r\n".utf8), limits: tight).refusal == nil)
        #expect(decodeBody(Array("0\r\nA: 34567890123456\r\n\r\n".utf8), limits: tight).refusal == .headTooLong)
    }

    @Test("a body of known length ends there, and what follows is left")
    func length() {
        #expect(decodeBody(Array("abcGET".utf8), .length(3)) == .accepted("abc, 3 consumed, 0 overhead"))
        #expect(decodeBody(Array("ab".utf8), .length(3)) == .incomplete)
        #expect(decodeBody(Array("GET".utf8), .length(0)) == .accepted(", 0 consumed, 0 overhead"))
        #expect(decodeBody(Array("GET".utf8), .none) == .accepted(", 0 consumed, 0 overhead"))
        for ends in cuts(6) {
            #expect(
                decodeBody(Array("abcdef".utf8), .length(6), ends: ends) == .accepted("abcdef, 6 consumed, 0 overhead"))
        }
    }

    @Test("data is told where it stands, as far as it has come")
    func events() throws {
        var decoder = BodyDecoder()
        decoder.begin(RequestFraming.chunked, limits: HeadLimits())
        let bytes = Array("xx5\r\nabcde\r\n0\r\n\r\nyy".utf8)
        var offset = 2
        var event = try decoder.next(bytes.span.extracting(0..<7), at: &offset)
        #expect(event == .data(ByteRange(start: 5, end: 7)))
        let remaining = decoder.remaining
        #expect(remaining == 3)
        event = try decoder.next(bytes.span.extracting(0..<7), at: &offset)
        #expect(event == .needMore && offset == 7)
        event = try decoder.next(bytes.span, at: &offset)
        #expect(event == .data(ByteRange(start: 7, end: 10)))
        event = try decoder.next(bytes.span, at: &offset)
        #expect(event == .complete && offset == bytes.count - 2)
        let isComplete = decoder.isComplete
        #expect(isComplete)
    }

    @Test("only a body that ends at the close is whole when the peer closes (BD-1, UP-7)")
    func closing() throws {
        var decoder = BodyDecoder()
        for (framing, isWhole) in [
            (ResponseFraming.none, true), (.length(0), true), (.length(5), false), (.chunked, false),
            (.untilClose, true),
        ] {
            decoder.begin(framing, limits: .answer)
            var offset = 0
            if framing != .chunked { _ = try decoder.next(Array("ab".utf8).span, at: &offset) }
            let ended = decoder.endOfStream()
            #expect(ended == isWhole, "\(framing)")
        }
    }

    @Test("after an error each call tells it again")
    func sticky() {
        var decoder = BodyDecoder()
        decoder.begin(ResponseFraming.chunked, limits: .answer)
        var offset = 0
        for text in ["+5\r\n", "5\r\nhello\r\n0\r\n\r\n"] {
            offset = 0
            #expect(throws: ParseError(answer: .chunkSizeSyntax)) {
                try decoder.next(Array(text.utf8).span, at: &offset)
            }
        }
        let whole = decoder.endOfStream()
        #expect(!whole)
    }
}
