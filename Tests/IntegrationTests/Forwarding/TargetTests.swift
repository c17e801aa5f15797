import Support
import Testing

/// config.md section 3 (`match`, `rewrite`); http-rules.md section 10.
@Suite(
    "Where a request goes, and under which target",
    .testBed { config in
        let tail = "allow: [anonymous], resource: origin"
        config.routes = [
            "{ name: both, match: { path_prefix: /both }, \(tail), "
                + "rewrite: { strip_prefix: /both, add_prefix: /v1/x } }",
            "{ name: eu, match: { path_prefix: /eu }, rewrite: { strip_prefix: /eu }, \(tail) }",
            "{ name: add, match: { path_prefix: /add }, rewrite: { add_prefix: /v2 }, \(tail) }",
            "{ name: exact, match: { path: /exact }, \(tail) }",
            "{ name: post, match: { path_prefix: /post, methods: [POST, PATCH] }, \(tail) }",
            "{ name: host, match: { host: only.test }, \(tail) }",
            "{ name: c, match: { path_prefix: /c }, \(tail) }",
        ]
    })
struct TargetTests {
    @Test(
        "the raw target is forwarded and signed, byte for byte",
        arguments: [
            "/c/a", "/c", "/c/a?b=%2B+c&&d=%20e&=f", "/c/%2Bx", "/c/%2b%c3%a9", "/c//x//", "//c/x", "/c/8:acs:x@y",
            "/c/8%3Aacs%40", "/C/x", "/%63/x", "/c/x/", "/c/$&'()*+,=~!", "/c/x?/?:@", "/c/:issue", "/c/x?a=%2F..%2f;",
        ])
    func verbatim(target: String) throws {
        let bed = try TestBedTrait.bed()
        let answer = try bed.exchange(request("GET \(target)"))
        #expect(answer.status == 200)
        #expect(answer.text == "up:\(target) len=0")
        let received = try #require(bed.origin.recorded.first { $0.target == target }?.request)
        #expect(TestKeys.firstCheck.problem(with: received) == nil)
    }

    @Test(
        "the few edits that are made are these",
        arguments: [
            ("/c/lone?", "/c/lone"), ("http://gw.test/c/absolute?x", "/c/absolute?x"), ("/eu/x?y", "/x?y"),
            ("/eu", "/"), ("/eu?x", "/?x"), ("//EU//sms?x", "//sms?x"), ("/eu/", "/"), ("/%65u/a%2Bb", "/a%2Bb"),
            ("/both/a//b?c", "/v1/x/a//b?c"), ("/add/a", "/v2/add/a"), ("/both", "/v1/x/"), ("/exact/", "/exact/"),
        ])
    func edits(sent: String, forwarded: String) throws {
        let bed = try TestBedTrait.bed()
        #expect(try bed.exchange(request("GET \(sent)")).text == "up:\(forwarded) len=0")
        let received = try #require(bed.origin.recorded.last { $0.target == forwarded }?.request)
        #expect(TestKeys.firstCheck.problem(with: received) == nil)
    }

    @Test(
        "a path that could be read in two ways is refused",
        arguments: [
            "/c/./x", "/c/../c", "/c/%2e/x", "/c/%2E%2e/x", "/c/.%2e", "/c/a%2Fb", "/c/a%2fb", "/c/a%5Cb", "/c/%00",
            "/c/%0d%0a", "/c/%7f", "/c/%2541", "/c/%zz", "/c/%4", "/c/%", "/c/%ff", "/c/%c0%af", "/c/%ed%a0%80",
            "/c/a;b", "/c/a%00b", "/c/{x}", "/c/a|b", "/c/a\"b", "/c/a\\b", "/c/x?{", "/c/x#y", "/c/x?a#b",
            "/c/\u{E9}", "/c/^", "/c/`", "/c/<x>",
        ])
    func refused(target: String) throws {
        let bed = try TestBedTrait.bed()
        let answer = try bed.exchange(request("GET \(target)"))
        #expect(answer.status == 400)
        #expect(answer.head.only("x-ms-error-code") == "BadRequest")
        #expect(!bed.origin.recorded.contains { $0.target == target })
    }

    @Test(
        "a credential in the query is refused, however its name is spelled (CR-5)",
        arguments: ["subscription-key", "api-key", "access_token", "sig", "code", "%73ig"])
    func queryCredentials(name: String) throws {
        let bed = try TestBedTrait.bed()
        #expect(try bed.exchange(request("GET /c/query?a=b&\(name)=\(TestKeys.canary)")).status == 400)
        #expect(bed.received("/c/query").isEmpty)
    }

    @Test(
        "what no route takes is 404",
        arguments: ["/", "/cx", "/eux", "/exact/x", "/europe", "/exactx", "/c%2Bx", "/only"])
    func noRoute(target: String) throws {
        let answer = try TestBedTrait.bed().exchange(request("GET \(target)"))
        #expect(answer.status == 404)
        #expect(answer.head.only("x-ms-error-code") == "NoRoute")
    }

    @Test("a host is compared by name only", arguments: ["only.test", "ONLY.test:8080", "only.test:80:80"])
    func host(host: String) throws {
        let bed = try TestBedTrait.bed()
        let answer = try bed.exchange("GET /by-host HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(answer.text == "up:/by-host len=0")
        #expect(try bed.exchange(request("GET /by-host")).status == 404)
    }

    @Test("a wrong method is told with the right ones", arguments: ["GET", "HEAD", "DELETE", "PUT"])
    func methods(method: String) throws {
        let bed = try TestBedTrait.bed()
        let answer = try bed.exchange(request("\(method) /post/x"))
        #expect(answer.status == 405)
        let allowed = answer.head.only("allow")?.split(separator: ",").map { $0.filter { $0 != " " } }
        #expect(Set(allowed ?? []) == ["POST", "PATCH"])
        #expect(try bed.exchange(request("PATCH /post/x")).status == 200)
        #expect(try bed.exchange(request("POST /post/x")).status == 200)
    }

    @Test("TRACE and TRACK are never forwarded", arguments: ["TRACE", "TRACK"])
    func trace(method: String) throws {
        #expect(try TestBedTrait.bed().exchange(request("\(method) /c/x")).status == 405)
    }

    @Test("`OPTIONS *` is answered here (ME-2)")
    func optionsStar() throws {
        let bed = try TestBedTrait.bed()
        #expect([200, 204].contains(try bed.exchange(request("OPTIONS *")).status))
        #expect(try bed.exchange(request("GET *")).status == 400)
    }
}
