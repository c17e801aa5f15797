import Bytes
import HTTP1
import Testing

private let answers: [Vector] = [
    Vector("UP-2", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    Vector("UP-2", "HTTP/1.0 200 \r\n\r\n"),
    Vector("UP-2", "HTTP/1.1 200\r\n\r\n"),
    Vector("UP-2", "HTTP/1.1 999 \t\u{E9}t\u{E9}  x\r\n\r\n"),
    Vector("UP-2", "HTPP/1.1 200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/2.0 200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.2 200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "http/1.1 200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1  200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1\t200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 099 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 20 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 2000 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 2x0 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 +20 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 200\tOK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 200 O\u{0}K\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 200 OK\n\r\n", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 200 OK\rX: y\r\n\r\n", .bareCarriageReturn),
    Vector("UP-2", "\r\nHTTP/1.1 200 OK\r\n\r\n", .statusLineSyntax),
    Vector("UP-2", "<html>hello</html>", .statusLineSyntax),
    Vector("UP-2", "HTTP/1.1 200 OK\r\nX-A: a\rb\r\n\r\n", .bareCarriageReturn),
    Vector("UP-2", "HTTP/1.1 200 OK\r\nX-A: a\nb\r\n\r\n", .bareLineFeed),
    Vector("UP-2", "HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\r\n", .foldedLine),
    Vector("UP-2", "HTTP/1.1 200 OK\r\n X-A: a\r\n\r\n", .foldedLine),
    Vector("UP-2", "HTTP/1.1 200 OK\r\nX A: a\r\n\r\n", .fieldNameSyntax),
    Vector("UP-2", "HTTP/1.1 200 OK\r\nX-A: \u{1}\r\n\r\n", .fieldValueSyntax),
    Vector("UP-3", "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n", .contentLengthSyntax),
    Vector("UP-3", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", .contentLengthSyntax),
    Vector("UP-3", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", .repeatedField),
    Vector("UP-4", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Vector("UP-4", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedchunked\r\n\r\n", .transferEncodingUnknown),
    Vector("UP-4", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", .transferEncodingSyntax),
    Vector("UP-4", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", .lengthAndCoding),
    Vector("UP-4", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .codingInHTTP10),
    Vector("HD-7", "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nDate: a\r\nDate: b\r\n\r\n"),
    Vector("HP-4", "HTTP/1.1 200 OK\r\nConnection: a b\r\n\r\n", .connectionSyntax),
]

@Suite("Reading an answer's head")
struct ResponseParserTests {
    @Test("each rule of grammar is kept, however the bytes are cut", arguments: answers)
    func grammar(vector: Vector) {
        let bytes = [UInt8](latin1: vector.text)
        let whole = parseAnswer(bytes)
        #expect(whole.refusal == vector.refusal)
        #expect(whole != .incomplete)
        if case .refused(let error) = whole { #expect(error.status == 502) }
        for ends in cuts(bytes.count) { #expect(parseAnswer(bytes, ends: ends) == whole) }
    }

    @Test(
        "method and status come before the fields when a body is looked for (ME-4, UP-5)",
        arguments: [
            (.get, 200, "", "untilClose", false, -1), (.get, 200, "Content-Length: 5\r\n", "length(5)", true, 5),
            (.get, 200, "Transfer-Encoding: chunked\r\n", "chunked", true, -1),
            (.head, 200, "Content-Length: 5\r\n", "none", true, 5), (.head, 200, "", "none", true, -1),
            (.head, 200, "Transfer-Encoding: chunked\r\n", "none", true, -1),
            (.get, 204, "Content-Length: 5\r\n", "none", true, 5),
            (.get, 304, "Content-Length: 10\r\n", "none", true, 10),
            (.post, 100, "", "none", true, -1), (.post, 103, "Transfer-Encoding: chunked\r\n", "none", true, -1),
            (.post, 205, "Content-Length: 0\r\n", "length(0)", true, 0),
            (.get, 200, "Content-Length: 5\r\nConnection: close\r\n", "length(5)", false, 5),
        ] as [(HTTP1.Method, Int, String, String, Bool, Int)])
    func framing(
        method: HTTP1.Method, status: Int, fields: String, framing: String, isPersistent: Bool, length: Int
    ) {
        let outcome = parseAnswer(Array("HTTP/1.1 \(status) x\r\n\(fields)\r\n".utf8), method: method)
        guard case .accepted(let text) = outcome else {
            Issue.record("refused: \(outcome)")
            return
        }
        #expect(
            text.contains(": \(status) x http11 \(framing)\npersistent \(isPersistent) length \(length)"), "\(text)")
    }

    @Test("an HTTP/1.0 origin closes unless it says otherwise")
    func oldVersion() {
        for (fields, isPersistent) in [("", false), ("Connection: keep-alive\r\n", true)] {
            let outcome = parseAnswer(Array("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\(fields)\r\n".utf8))
            guard case .accepted(let text) = outcome else {
                Issue.record("refused: \(outcome)")
                continue
            }
            #expect(text.contains("persistent \(isPersistent) "))
        }
    }

    @Test("fields that `Connection` names are marked (HP-4)")
    func nominations() {
        let text = "HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: x-a\r\nX-B: 2\r\n\r\n"
        guard case .accepted(let description) = parseAnswer(Array(text.utf8)) else {
            Issue.record("refused")
            return
        }
        #expect(description.contains("[X-A]=[1] other nominated\n"))
        #expect(!description.contains("[X-B]=[2] other nominated"))
    }

    @Test("an answer's head has limits too (UP-9)")
    func limits() {
        let lines = String(repeating: "X: y\r\n", count: 200)
        #expect(parseAnswer(Array("HTTP/1.1 200 OK\r\n\(lines)\r\n".utf8)).refusal == nil)
        #expect(parseAnswer(Array("HTTP/1.1 200 OK\r\n\(lines)X".utf8)).refusal == .tooManyFields)
        let long = String(repeating: "a", count: 65536)
        #expect(parseAnswer(Array("HTTP/1.1 200 OK\r\nX: \(long)".utf8)).refusal == .headTooLong)
        #expect(parseAnswer(Array("HTTP/1.1 200 \(long)".utf8)).refusal == .requestLineTooLong)
    }
}
