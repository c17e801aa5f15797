import Bytes
import HTTP1
import Testing

/// Field lines, and the framing that they give to an HTTP/1.1 request, or the rule that they break.
struct FramingVector: CustomTestStringConvertible, Sendable {
    var rule: String
    var fields: String
    var framing: RequestFraming?
    var refusal: Rule?

    init(_ rule: String, _ fields: String, _ framing: RequestFraming) {
        (self.rule, self.fields, self.framing) = (rule, fields, framing)
    }

    init(_ rule: String, _ fields: String, _ refusal: Rule) {
        (self.rule, self.fields, self.refusal) = (rule, fields, refusal)
    }

    var testDescription: String { rule + " " + fields.debugDescription }
}

private let lengths: [FramingVector] = [
    FramingVector("TE-5", "", .none),
    FramingVector("CL-1", "Content-Length: 0", .length(0)),
    FramingVector("CL-1", "content-length:\t5 ", .length(5)),
    FramingVector("CL-1", "Content-Length: 0005", .length(5)),
    FramingVector("CL-1", "Content-Length: 9223372036854775807", .length(.max)),
    FramingVector("CL-1", "Content-Length: 9223372036854775808", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 99999999999999999999999999", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 00000000000000000005", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length:", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: +5", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: -0", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 0x5", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 5_0", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 5,", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 5;", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: \"5\"", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 5 5", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 5.0", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: 5e1", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: \u{A0}5", .contentLengthSyntax),
    FramingVector("CL-1", "Content-Length: \u{B2}", .contentLengthSyntax),
    FramingVector("CL-2", "Content-Length: 5, 5", .contentLengthSyntax),
    FramingVector("CL-2", "Content-Length: 5\r\nContent-Length: 5", .repeatedField),
    FramingVector("CL-2", "Content-Length: 5\r\nContent-Length: 6", .repeatedField),
    FramingVector("CR-6", "Content_Length: 5", .none),
    FramingVector("CR-6", "Content.Length: x\r\nContent-Length: 5", .length(5)),
]

private let codings: [FramingVector] = [
    FramingVector("TE-1", "Content-Length: 5\r\nTransfer-Encoding: chunked", .lengthAndCoding),
    FramingVector("TE-1", "Transfer-Encoding: gzip\r\nContent-Length: 5", .lengthAndCoding),
    FramingVector("TE-1", "Transfer-Encoding: \"chunked\"\r\nContent-Length: 5", .lengthAndCoding),
    FramingVector("TE-2", "Transfer-Encoding: chunked", .chunked),
    FramingVector("TE-2", "transfer-encoding:\t ChUnKeD \t", .chunked),
    FramingVector("TE-2", "Transfer-Encoding: chunked, chunked", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: chunked,", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: ,chunked", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: chunked;q=1", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding:", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: \"chunked\"", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: chunked\u{A0}", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: c hunked", .transferEncodingSyntax),
    FramingVector("TE-2", "Transfer-Encoding: chunked\u{B}", .fieldValueSyntax),
    FramingVector("TE-2", "Transfer-Encoding: \u{8}chunked", .fieldValueSyntax),
    FramingVector("TE-2", "Transfer-Encoding: xchunked", .transferEncodingUnknown),
    FramingVector("TE-2", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .repeatedField),
    FramingVector("TE-2", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", .repeatedField),
    FramingVector("TE-3", "Transfer-Encoding: identity", .transferEncodingUnknown),
    FramingVector("TE-3", "Transfer-Encoding: gzip, chunked", .transferEncodingUnknown),
    FramingVector("TE-3", "Transfer-Encoding: chunked, gzip", .transferEncodingUnknown),
    FramingVector("TE-3", "Transfer-Encoding: gzip;q=1", .transferEncodingUnknown),
    FramingVector("CR-6", "Transfer_Encoding: chunked", .none),
]

@Suite("Where a request's body ends, and what becomes of its connection")
struct FramingTests {
    @Test("only what has one reading frames a body", arguments: lengths + codings)
    func framing(vector: FramingVector) {
        let line = vector.fields.isEmpty ? "" : vector.fields + "\r\n"
        let bytes = [UInt8](latin1: "POST / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n")
        let whole = parseRequest(bytes)
        if let framing = vector.framing {
            guard case .accepted(let text) = whole else {
                Issue.record("refused: \(whole)")
                return
            }
            #expect(text.contains("\n\(framing) persistent"), "\(text)")
        } else {
            #expect(whole.refusal == vector.refusal)
        }
        for ends in cuts(bytes.count) { #expect(parseRequest(bytes, ends: ends) == whole) }
    }

    @Test("an HTTP/1.0 request has no transfer coding (TE-4)")
    func oldVersion() {
        for coding in ["chunked", "gzip"] {
            let bytes = Array("POST / HTTP/1.0\r\nTransfer-Encoding: \(coding)\r\n\r\n".utf8)
            #expect(parseRequest(bytes).refusal == .codingInHTTP10)
        }
    }

    @Test(
        "`Connection` and the version decide whether the connection stays (KA-2, KA-3)",
        arguments: [
            ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: CLOSE\r\n", false),
            ("1.1", "Connection: keep-alive\r\n", true), ("1.1", "Connection: keep-alive, close\r\n", false),
            ("1.1", "Connection: a\r\nConnection: b ,\tclose\r\n", false), ("1.1", "Connection: closed\r\n", true),
            ("1.1", "X-Connection: close\r\n", true), ("1.0", "", false), ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive\r\nConnection: close\r\n", false), ("1.0", "Keep-Alive: 5\r\n", false),
        ])
    func persistence(version: String, fields: String, expected: Bool) {
        let outcome = parseRequest(Array("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n".utf8))
        guard case .accepted(let text) = outcome else {
            Issue.record("refused: \(outcome)")
            return
        }
        #expect(text.contains(" persistent \(expected) "))
    }

    @Test(
        "an expectation counts only with a body to wait for (EX-1, EX-2)",
        arguments: [
            ("1.1", "Expect: 100-Continue\r\nContent-Length: 5\r\n", true, false),
            ("1.1", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", true, false),
            ("1.1", "Expect: 100-continue\r\n", false, false),
            ("1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n", false, false),
            ("1.1", "Expect: y 100-continue\r\nContent-Length: 5\r\n", false, true),
            ("1.1", "Expect: 100-continue, x\r\nContent-Length: 5\r\n", false, true),
            ("1.1", "Expect:\r\n", false, true),
            ("1.0", "Expect: 100-continue\r\nContent-Length: 5\r\n", false, false),
            ("1.0", "Expect: x\r\n", false, false),
        ])
    func expectation(version: String, fields: String, expects: Bool, isUnknown: Bool) {
        let outcome = parseRequest(Array("POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n".utf8))
        guard case .accepted(let text) = outcome else {
            Issue.record("refused: \(outcome)")
            return
        }
        #expect(text.contains(" expects \(expects) \(isUnknown)\n"))
    }
}
