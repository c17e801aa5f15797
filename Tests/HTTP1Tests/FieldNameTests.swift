import Bytes
import HTTP1
import Testing

@Suite("What a field's name means")
struct FieldNameTests {
    /// The one field line of a request that has it alone.
    private func line(_ name: String) throws -> FieldLine {
        var parser = RequestParser(limits: HeadLimits())
        var head = RequestHead()
        // The value would do for every name that the parser reads.
        let bytes = Array("GET / HTTP/1.0\r\n\(name):1\r\n\r\n".utf8)
        _ = try parser.parse(bytes.span, into: &head)
        return head.field(at: 0)
    }

    @Test("each name is known in any case, and as a look-alike with `_` or `.` (CR-6)")
    func known() throws {
        for name in FieldName.allCases where name.text.utf8CodeUnitCount > 0 && name != .transferEncoding {
            let text = "\(name.text)"
            for spelling in [text, text.uppercased(), text.prefix(1).uppercased() + text.dropFirst()] {
                let line = try line(spelling)
                #expect(line.known == name && !line.isLookalike, "\(spelling)")
            }
            for mark in ["_", "."] where text.contains("-") {
                let line = try line(text.split(separator: "-").joined(separator: mark))
                #expect(line.known == name && line.isLookalike, "\(text) with \(mark)")
            }
            for other in [text + "x", "y" + text, text + "-", String(text.dropLast()) + "!"] {
                let known = try line(other).known
                #expect(known != name, "\(other)")
            }
        }
    }

    @Test(
        "families are known by their beginning",
        arguments: [
            ("x-ms-foo", .xMsOther, false), ("X-Ms-", .xMsOther, false), ("x_ms-foo", .xMsOther, true),
            ("x-ms-foo.bar", .xMsOther, true), ("x-ms-hmac-string-to-sign-base64", .xMsOther, false),
            ("x-ms-abcdefghijklmnopqrstuvwxyz-0123456789", .xMsOther, false),
            ("x-ms-abcdefghijklmnopqrstuvwxyz-0123456789_a", .xMsOther, true), ("x-msfoo", .other, false),
            ("x-acs-gateway-reason", .xAcsGatewayOther, false), ("X.ACS.GATEWAY.X", .xAcsGatewayOther, true),
            ("x-acs-gateway", .other, false), ("x-forwarded-for", .xForwardedOther, false),
            ("x_forwarded_for", .xForwardedOther, true), ("x-forwarded", .other, false),
            ("x-forwarded-abcdefghijklmnopqrstuvwxyz", .xForwardedOther, false),
            ("x-http-method", .xHTTPMethodOther, false), ("X-HTTP-Method-Override", .xHTTPMethodOther, false),
            ("x-http-metho", .other, false), ("x_foo", .other, false), ("x", .other, false),
            ("abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz", .other, false),
        ] as [(String, FieldName, Bool)])
    func families(name: String, known: FieldName, isLookalike: Bool) throws {
        let line = try line(name)
        #expect(line.known == known)
        #expect(line.isLookalike == isLookalike)
    }

    @Test("every name but the families has its text")
    func texts() {
        let unnamed = FieldName.allCases.filter { $0.text.utf8CodeUnitCount == 0 }
        #expect(unnamed == [.other, .xForwardedOther, .xHTTPMethodOther, .xMsOther, .xAcsGatewayOther])
    }

    @Test("a field is found by its name, a look-alike is not")
    func index() throws {
        var parser = RequestParser(limits: HeadLimits())
        var head = RequestHead()
        let text = "GET / HTTP/1.1\r\nHost: a\r\nuser_agent: a\r\nUser-Agent: b\r\nUser-Agent: c\r\n\r\n"
        _ = try parser.parse(Array(text.utf8).span, into: &head)
        let indices = [head.index(of: .host), head.index(of: .userAgent), head.index(of: .via)]
        #expect(indices == [0, 2, -1])
    }

    @Test("the groups of names are those of the rules")
    func groups() {
        #expect(
            FieldName.allCases.filter(\.isHopByHop) == [
                .transferEncoding, .connection, .keepAlive, .proxyConnection, .te, .trailer, .upgrade, .http2Settings,
                .proxyAuthorization, .proxyAuthenticate,
            ])
        #expect(
            FieldName.allCases.filter(\.isCredential) == [
                .proxyAuthorization, .proxyAuthenticate, .cookie, .cookie2, .apiKey, .xAPIKey, .ocpApimSubscriptionKey,
                .ocpApimTrace, .xFunctionsKey, .xAuthToken, .xAccessToken, .xAmzSecurityToken, .xGoogAPIKey,
                .xOriginalAuthorization, .authenticationInfo, .wwwAuthenticate, .xForwardedAuthorization,
            ])
        #expect(
            FieldName.allCases.filter(\.isForwardingClaim) == [
                .forwarded, .xForwardedAuthorization, .xForwardedOther, .xRealIP, .xClientIP, .trueClientIP, .xHost,
                .xOriginalHost, .xOriginalURL, .xRewriteURL, .xHTTPMethodOther, .xMethodOverride,
            ])
        let microsoft = FieldName.allCases.filter { "\($0.text)".hasPrefix("x-ms-") } + [.xMsOther]
        #expect(FieldName.allCases.filter(\.isMicrosoft) == microsoft)
        #expect(FieldName.allCases.filter(\.isSingleton).count == 11)
    }

    @Test("fields that `Connection` names are marked, `_` and `.` read as `-`, but not the essential ones (HP-2)")
    func nominations() throws {
        var parser = RequestParser(limits: HeadLimits())
        var head = RequestHead()
        let text = """
            GET / HTTP/1.1\r
            Host: a\r
            X-Foo: 1\r
            Connection: x-foo, host, content-length, content-type, close\r
            x_foo: 2\r
            X-Foo-Bar: 3\r
            Content-Length: 1\r
            Content-Type: t\r
            Cache-Control: c\r
            Authorization: a\r
            Connection: cache-control , AUTHORIZATION\r
            X-Foo: 4\r
            \r\n
            """
        _ = try parser.parse(Array(text.utf8).span, into: &head)
        #expect((0..<head.fieldCount).filter { head.field(at: $0).isNominated } == [1, 3, 8, 10])
    }
}
