import Bytes
import HTTP1
import Support
import Testing

@testable import Proxy

/// The field lines that go on of a request with `lines`, each as `name: value`; `nil` when it is refused.
private func forwarded(
    _ lines: [String], keepsAuthorization: Bool = false, alsoPass: [String] = []
) -> [String]? {
    var message = ByteBuffer()
    message.append("POST /sms HTTP/1.1\r\nHost: gw\r\n".latin1)
    for line in lines { message.append("\(line)\r\n".latin1) }
    message.append("\r\n")
    var parser = RequestParser(limits: HeadLimits())
    var head = RequestHead()
    guard (try? parser.parse(message, into: &head)) != nil else { return nil }
    var outbound = ByteBuffer()
    let isClean = ForwardingRules.writeRequestFields(
        head, message, keepsAuthorization: keepsAuthorization, alsoPass: alsoPass.map { Array($0.utf8) },
        into: &outbound)
    guard isClean else { return nil }
    return String(latin1: outbound.span.array).split(separator: "\r\n").map(String.init)
}

/// Other spellings of `name` that an origin may take for it (CR-6).
private func spellings(of name: String) -> [String] {
    let marks = ["_", "."].map { name.replacing("-", with: $0) }
    let mixed = name.firstIndex(of: "-").map { name.replacingCharacter(at: $0, with: "_") }
    return [name, name.uppercased(), name.prefix(1).uppercased() + name.dropFirst()] + marks + [mixed ?? name]
}

extension String {
    fileprivate func replacingCharacter(at index: Index, with text: String) -> String {
        self[..<index] + text + self[self.index(after: index)...]
    }
}

@Suite("Which fields of a request go on")
struct ForwardingRulesTests {
    @Test(
        "a name that is ours to write stops the request, whatever let it pass (CR-3)",
        arguments: ["x-ms-date", "x-ms-content-sha256"])
    func ours(name: String) {
        // No configuration can list these names; if one could, this is what stands in its way.
        #expect(forwarded(["\(name): x"], alsoPass: [name]) == nil)
        #expect(forwarded(["\(name): x"]) == [])
        #expect(forwarded(["x-ms-other: x"], alsoPass: ["x-ms-other", name]) == ["x-ms-other: x"])
    }

    /// Every name of the config language's section 5 and of the rules that it points at.
    static let removed = [
        // Credentials (CR-1).
        "authorization", "proxy-authorization", "cookie", "cookie2", "api-key", "x-api-key",
        "ocp-apim-subscription-key", "ocp-apim-trace", "x-functions-key", "x-auth-token", "x-access-token",
        "x-amz-security-token", "x-goog-api-key", "x-original-authorization", "x-forwarded-authorization",
        "authentication-info", "www-authenticate", "proxy-authenticate", "date",
        // The service's own.
        "x-ms-date", "x-ms-content-sha256", "x-ms-host", "x-ms-hmac-string-to-sign-base64", "x-ms-authorization",
        "x-ms-client-principal", "x-ms-client-principal-id", "x-ms-token-aad-access-token", "x-ms-request-id",
        "x-ms-error-code", "x-ms-", "x-ms-authorization-auxiliary", "x-ms-anything-at-all-that-is-longer-than-most",
        // Ours.
        "x-acs-gateway-reason", "x-acs-gateway-", "x-acs-gateway-caller",
        // Hop-by-hop (HP-1, HP-3).
        "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings",
        // What a client says of others (FW-2, FW-4).
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
        "x-forwarded-anything", "x-real-ip", "x-client-ip", "true-client-ip", "x-host", "x-original-host",
        "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override",
    ]

    @Test("a removed name is removed in every case and spelling (CR-1, CR-6, HP-1, FW-2, FW-4)", arguments: removed)
    func removal(name: String) {
        for spelling in spellings(of: name) {
            #expect(forwarded(["\(spelling): value", "accept: */*"]) == ["accept: */*"], "\(spelling)")
            // All repeats go; of a field that may stand once a repeat is refused before.
            let twice = forwarded(["\(spelling): value", "accept: */*", "\(spelling): again"])
            #expect(twice == nil || twice == ["accept: */*"], "\(spelling)")
        }
    }

    @Test("framing is written anew, so what the client sent of it goes, look-alikes too (CR-6)")
    func framing() {
        for name in ["content-length", "transfer-encoding", "expect", "host", "connection"] {
            for spelling in spellings(of: name) where spelling.contains(/[_.]/) {
                #expect(forwarded(["\(spelling): 1"]) == [], "\(spelling)")
            }
        }
        #expect(forwarded(["Content-Length: 1"]) == [])
        #expect(forwarded(["Transfer-Encoding: chunked"]) == [])
        #expect(forwarded(["Expect: 100-continue", "Content-Length: 1"]) == [])
        #expect(forwarded(["Connection: keep-alive", "Connection: close"]) == [])
    }

