import Bytes
import Support
import Testing

@testable import Proxy

@Suite("An answer on its way to the client")
struct ExchangeAnswerTests {
    /// A bench whose client has asked for `target` and whose resource is about to answer.
    private func asked(
        _ method: String = "GET", version: String = "1.1", fields: String = "", of gateway: TestGateway? = nil
    ) throws -> ExchangeBench {
        let bench = ExchangeBench(try gateway ?? .forEverything())
        bench.client("\(method) /a HTTP/\(version)\r\nHost: gw:8080\r\n\(fields)\r\n")
        return bench
    }

    @Test("fields come back as they were sent, but for hop-by-hop ones and framing (HP-4)")
    func fields() throws {
        let bench = try asked()
        bench.resource(
            "HTTP/1.1 202 As Said\r\nContent-Length: 2\r\nX-A:1\r\nServer: s\r\nDate: d\r\nSet-Cookie: a\r\n"
                + "set-cookie: b\r\n"
                + "WWW-Authenticate: Bearer\r\nConnection: keep-alive, x-gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\n"
                + "Upgrade: h2c\r\nTrailer: x\r\nTE: x\r\nProxy-Authenticate: b\r\nProxy-Connection: x\r\n"
                + "x-ms-request-id: r\r\n"
                + "MS-CV: v\r\nAuthentication-Info: i\r\nx-ms-error-code: e\r\nRetry-After: 9\r\n\r\nok")
        let answer = try #require(bench.answers().finals.first)
        #expect(answer.head.startLine == "HTTP/1.1 202 As Said")
        #expect(
            answer.head.fields.map { "\($0.name): \($0.value)" } == [
                "X-A: 1", "Server: s", "Date: d", "Set-Cookie: a", "set-cookie: b", "WWW-Authenticate: Bearer",
                "x-ms-request-id: r", "MS-CV: v", "Authentication-Info: i", "x-ms-error-code: e", "Retry-After: 9",
                "content-length: 2",
            ])
        #expect(answer.text == "ok" && bench.end == nil)
    }

    @Test(
        "a body comes back whole, however it is framed and cut",
        arguments: [
            ("Content-Length: 11\r\n\r\nhello world", false),
            ("Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: x\r\n\r\n", false),
            ("\r\nhello world", true),
        ])
    func bodies(rest: String, untilClose: Bool) throws {
        let bytes = "HTTP/1.1 200 OK\r\n\(rest)".latin1
        for piece in [bytes.count, 1, 3] {
            for version in ["1.1", "1.0"] {
                let bench = try asked(version: version, fields: "Connection: keep-alive\r\n")
                for start in stride(from: 0, to: bytes.count, by: piece) {
                    bench.resource(Array(bytes[start..<min(start + piece, bytes.count)]))
                }
                if untilClose { bench.resourceEnds() }
                let answers = bench.answers()
                #expect(answers.finals.map(\.text) == ["hello world"] && answers.completeCount == 1)
                #expect(answers.problem == nil && answers.rest.isEmpty)
                // HTTP/1.0 knows no chunks: such a body ends with the connection (KA-3, UP-5).
                let isCounted = rest.hasPrefix("Content-Length")
                #expect(bench.end == (version == "1.1" || isCounted ? nil : .closed))
                let codings = version == "1.1" && !isCounted ? ["chunked"] : []
                #expect(answers.finals.first?.head.values("transfer-encoding") == codings)
            }
        }
    }

    @Test(
        "answers without a body have none, whatever their fields say (ME-4)",
        arguments: [
            ("HEAD", "200 OK", "Content-Length: 7\r\n", "7"), ("HEAD", "200 OK", "Transfer-Encoding: chunked\r\n", nil),
            ("HEAD", "404 Not Found", "", nil), ("GET", "204 No Content", "", nil),
            ("GET", "204 No Content", "Content-Length: 7\r\n", nil),
            ("GET", "304 Not Modified", "Content-Length: 7\r\n", "7"),
            ("POST", "304 Not Modified", "Transfer-Encoding: chunked\r\n", nil),
            ("DELETE", "204 No Content", "Transfer-Encoding: chunked\r\n", nil),
        ] as [(String, String, String, String?)])
    func bodyless(method: String, status: String, framing: String, length: String?) throws {
        let bench = try asked(method, fields: method == "POST" ? "Content-Length: 0\r\n" : "")
        bench.resource("HTTP/1.1 \(status)\r\n\(framing)\r\n")
        bench.client("GET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
        bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")
        let answers = bench.answers()
        #expect(answers.finals.map(\.text) == ["", "b"] && answers.problem == nil && answers.rest.isEmpty)
        #expect(answers.finals.first?.head.only("content-length") == length)
        #expect(answers.finals.first?.head.values("transfer-encoding") == [])
    }

    @Test("interim answers are dropped, 16 of them and no more (UP-8)")
    func interim() throws {
        let interims = ["100 Continue", "102 Processing", "103 Early Hints\r\nLink: x", "199 x"].map {
            "HTTP/1.1 \($0)\r\n\r\n"
        }
        let bench = try asked()
        for text in interims.joined().latin1 { bench.resource([text]) }
        bench.resource(String(repeating: interims[0], count: 12) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(bench.answers().finals.map(\.text) == ["ok"] && bench.answers().interims.isEmpty)
        let endless = try asked()
        endless.resource(String(repeating: interims[0], count: 17) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(endless.refusals == [.upstreamFailed] && endless.end == nil)
    }

    @Test(
        "what is no answer to us is 502, and the client's connection goes on (UP-1 to UP-4, UP-8)",
        arguments: [
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "hello\r\n", "HTTP/2 200 OK\r\n",
            "HTTP/1.1 99 x\r\n",
            "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "HTTP/1.1 200 O\u{0}K\r\n\r\n",
        ])
    func broken(answer: String) throws {
        let bench = try asked()
        bench.resource(answer)
        #expect(bench.refusals == [.upstreamFailed])
        let answers = bench.answers()
        #expect(answers.finals.map(\.status) == [502] && answers.completeCount == 1 && bench.end == nil)
        #expect(answers.finals.first?.head.values("retry-after") == [])
    }

    @Test("a resource that ends before the head is through is 502, too")
    func headless() throws {
        for answer in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 100 Continue\r\n\r\n"] {
            let bench = try asked()
            bench.resource(answer)
            bench.resourceEnds()
            #expect(bench.refusals == [.upstreamFailed] && bench.end == nil)
        }
    }

    @Test(
        "a body that is cut short looks cut: no last chunk, fewer bytes than were announced (UP-5, UP-7)",
        arguments: [
            ("Content-Length: 11\r\n\r\nhello", true), ("Content-Length: 11\r\n\r\n", true),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello", true),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", true),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello!", true),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx", true), ("Transfer-Encoding: chunked\r\n\r\n", true),
            // Without close_notify nobody knows whether all came.
            ("\r\nhello", false),
        ])
    func cut(rest: String, isClean: Bool) throws {
        let bench = try asked()
        bench.resource("HTTP/1.1 200 OK\r\n\(rest)")
        bench.resourceEnds(isClean: isClean)
        #expect(bench.end == .cut)
        let answers = bench.answers()
        #expect(answers.finals.map(\.status) == [200] && answers.completeCount == 0)
        #expect("hello".hasPrefix(answers.finals[0].text))
        #expect(bench.refusals.isEmpty)
    }

    @Test("a large body streams through: never more is held than may be")
    func large() throws {
        let bench = try asked()
        bench.resource("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        let piece = [UInt8](repeating: 0x62, count: 16_000)
        for _ in 0..<100 {
            bench.resource("3e80\r\n".latin1, piece, "\r\n".latin1)
            #expect(bench.cell.exchange.toClient.count <= Exchange.relayBufferBytes + 2 * piece.count)
        }
        bench.resource("0\r\n\r\n")
        #expect(bench.answers().finals.first?.body.content.count == 1_600_000)
        #expect(bench.answers().completeCount == 1 && bench.end == nil)
    }

    @Test("bytes behind an answer are nobody's (UP-6)")
    func behind() throws {
        let bench = try asked()
        bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        bench.client("GET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
        bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
        #expect(bench.answers().finals.map(\.text) == ["ok", "good"])
    }
}

@Suite("Links in an exchange")
struct ExchangeLinkTests {
    private let link = "https://contoso.westus.communications.azure.com//emails/operations/1?x"

    private func location(
        _ answer: String, host: String?, gateway: TestGateway, name: String = "Operation-Location"
    ) throws -> String? {
        let bench = ExchangeBench(gateway)
        let field = host.map { "Host: \($0)\r\n" } ?? ""
        bench.client("GET /eu/a HTTP/1.\(host == nil ? 0 : 1)\r\n\(field)\r\n")
        bench.resource("HTTP/1.1 202 Accepted\r\n\(name): \(answer)\r\nContent-Length: 0\r\n\r\n")
        return bench.answers().finals.first?.head.only(name)
    }

    @Test("each field that holds a link is looked at, and no other")
    func names() throws {
        for name in ["Operation-Location", "location", "Content-Location", "AZURE-AsyncOperation"] {
            let found = try location(link, host: "gw:8080", gateway: .forEverything(), name: name)
            #expect(found == "http://gw:8080//emails/operations/1?x", "\(name)")
        }
        for name in ["Link", "Refresh", "x-location", "operation_location", "Operation.Location"] {
            #expect(try location(link, host: "gw", gateway: .forEverything(), name: name) == link, "\(name)")
        }
    }

    @Test("the gateway is named as the client named it; a doubled port is one (rule 3, HO-3)")
    func bases() throws {
        let rest = "//emails/operations/1?x"
        for (host, base) in [
            ("gw", "http://gw"), ("GW.Example:80", "http://GW.Example:80"), ("gw:8080:8080", "http://gw:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            #expect(try location(link, host: host, gateway: .forEverything()) == base + rest)
        }
        // Without a name the link stays; with a public one it is that, whatever the client said.
        #expect(try location(link, host: nil, gateway: .forEverything()) == link)
        let named = try TestGateway.forEverything(listener: #", public_url: "https://acs.internal""#)
        for host in ["gw", "evil.example:1", nil] {
            #expect(try location(link, host: host, gateway: named) == "https://acs.internal" + rest)
        }
    }

    @Test("prefixes are undone")
    func prefixes() throws {
        let route = "{ name: eu, match: { path_prefix: /eu }, allow: [anonymous], resource: contoso, rewrite: "
        let stripped = try TestGateway(routes: [route + "{ strip_prefix: /EU } }"])
        #expect(try location(link, host: "gw", gateway: stripped) == "http://gw/EU//emails/operations/1?x")
        #expect(try location("/a", host: "gw", gateway: stripped) == "http://gw/EU/a")
        let added = try TestGateway(routes: [route + "{ strip_prefix: /eu, add_prefix: /acs } }"])
        #expect(
            try location("https://contoso.communication.azure.com/acs/a", host: "gw", gateway: added)
                == "http://gw/eu/a")
        #expect(try location("/a", host: "gw", gateway: .forEverything()) == "/a")
    }

    @Test("a link to somebody else goes through untouched, also in a redirect")
    func foreign() throws {
        for link in ["https://evil.example/a", "https://fabrikam.communication.azure.com/a"] {
            #expect(try location(link, host: "gw", gateway: .forEverything(), name: "Location") == link)
        }
    }
}
