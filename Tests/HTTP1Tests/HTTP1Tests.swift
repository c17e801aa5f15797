import Bytes
import HTTP1
import Testing

@Suite("Reading a request's head")
struct RequestParserTests {
    @Test("a usual head is read in full")
    func usual() throws {
        var parser = RequestParser(limits: HeadLimits())
        var head = RequestHead()
        let text = """
            POST /sms?api-version=2021-03-07 HTTP/1.1\r
            Host: gw.test:8080:8080\r
            Authorization: HMAC-SHA256 x\r
            x_ms-date: \t now \r
            X-MS-Return-Client-Request-ID: true\r
            X-Forwarded-Proto: https\r
            X-Http-Method-Override: PUT\r
            x-acs-gateway-reason: x\r
            x-ms-foo: x\r
            Connection: x-Foo, keep-alive\r
            X-Foo: 1\r
            Content-Length: 12\r
            \r\n
            """
        let bytes = Array(text.utf8)
        let length = try parser.parse(bytes.span, into: &head)
        #expect(length == bytes.count)
        #expect(head.method == .post)
        #expect(head.framing == .length(12))
        let known = (0..<head.fieldCount).map { head.field(at: $0).known }
        #expect(
            known == [
                .host, .authorization, .xMsDate, .xMsReturnClientRequestID, .xForwardedOther, .xHTTPMethodOther,
                .xAcsGatewayOther, .xMsOther, .connection, .other, .contentLength,
            ])
        #expect(head.field(at: 2).isLookalike)
        #expect(head.field(at: 9).isNominated)
        let isPersistent = head.isPersistent
        #expect(isPersistent)
    }
}
