import Support
import Testing

@testable import Proxy

@Suite("A request on its way to the resource")
struct ExchangeRequestTests {
    private static let okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private let firstKey = AccessKeyCheck(base64: TestGateway.firstKey)

    @Test("a GET is stripped, signed last and sent; its answer comes back (CR-3)")
    func get() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client(
            "GET /phoneNumbers?skip=0&top=2 HTTP/1.1\r\nHost: gw:8080\r\nAccept: */*\r\n"
                + "Authorization: HMAC-SHA256 x\r\n"
                + "x-ms-date: d\r\nX-Ms-Client-Request-Id: 7\r\nConnection: keep-alive\r\n\r\n")
        let request = try bench.request()
        #expect(request.head.startLine == "GET /phoneNumbers?skip=0&top=2 HTTP/1.1")
        let names = request.head.fields.map(\.name)
        let signed = ["x-ms-date", "x-ms-content-sha256", "authorization"]
        #expect(names == ["host", "Accept", "X-Ms-Client-Request-Id"] + signed)
        #expect(request.head.only("host") == "contoso.communication.azure.com")
        #expect(request.head.only("x-ms-date") == "Mon, 23 Nov 2026 09:08:07 GMT")
        #expect(firstKey.problem(with: request, now: ExchangeBench.now) == nil)
        bench.resource(Self.okay)
        #expect(String(latin1: bench.answered) == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        #expect(bench.end == nil)
    }

    @Test("a POST goes out whole, in one piece with its head while it is small")
    func post() throws {
        for count in [0, 1, 16_384, 16_385, 200_000, 400_000] {
            let bench = ExchangeBench(try .forEverything())
            let body = [UInt8](repeating: 0x61, count: count)
            bench.client("POST /sms HTTP/1.1\r\nHost: gw\r\nContent-Type: a/b\r\nContent-Length: \(count)\r\n\r\n")
            #expect(bench.attempts.isEmpty == (count > 0))
            bench.client(body)
            let request = try bench.request()
            #expect(request.body.framing == .length(count))
            #expect(request.body.content == body)
            #expect(request.head.only("content-type") == "a/b")
            #expect(firstKey.problem(with: request, now: ExchangeBench.now) == nil)
        }
    }

    @Test(
        "a body has its length, and a method that usually has one says when it has none (BD-3)",
        arguments: [
            ("POST", "", "0"), ("PUT", "", "0"), ("PATCH", "", "0"), ("GET", "", nil), ("DELETE", "", nil),
            ("HEAD", "", nil), ("MERGE", "", nil), ("GET", "Content-Length: 0\r\n", "0"),
            ("GET", "Transfer-Encoding: chunked\r\n", "0"), ("DELETE", "Content-Length: 00\r\n", "0"),
        ] as [(String, String, String?)])
    func lengths(method: String, framing: String, expected: String?) throws {
        let bench = ExchangeBench(try .forEverything())
        let body = framing.hasPrefix("T") ? "0\r\n\r\n" : ""
        bench.client("\(method) /a HTTP/1.1\r\nHost: gw\r\n\(framing)\r\n\(body)")
        #expect(try bench.request().head.values("content-length") == [expected].compactMap { $0 })
    }

    @Test(
        "what is sent and signed is the client's target, byte for byte, but for a lone `?` (PA-1, PA-5)",
        arguments: [
            ("/", "/"), ("/sms", "/sms"), ("//SMS//", "//SMS//"), ("/%73ms/", "/%73ms/"), ("/a?", "/a"), ("/?", "/"),
            ("/a??", "/a??"), ("/a?b=c&&d=%2F+%20&e", "/a?b=c&&d=%2F+%20&e"), ("/a?/../b", "/a?/../b"),
            ("http://gw", "/"), ("http://gw/", "/"), ("http://gw?x", "/?x"), ("http://GW:80/a?x", "/a?x"),
            (
                "/identities/8:acs:a@b+c/:issueAccessToken?api-version=2023-10-01",
                "/identities/8:acs:a@b+c/:issueAccessToken?api-version=2023-10-01"
            ),
        ])
    func targets(sent: String, expected: String) throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client("GET \(sent) HTTP/1.1\r\nHost: gw\r\n\r\n")
        let request = try bench.request()
        #expect(request.target == expected)
        #expect(firstKey.problem(with: request, now: ExchangeBench.now) == nil)
    }

    @Test(
        "prefixes are taken away and put in front, and the rest goes on byte for byte",
        arguments: [
            ("strip_prefix: /eu", "/eu", "/"), ("strip_prefix: /eu", "/EU/", "/"), ("strip_prefix: /eu", "//eu", "/"),
            ("strip_prefix: /eu", "/eu/sms?x", "/sms?x"), ("strip_prefix: /eu", "//EU//sms?x", "//sms?x"),
            ("strip_prefix: /eu", "/%65u/%73ms/", "/%73ms/"), ("strip_prefix: /eu", "/eu?", "/"),
            ("strip_prefix: /eu", "/eu?x", "/?x"), ("strip_prefix: /EU/A", "/eu/a/b", "/b"),
            ("strip_prefix: /eu/a", "/eu//a//b/", "//b/"), ("add_prefix: /acs", "/eu/x", "/acs/eu/x"),
            ("add_prefix: /acs", "/eu/", "/acs/eu/"),
            ("strip_prefix: /eu, add_prefix: /acs/v1", "/eu/x?y", "/acs/v1/x?y"),
            ("strip_prefix: /eu, add_prefix: /acs", "/eu", "/acs/"),
        ])
    func rewriting(rewrite: String, sent: String, expected: String) throws {
        let prefix = rewrite.contains("/a") && !rewrite.contains("add") || rewrite.contains("/A") ? "/eu/a" : "/eu"
        let match = "match: { path_prefix: \(prefix) }, rewrite: { \(rewrite) }"
        let route = "{ name: eu, \(match), allow: [anonymous], resource: contoso }"
        let bench = ExchangeBench(try TestGateway(routes: [route]))
        bench.client("GET \(sent) HTTP/1.1\r\nHost: gw\r\n\r\n")
        let request = try bench.request()
        #expect(request.target == expected)
        #expect(firstKey.problem(with: request, now: ExchangeBench.now) == nil)
    }

    @Test("HTTP/1.0 without a host is sent with the resource's, as HTTP/1.1 (HO-1, HO-6)")
    func http10() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client("GET /a HTTP/1.0\r\n\r\n")
        #expect(try bench.request().head.only("host") == "contoso.communication.azure.com")
        #expect(try bench.request().head.startLine == "GET /a HTTP/1.1")
    }

    @Test("pipelined requests are answered in order; none is sent before the one before it is done (KA-1)")
    func pipelining() throws {
        let bench = ExchangeBench(try .forEverything())
        let requests = ["/a", "/b", "/c"].map { "GET \($0) HTTP/1.1\r\nHost: gw\r\n\r\n" }.joined()
        bench.client(requests + "POST /d HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nxy")
        for (number, target) in ["/a", "/b", "/c"].enumerated() {
            #expect(bench.attempts.count == number + 1)
            #expect(try bench.request(number).target == target)
            bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(target)")
        }
        #expect(bench.attempts.count == 3)
        bench.client("z")
        #expect(try bench.request(3).body.content == Array("xyz".utf8))
        bench.resource(Self.okay)
        let answers = bench.answers()
        #expect(answers.finals.map(\.text) == ["/a", "/b", "/c", "ok"] && answers.rest.isEmpty)
    }

    @Test("nothing is read behind `connection: close` (KA-2)")
    func close() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client("GET /a HTTP/1.1\r\nHost: gw\r\nConnection: x, CLOSE\r\n\r\nGET /b HTTP/1.1\r\nHost: gw\r\n\r\n")
        bench.resource(Self.okay)
        #expect(bench.end == .closed)
        #expect(bench.attempts.count == 1)
        let answers = bench.answers()
        #expect(answers.finals.count == 1 && answers.finals.first?.head.only("connection") == "close")
    }

    @Test("nothing is remembered of the request before (KA-4)")
    func forgetting() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client(
            "POST /a HTTP/1.1\r\nHost: gw\r\nX-A: 1\r\nConnection: accept\r\nContent-Length: 5\r\n\r\nhello")
        bench.resource(Self.okay)
        bench.client("GET /b HTTP/1.1\r\nHost: gw\r\nAccept: a\r\n\r\n")
        let request = try bench.request(1)
        #expect(request.body.framing == .none)
        #expect(request.head.only("accept") == "a" && request.head.values("x-a").isEmpty)
        #expect(request.head.only("x-ms-content-sha256") == Base64.encode(ReferenceDigest.sha256([])))
    }

    @Test("a pass-through route sends the caller's own token, and signs nothing")
    func passThrough() throws {
        let bench = ExchangeBench(try .forEverything(credential: "token"))
        bench.client("GET /chat/threads HTTP/1.1\r\nHost: gw\r\nauthorization: bearer  a.b.c\r\nx-ms-date: d\r\n\r\n")
        let request = try bench.request()
        #expect(request.head.fields.map(\.name) == ["host", "authorization"])
        #expect(request.head.only("authorization") == "bearer  a.b.c")
    }
}
