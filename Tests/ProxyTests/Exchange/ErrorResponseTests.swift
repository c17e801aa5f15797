import Bytes
import FoundationEssentials
import HTTP1
import Support
import Testing

@testable import Proxy

/// The whole answer for `error`.
private func written(
    _ error: GatewayError, clientRequestID: String = "", isHead: Bool = false, closes: Bool = false,
    saysKeepAlive: Bool = false
) -> (text: String, bodyBytes: Int) {
    var body = ByteBuffer()
    var answer = ByteBuffer()
    let (clientID, id) = (clientRequestID.latin1, "0a1b2c3d-00-00000007".latin1)
    let date = "Mon, 23 Nov 2026 09:08:07 GMT".latin1
    let context = ErrorResponse.Context(
        clientRequestID: clientID.span, requestID: id.span, date: date.span, isHead: isHead, closes: closes,
        saysKeepAlive: saysKeepAlive)
    let count = ErrorResponse.write(error, context, body: &body, into: &answer)
    return (String(latin1: answer.span.array), count)
}

private struct ServiceError: Decodable {
    struct Content: Decodable {
        var code: String
        var message: String
    }
    var error: Content
}

/// The body as an SDK reads it.
private func decoded(_ answer: String) throws -> ServiceError.Content {
    let start = try #require(answer.firstRange(of: "\r\n\r\n")).upperBound
    return try JSONDecoder().decode(ServiceError.self, from: Data(answer[start...].utf8)).error
}

@Suite("What a client is told when the gateway answers itself")
struct ErrorResponseTests {
    /// Config language, section 6.
    static let table: [(code: ErrorCode, line: String, name: String, reason: String)] = [
        (.badRequest, "400 Bad Request", "BadRequest", "bad-request"),
        (.bodyDigestMismatch, "400 Bad Request", "BodyDigestMismatch", "body-digest-mismatch"),
        (.callerNotAuthenticated, "401 Unauthorized", "CallerNotAuthenticated", "caller-not-authenticated"),
        (.callerNotAllowed, "403 Forbidden", "CallerNotAllowed", "caller-not-allowed"),
        (.noRoute, "404 Not Found", "NoRoute", "no-route"),
        (.methodNotAllowed, "405 Method Not Allowed", "MethodNotAllowed", "method-not-allowed"),
        (.requestTimeout, "408 Request Timeout", "RequestTimeout", "request-timeout"),
        (.bodyTooLarge, "413 Content Too Large", "BodyTooLarge", "body-too-large"),
        (.targetTooLong, "414 URI Too Long", "TargetTooLong", "target-too-long"),
        (.expectationFailed, "417 Expectation Failed", "ExpectationFailed", "expectation-failed"),
        (.headTooLarge, "431 Request Header Fields Too Large", "HeadTooLarge", "head-too-large"),
        (.versionNotSupported, "505 HTTP Version Not Supported", "VersionNotSupported", "version-not-supported"),
        (.internalError, "500 Internal Server Error", "InternalError", "internal-error"),
        (.notImplemented, "501 Not Implemented", "NotImplemented", "not-implemented"),
        (.upstreamFailed, "502 Bad Gateway", "UpstreamFailed", "upstream-failed"),
        (
            .upstreamRefusedCredential, "502 Bad Gateway", "UpstreamRefusedCredential", "upstream-refused-credential"
        ),
        (.credentialUnavailable, "503 Service Unavailable", "CredentialUnavailable", "credential-unavailable"),
        (.upstreamUnavailable, "503 Service Unavailable", "UpstreamUnavailable", "upstream-unavailable"),
        (.overloaded, "503 Service Unavailable", "Overloaded", "overloaded"),
        (.upstreamTimeout, "504 Gateway Timeout", "UpstreamTimeout", "upstream-timeout"),
    ]

    @Test("each code has its status, its names and its bytes", arguments: table)
    func codes(code: ErrorCode, line: String, name: String, reason: String) throws {
        let message = code == .internalError ? "Because. Request id: `0a1b2c3d-00-00000007`." : "Because."
        let body = "{\"error\":{\"code\":\"\(name)\",\"message\":\"\(message)\"}}"
        // "Nothing was sent, try again" is said with 503 alone, never with 502.
        let retry = line.hasPrefix("503") ? "retry-after: 1\r\n" : ""
        let challenge = line.hasPrefix("401") ? "www-authenticate: Bearer\r\n" : ""
        let head = """
            HTTP/1.1 \(line)\r
            content-type: application/json\r
            content-length: \(body.utf8.count)\r
            date: Mon, 23 Nov 2026 09:08:07 GMT\r
            x-ms-error-code: \(name)\r
            x-acs-gateway-reason: \(reason)\r
            \(challenge)\(retry)\r

            """
        let answer = written(GatewayError(code, "Because."))
        #expect(answer.text == head + body)
        #expect(answer.bodyBytes == body.utf8.count)
        #expect(try decoded(answer.text).code == name)
    }