    @Test(
        "everything else passes, as it was sent",
        arguments: [
            "accept", "accept-encoding", "Content-Type", "content-encoding", "user-agent", "Repeatability-Request-ID",
            "Repeatability-First-Sent", "if-match", "If-None-Match", "range", "prefer", "traceparent", "tracestate",
            "Via", "cache-control", "origin", "referer", "x-custom", "x-msx", "x-m-s-date", "xx-ms-date", "ms-date",
            "x-mst", "x-forward", "x-forwardedfor", "x-acs-gatewa", "x-http-metho", "x-http-meth-od", "authorizatio",
            "authorizations", "my-authorization", "cookie3", "api-keys", "apikey", "dates", "last-modified",
            "!#$%&'*+^`|~",
            "x", "x-ms", "host-", "content-lengths", "x-hosts", "content_type", "user.agent", "accept_encoding",
            "x-ms-client-request-id", "X-Ms-Client-Request-Id", "x-ms-return-client-request-id", "x-ms-useragent",
        ])
    func passing(name: String) {
        #expect(forwarded(["\(name): value"]) == ["\(name): value"])
    }

    @Test("the `x-ms-` fields that pass do so only in their own spelling (CR-6)")
    func lookalikes() {
        for name in ["x-ms-client-request-id", "x-ms-return-client-request-id", "x-ms-useragent"] {
            for spelling in spellings(of: name) where spelling.contains(/[_.]/) {
                #expect(forwarded(["\(spelling): a"]) == [], "\(spelling)")
            }
        }
    }

    @Test("order, repeats and bytes of values are kept; white space around them is not")
    func bytes() {
        let lines = ["x-b: 1", "X-A:2", "x-b: \t 3, 4\t", "x-c:", "x-d: \u{80}\u{FF} \u{E9}", "x-b: 1"]
        #expect(
            forwarded(lines) == ["x-b: 1", "X-A: 2", "x-b: 3, 4", "x-c: ", "x-d: \u{80}\u{FF} \u{E9}", "x-b: 1"])
    }

    @Test("`authorization` goes on for pass-through alone, and never a look-alike")
    func authorization() {
        let lines = ["Authorization: Bearer t", "authori.zation: x", "proxy_authorization: y"]
        #expect(forwarded(lines) == ["authori.zation: x"])
        #expect(forwarded(lines, keepsAuthorization: true) == ["Authorization: Bearer t", "authori.zation: x"])
        #expect(forwarded(["x-ms-date: d", "date: d", "cookie: c"], keepsAuthorization: true) == [])
    }

    @Test("`forward_fields` lets the names through that it lists, in any case, and no look-alike")
    func forwardFields() {
        let listed = ["x-ms-repeatability", "x-ms-error-code", "x-ms-a-name-that-is-longer-than-thirty-two-bytes"]
        let lines = [
            "X-Ms-Repeatability: 1", "x-ms-error-code: 2", "x-ms-a-name-that-is-longer-than-thirty-two-bytes: 3",
        ]
        #expect(forwarded(lines, alsoPass: listed) == lines)
        #expect(
            forwarded(
                [
                    "x-ms_repeatability: 1", "x.ms-repeatability: 1", "x-ms-repeatabilit: 1", "x-ms-repeatability2: 1",
                    "x-ms-error_code: 2", "x-ms-a-name-that-is-longer-than-thirty-two.bytes: 3", "x-ms-date: 4",
                ], alsoPass: listed) == [])
    }
}

@Suite("What `connection` names")
struct NominationTests {
    @Test(
        "goes no further (HP-1)",
        arguments: [
            "Connection: x-a", "connection: X-A", "Connection: close, x-a", "Connection: ,, x-a ,",
            "Connection: keep-alive\r\nConnection: x-a", "Connection: x_a", "Connection: x.A",
        ])
    func removed(connection: String) {
        let lines = connection.split(separator: "\r\n").map(String.init)
        #expect(forwarded(lines + ["x-a: 1", "x-b: 2"]) == ["x-b: 2"])
        #expect(forwarded(["x-a: 1", "x-b: 2", "X-A: 3"] + lines) == ["x-b: 2"])
        #expect(forwarded(lines + ["x_a: 1", "x-b: 2"]) == ["x-b: 2"])
    }

    @Test("is ignored where it names what the message needs (HP-2)")
    func ignored() {
        let lines = ["Connection: host, content-length, transfer-encoding, content-type, cache-control"]
        #expect(
            forwarded(lines + ["Content-Type: a/b", "Cache-Control: no-store", "Content-Length: 3"])
                == ["Content-Type: a/b", "Cache-Control: no-store"])
    }

    @Test("takes nothing else away, and reaches what would have passed")
    func others() {
        #expect(
            forwarded([
                "Connection: x-ms-client-request-id, accept", "x-ms-client-request-id: 1", "accept: a", "x-ab: b",
                "x-a-b: c",
            ]) == ["x-ab: b", "x-a-b: c"])
        #expect(forwarded(["Connection: authorization", "Authorization: Bearer t"], keepsAuthorization: true) == [])
        #expect(forwarded(["Connection: x-ms-a", "x-ms-a: 1"], alsoPass: ["x-ms-a"]) == [])
    }

    @Test("is refused when it is no list of tokens, or a long one")
    func refused() {
        for value in ["x a", "\"x\"", "x;y", "x=y", "x/y", "\u{E9}"] {
            #expect(forwarded(["Connection: \(value)"]) == nil)
        }
        let names = (0..<65).map { "x-\($0)" }
        #expect(forwarded(["Connection: " + names.joined(separator: ",")]) == nil)
        #expect(forwarded(["Connection: " + names.dropLast().joined(separator: ",")]) == [])
    }
}
