import Bytes
import HTTP1
import Testing

/// A message, the rule that speaks of it, and what must come of it: `nil` is acceptance.
struct Vector: CustomTestStringConvertible, Sendable {
    var rule: String
    var text: String
    var refusal: Rule?

    init(_ rule: String, _ text: String, _ refusal: Rule? = nil) {
        (self.rule, self.text, self.refusal) = (rule, text, refusal)
    }

    var testDescription: String { rule + " " + text.debugDescription }
}

/// A request with `lines` behind its `Host`.
private func withFields(_ lines: String) -> String {
    "GET / HTTP/1.1\r\nHost: gw.test\r\n" + lines + "\r\n"
}

private let requestLines: [Vector] = [
    Vector("RL-1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Vector("RL-1", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .requestLineSyntax),
    Vector("RL-1", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-1", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-1", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .methodSyntax),
    Vector("RL-1", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .methodSyntax),
    Vector("RL-1", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("RL-1", "GET /\u{B}HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("RL-1", "GET /\u{C}HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("RL-2", "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Vector("RL-2", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Vector("RL-2", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n", .methodUnknown),
    Vector("RL-2", "get / HTTP/1.1\r\nHost: a\r\n\r\n", .methodUnknown),
    Vector("RL-2", "GET1 / HTTP/1.1\r\nHost: a\r\n\r\n", .methodUnknown),
    Vector("RL-2", "GE!T / HTTP/1.1\r\nHost: a\r\n\r\n", .methodUnknown),
    Vector("RL-2", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", .methodSyntax),
    Vector("RL-2", "GE\u{0}T / HTTP/1.1\r\nHost: a\r\n\r\n", .methodSyntax),
    Vector("RL-2", "G\u{C9}T / HTTP/1.1\r\nHost: a\r\n\r\n", .methodSyntax),
    Vector("RL-4", "GET / HTTP/1.0\r\n\r\n"),
    Vector("RL-4", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .versionUnsupported),
    Vector("RL-4", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionUnsupported),
    Vector("RL-4", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", .versionUnsupported),
    Vector("RL-4", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / HTTP/1.\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / http/1.1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / HTTP/x.1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / HTTP/4294967297.1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-4", "GET / HTTPS/1.1\r\nHost: a\r\n\r\n", .versionSyntax),
    Vector("RL-5", "GET /\r\n", .targetSyntax),
    Vector("RL-5", "GET / \r\n", .versionSyntax),
    Vector("RL-5", "GET\r\n", .methodSyntax),
    Vector("RL-6", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .asteriskTarget),
    Vector("RL-6", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", .methodSyntax),
    Vector("RL-6", "SSH-2.0-OpenSSH_9.2\r\n", .methodSyntax),
    Vector("RL-6", "\u{0}", .methodSyntax),
    Vector("RL-8", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Vector("RL-8", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .extraEmptyLine),
    Vector("RL-8", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .methodSyntax),
    Vector("RL-8", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareCarriageReturn),
    Vector("GR-1", "GET / HTTP/1.1\rHost: a\r\n\r\n", .bareCarriageReturn),
    Vector("GR-2", "GET / HTTP/1.1\nHost: a\r\n\r\n", .versionSyntax),
    Vector("GR-2", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
]

private let targets: [Vector] = [
    Vector("RL-3", "GET /a\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("RL-3", "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("RL-7", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("RL-7", "GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("PA-7", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("PA-7", "GET /a?b={} HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("PA-7", "GET /a?b[0]=1 HTTP/1.1\r\nHost: a\r\n\r\n", .targetSyntax),
    Vector("PA-5", "GET //a//b?x=%20&+=1?/&& HTTP/1.1\r\nHost: a\r\n\r\n"),
    Vector("ME-2", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    Vector("ME-2", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", .asteriskTarget),
    Vector("ME-2", "OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n", .asteriskTarget),
    Vector("ME-2", "OPTIONS *?x HTTP/1.1\r\nHost: a\r\n\r\n", .asteriskTarget),
    Vector("ME-3", "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
    Vector("ME-3", "CONNECT [::1]:443 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
    Vector("ME-3", "CONNECT /a HTTP/1.1\r\nHost: a.test\r\n\r\n", .hostSyntax),
    Vector("ME-3", "GET a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", .authorityTarget),
    Vector("RL-3", "GET ! HTTP/1.1\r\nHost: a\r\n\r\n", .authorityTarget),
    Vector("RL-3", "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", .authorityTarget),
    Vector("HO-4", "GET http://A.test/x?y HTTP/1.1\r\nHost: a.TEST\r\n\r\n"),
    Vector("HO-4", "GET HTTP://a.test:80/x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
    Vector("HO-4", "GET https://a.test HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
    Vector("HO-4", "GET http://[::1]:8/x HTTP/1.1\r\nHost: [::1]:8\r\n\r\n"),
    Vector("HO-4", "GET http://a.test:8080?q HTTP/1.1\r\nHost: a.test:8080:8080\r\n\r\n"),
    Vector("HO-4", "GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", .targetAuthority),
    Vector("HO-4", "GET http://a.test:443/ HTTP/1.1\r\nHost: a.test\r\n\r\n", .targetAuthority),
    Vector("HO-4", "GET https://a.test/ HTTP/1.1\r\nHost: a.test:80\r\n\r\n", .targetAuthority),
    Vector("HO-1", "GET http://a.test/ HTTP/1.0\r\n\r\n", nil),
    Vector("HO-4", "GET http://a.test/ HTTP/1.0\r\nHost: b.test\r\n\r\n", .targetAuthority),
    Vector("HO-4", "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", .authorityTarget),
    Vector("HO-4", "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", .authorityTarget),
    Vector("HO-4", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", .hostSyntax),
    Vector("HO-4", "GET http://a.test/[x] HTTP/1.1\r\nHost: a.test\r\n\r\n", .targetSyntax),
    Vector("HO-4", "GET http://a.test/?[x] HTTP/1.1\r\nHost: a.test\r\n\r\n", .targetSyntax),
    Vector("HO-4", "GET http://a.test:80:80/ HTTP/1.1\r\nHost: a.test\r\n\r\n", .hostSyntax),
    Vector("HO-5", "GET http://u@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", .targetUserInfo),
    Vector("HO-5", "GET http://a.test:80@b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", .targetUserInfo),
    Vector("HO-5", "GET /u@a.test HTTP/1.1\r\nHost: a.test\r\n\r\n"),
]

private let fieldLines: [Vector] = [
    Vector("HD-1", withFields("X-A: b\r\nX-B:\r\nX-C:c\r\n")),
    Vector("HD-1", withFields("!#$%&'*+-.^_`|~09az: v\r\n")),
    Vector("HD-1", withFields("X-A\r\n"), .fieldNameSyntax),
    Vector("HD-1", withFields(": v\r\n"), .fieldNameSyntax),
    Vector("HD-1", withFields("Fo@: v\r\n"), .fieldNameSyntax),
    Vector("HD-1", withFields("\"X\": v\r\n"), .fieldNameSyntax),
    Vector("HD-1", withFields("X\u{0}A: v\r\n"), .fieldNameSyntax),
    Vector("HD-1", withFields("X\u{E9}: v\r\n"), .fieldNameSyntax),
    Vector("HD-1", withFields("X-A[]: v\r\n"), .fieldNameSyntax),
    Vector("HD-2", withFields("X-A : v\r\n"), .fieldNameSyntax),
    Vector("HD-2", withFields("X-A\t: v\r\n"), .fieldNameSyntax),
    Vector("HD-2", withFields("Content-Length : 5\r\n"), .fieldNameSyntax),
    Vector("HD-3", withFields("X-A: b\r\n c\r\n"), .foldedLine),
    Vector("HD-3", withFields("X-A: b\r\n\tc\r\n"), .foldedLine),
    Vector("HD-3", withFields("X-A: b\r\n \r\n"), .foldedLine),
    Vector("HD-4", withFields("X-A: a\u{0}b\r\n"), .fieldValueSyntax),
    Vector("GR-1", withFields("X-A: a\rb\r\n"), .bareCarriageReturn),
    Vector("GR-1", withFields("X-A: b\r\r\n"), .bareCarriageReturn),
    Vector("GR-1", withFields("\r"), .bareCarriageReturn),
    Vector("GR-2", withFields("X-A: a\nb\r\n"), .bareLineFeed),
    Vector("GR-2", withFields("X-A: a\n\r\n"), .bareLineFeed),
    Vector("GR-2", withFields("\n"), .bareLineFeed),
    Vector("HD-5", withFields("X-A: a\u{1B}b\r\n"), .fieldValueSyntax),
    Vector("HD-5", withFields("X-A: a\u{7F}b\r\n"), .fieldValueSyntax),
    Vector("HD-5", withFields("X-A: \u{8}b\r\n"), .fieldValueSyntax),
    Vector("HD-5", withFields("X-A: \u{85}\u{A0}\u{FF}b\u{AD}\r\n")),
    Vector("HD-6", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedLine),
    Vector("HD-7", withFields("Authorization: a\r\nauthorization: a\r\n"), .repeatedField),
    Vector("HD-7", withFields("Content-Type: a\r\nContent-Type: a\r\n"), .repeatedField),
    Vector("HD-7", withFields("Expect: 100-continue\r\nExpect: 100-continue\r\n"), .repeatedField),
    Vector("HD-7", withFields("x-ms-date: a\r\nX-MS-Date: a\r\n"), .repeatedField),
    Vector("HD-7", withFields("x-ms-content-sha256: a\r\nX-Ms-Content-Sha256: a\r\n"), .repeatedField),
    Vector("HD-7", withFields("Cookie: a\r\nCookie: b\r\nX-A: 1\r\nX-A: 2\r\n")),
    Vector("HD-7", withFields("Authorization: a\r\nauthori_zation: a\r\n")),
    Vector("CR-6", withFields("x_ms_date: a\r\nx.ms.date: a\r\nx-ms-date: a\r\n")),
    Vector("HP-1", withFields("Connection: ,a,, \tb ,\r\nConnection:\r\nConnection: c\r\n")),
    Vector("HP-1", withFields("Connection: a b\r\n"), .connectionSyntax),
    Vector("HP-1", withFields("Connection: close, \"a\"\r\n"), .connectionSyntax),
    Vector("HP-1", withFields("Connection: close;a\r\n"), .connectionSyntax),
]

@Suite("Reading a request's head")
struct RequestParserTests {
    @Test("each rule of grammar is kept, however the bytes are cut", arguments: requestLines + targets + fieldLines)
    func grammar(vector: Vector) {
        let bytes = [UInt8](latin1: vector.text)
        let whole = parseRequest(bytes)
        #expect(whole.refusal == vector.refusal)
        #expect(whole != .incomplete)
        for ends in cuts(bytes.count) { #expect(parseRequest(bytes, ends: ends) == whole) }
    }

    @Test("a refusal carries the rule's status")
    func statuses() {
        let statuses = [
            "GET / HTTP/3.0\r\n", "get / HTTP/1.1\r\n", "GET / x", "GET /\(String(repeating: "a", count: 9000))",
        ]
        .map { text -> Int in
            guard case .refused(let error) = parseRequest(Array(text.utf8)) else { return 0 }
            return error.status
        }
        #expect(statuses == [505, 501, 400, 414])
    }

    @Test("a byte that cannot be right is refused before its line ends")
    func early() {
        for text in [
            "\u{16}", "GE\u{0}", "GET /\u{80}", "GET / X", "GET / HTTP/1.1\r\n ", "GET / HTTP/1.1\r\nA: \u{0}",
        ] {
            #expect(parseRequest([UInt8](latin1: text)).refusal != nil, "\(text.debugDescription)")
        }
    }

    @Test(
        "the parts of a target are told",
        arguments: [
            ("GET", "/a?b=c", "origin path /a query b=c"),
            ("GET", "/a?", "origin path /a query -"),
            ("GET", "/?b?c", "origin path / query b?c"),
            ("GET", "http://gw.test/a?b", "absolute path /a query b"),
            ("GET", "http://gw.test?b", "absolute path  query b"),
            ("GET", "http://gw.test", "absolute path  query -"),
            ("OPTIONS", "*", "asterisk path * query -"),
            ("CONNECT", "gw.test:1", "authority path  query -"),
        ])
    func parts(method: String, target: String, expected: String) {
        let outcome = parseRequest(Array("\(method) \(target) HTTP/1.1\r\nHost: gw.test\r\n\r\n".utf8))
        guard case .accepted(let text) = outcome else {
            Issue.record("refused: \(outcome)")
            return
        }
        #expect(text.split(separator: "\n")[1] == expected)
    }

    @Test("every method is known by its exact name")
    func methods() {
        let names = [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "TRACK", "CONNECT", "GETS", "PO",
            "DELETED", "OPTION-", "CONNECTS", "X",
        ]
        let methods = names.map { HTTP1.Method(Array($0.utf8).span) }
        #expect(
            methods == [
                .get, .head, .post, .put, .patch, .delete, .options, .trace, .track, .connect, .other, .other, .other,
                .other, .other, .other,
            ])
        #expect(methods.filter(\.isSafe) == [.get, .head, .options, .trace])
        #expect(methods.filter(\.isIdempotent) == [.get, .head, .put, .delete, .options])
        for (name, method) in zip(names, methods) where method != .connect {
            let outcome = parseRequest(Array("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            guard case .accepted(let text) = outcome else { continue }
            #expect(text.contains("bytes: \(method) \(name) /"))
        }
    }

    @Test("exactly the bytes of a token may stand in a name")
    func nameBytes() {
        let allowed = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            for (before, after) in [("", ""), ("x", ""), ("abcdefgh", "ijklmnop"), ("", "abcdefg")] where byte != 0x3A {
                let line = Array(before.utf8) + [byte] + Array((after + ": v\r\n\r\n          ").utf8)
                let outcome = parseRequest(Array("GET / HTTP/1.0\r\n".utf8) + line)
                #expect((outcome.refusal == nil) == allowed.contains(byte), "\(byte) behind \(before)")
            }
        }
    }

    @Test("exactly the bytes that are not controls may stand in a value")
    func valueBytes() {
        for byte in UInt8.min...UInt8.max {
            for before in ["", "a", "abcdefgh", "abcdefghijklmn"] {
                let line = Array("X: \(before)".utf8) + [byte] + Array("z\r\n\r\n".utf8)
                let outcome = parseRequest(Array("GET / HTTP/1.0\r\n".utf8) + line)
                #expect((outcome.refusal == nil) == (byte >= 32 && byte != 127 || byte == 9), "\(byte)")
            }
        }
    }

    @Test("exactly the bytes of RFC 3986 may stand in a path and a query")
    func targetBytes() {
        let allowed = Set(
            "-._~!$&'()*+,;=:@/?%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max where byte != 0x20 {
            for before in ["/", "/abcdefg", "/abcdefghijklm?", "/?"] {
                let bytes = Array("GET \(before)".utf8) + [byte] + Array("abcdefghi HTTP/1.0\r\n\r\n".utf8)
                #expect((parseRequest(bytes).refusal == nil) == allowed.contains(byte), "\(byte)")
            }
        }
    }
}