    @Test("the table has every code once")
    func complete() {
        #expect(Set(Self.table.map(\.code)) == Set(ErrorCode.allCases) && Self.table.count == ErrorCode.allCases.count)
        let kebab = Self.table.map { row in
            row.name.reduce("") { $0 + ($1.isUppercase && !$0.isEmpty ? "-" : "") + $1.lowercased() }
        }
        #expect(kebab == Self.table.map(\.reason))
    }

    @Test(
        "a client's request id is echoed when it is harmless, else left out (ER-1)",
        arguments: [
            ("a", true), ("8f4b1c2e-0000-4000-8000-0123456789AB", true), ("-", true),
            (String(repeating: "a", count: 128), true), (String(repeating: "a", count: 129), false), ("", false),
            ("a b", false), ("a_b", false), ("a.b", false), ("a:b", false), ("<a>", false), ("a\"", false),
            ("a/b", false),
            ("a\u{E9}", false), ("a\u{FF}", false), ("a,b", false), ("{a}", false), ("a\tb", false),
        ])
    func echo(id: String, isEchoed: Bool) {
        let text = written(GatewayError(.noRoute, "No."), clientRequestID: id).text
        #expect(text.contains("\r\nx-ms-client-request-id: \(id)\r\n") == isEchoed)
        #expect(text.contains("client-request-id") == isEchoed)
        #expect(id.isEmpty || isEchoed || id.utf8.count < 3 || !text.contains(id))
    }

    @Test("an answer to HEAD has the length of the body, and no body (ME-4)")
    func head() {
        let whole = written(GatewayError(.noRoute, "No."))
        let head = written(GatewayError(.noRoute, "No."), isHead: true)
        #expect(head.text + "{\"error\":{\"code\":\"NoRoute\",\"message\":\"No.\"}}" == whole.text)
        #expect(head.bodyBytes == 0)
    }

    @Test("the connection's end is said, and its going on to HTTP/1.0 (KA-3, KA-5)")
    func connection() {
        let says = { (closes: Bool, old: Bool) -> [String] in
            let text = written(GatewayError(.noRoute, "No."), closes: closes, saysKeepAlive: old).text
            return text.split(separator: "\r\n").filter { $0.hasPrefix("connection") }.map(String.init)
        }
        #expect(says(false, false) == [])
        #expect(says(true, false) == ["connection: close"])
        #expect(says(true, true) == ["connection: close"])
        #expect(says(false, true) == ["connection: keep-alive"])
    }

    @Test("what is told beside the sentence: names of the configuration, and what the resource said")
    func details() throws {
        let allowed = written(GatewayError(.methodNotAllowed, "No.", .methods(["GET", "MERGE"]))).text
        #expect(allowed.contains("\r\nallow: GET, MERGE\r\n"))
        #expect(written(GatewayError(.methodNotAllowed, "No.", .methods([]))).text.contains("\r\nallow: \r\n"))
        let down = written(GatewayError(.upstreamUnavailable, "Down.", .resource("contoso"))).text
        #expect(try decoded(down).message == "Down. Resource: `contoso`.")
        let refusal = GatewayError.Detail.refusal(resource: "contoso", code: "Denied", requestID: "abc.1")
        let refused = written(GatewayError(.upstreamRefusedCredential, "Refused.", refusal)).text
        #expect(
            try decoded(refused).message
                == "Refused. Resource: `contoso`, its code: `Denied`, its request id: `abc.1`.")
    }

    @Test("every sentence is text that JSON may hold", arguments: Rule.allCases)
    func sentences(rule: Rule) throws {
        let error = GatewayError(ParseError(request: rule))
        #expect(error.closes)
        #expect(error.code.status == rule.status)
        #expect(try decoded(written(error).text).message == rule.sentence.description)
    }

    @Test("each refused path is told, too")
    func pathSentences() throws {
        for (error, _) in PathVectors.refused {
            let answer = written(GatewayError(.badRequest, error.sentence)).text
            #expect(try decoded(answer).message == error.sentence.description)
        }
    }
}
