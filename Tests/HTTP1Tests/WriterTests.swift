import Bytes
import HTTP1
import Testing

@Suite("Writing heads and chunks")
struct WriterTests {
    @Test("a status line has its registered reason, a given one, or none")
    func statusLines() {
        var buffer = ByteBuffer()
        for status in [200, 202, 204, 404, 431, 502, 799] { ResponseWriter.statusLine(status, to: &buffer) }
        ResponseWriter.statusLine(200, reason: Array("Fine".utf8).span, to: &buffer)
        ResponseWriter.statusLine(299, reason: [UInt8]().span, to: &buffer)
        #expect(
            buffer.span.text == """
                HTTP/1.1 200 OK\r
                HTTP/1.1 202 Accepted\r
                HTTP/1.1 204 No Content\r
                HTTP/1.1 404 Not Found\r
                HTTP/1.1 431 Request Header Fields Too Large\r
                HTTP/1.1 502 Bad Gateway\r
                HTTP/1.1 799 \r
                HTTP/1.1 200 Fine\r
                HTTP/1.1 299 \r\n
                """)
    }

    @Test("what is written as an answer is read as that answer")
    func answers() {
        for status in 100...999 {
            var buffer = ByteBuffer()
            ResponseWriter.statusLine(status, to: &buffer)
            HeadWriter.field("content-type", "a/b", to: &buffer)
            HeadWriter.field("x-a", Array("b".utf8).span, to: &buffer)
            HeadWriter.field("content-length", decimal: 12, to: &buffer)
            HeadWriter.end(&buffer)
            guard case .accepted(let text) = parseAnswer(buffer.span.array) else {
                Issue.record("refused \(status)")
                continue
            }
            #expect(text.hasPrefix("\(buffer.count) bytes: \(status) \(ResponseWriter.reason(status)) http11"))
            #expect(
                text.hasSuffix(
                    "[content-type]=[a/b] contentType\n[x-a]=[b] other\n[content-length]=[12] contentLength"
                ))
        }
    }

    @Test("a request line has one space each, and `/` for an empty target")
    func requestLines() {
        var buffer = ByteBuffer()
        RequestWriter.requestLine(Array("GET".utf8).span, Array("/a?b".utf8).span, to: &buffer)
        RequestWriter.requestLine(Array("M-SEARCH".utf8).span, [UInt8]().span, to: &buffer)
        ResponseWriter.continueHead(to: &buffer)
        #expect(
            buffer.span.text
                == "GET /a?b HTTP/1.1\r\nM-SEARCH / HTTP/1.1\r\nHTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test("chunks that are written are decoded to the same bytes")
    func chunks() {
        var buffer = ByteBuffer()
        var expected = ""
        for count in [1, 15, 16, 17, 0, 255, 4096] {
            let piece = String(repeating: "x", count: count)
            ChunkWriter.chunk(Array(piece.utf8).span, to: &buffer)
            expected += piece
        }
        ChunkWriter.last(&buffer)
        let overhead = buffer.count - expected.utf8.count
        #expect(
            decodeBody(buffer.span.array) == .accepted("\(expected), \(buffer.count) consumed, \(overhead) overhead"))
    }

    @Test("what may not stand in a field is told before it is written")
    func fieldParts() {
        let isValue = { (text: String) in HeadWriter.isFieldValue([UInt8](latin1: text).span) }
        let isName = { (text: String) in HeadWriter.isFieldName([UInt8](latin1: text).span) }
        for text in ["a \t\u{80}", ""] { #expect(isValue(text)) }
        for text in ["\r", "\n", "\0", "a\u{7F}", "\u{1F}"] { #expect(!isValue(text)) }
        #expect(isName("x-a_b"))
        for text in ["", "a b", "a:", "a\r", "\u{E9}"] { #expect(!isName(text)) }
    }

    @Test("every rule has an id and a sentence of its own")
    func rules() {
        #expect(Set(Rule.allCases.map { "\($0.sentence)" }).count == Rule.allCases.count)
        for rule in Rule.allCases {
            #expect("\(rule.id)".contains("-") && "\(rule.sentence)".hasSuffix("."))
            #expect([400, 414, 431, 501, 505].contains(ParseError(request: rule).status))
            #expect(ParseError(answer: rule).status == 502)
        }
    }
}
