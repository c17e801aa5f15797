import Crypto
import Support
import Testing

@testable import HTTPClient

@Suite("Requests that are not sent", .onOwnThread)
struct CheckedRequestTests {
    /// What is wrong with a request; `nil` for one that is fit.
    static func failure(_ request: HTTPRequest) -> HTTPFailure? {
        do throws(HTTPFailure) {
            _ = try CheckedRequest(request)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a plain URL is fit",
        arguments: [
            ("https://login.example", "login.example"), ("https://login.example:8443/a?b=c", "login.example:8443"),
            ("https://127.0.0.1/", "127.0.0.1"), ("https://[::1]:443/x", "[::1]:443"), ("https://a_b/?", "a_b"),
            ("https://h/%20%2F/../;p=1/~x?q=a+b&c=(d)!*'@:$,[]", "h"), ("https://h?u=https://x@y/", "h"),
        ])
    func fitURLs(url: String, server: String) throws {
        #expect(try CheckedRequest(HTTPRequest(.get, url)).server == server)
    }

    @Test(
        "a URL that could be read in two ways is refused, and not shown",
        arguments: [
            "", "login.example", "//login.example/", "HTTPS://login.example/", "ftp://login.example/", "file:///x",
            "https:/login.example", "https://", "https:///x", "https://?x", "https://:443/", "https://user@host/",
            "https://user:s3cret@host/", "https://host:/", "https://host:0/", "https://host:65536/", "https://host:-1/",
            "https://host:4 43/", "https://host:443:443/", "https://ho st/", "https://host/a b", "https://host/a\nb",
            "https://host/a\r\nX: y", "https://host/\0", "https://host/#f", "https://host\\@evil/", "https://hö.st/",
            "https://host/ü", "https://host/<x>", "https://host/{a,b}", "https://[::1", "https://[]/", "https://[g]/",
            "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://ho*st/", "https://host/|x", "https://host/^",
            "https://\(String(repeating: "h", count: 256))/",
        ])
    func wrongURLs(url: String) {
        let failure = Self.failure(HTTPRequest(.get, url, allowsPlaintext: true))
        #expect(failure?.kind == .request)
        #expect(failure?.sentence.contains("s3cret") == false)
    }

    @Test("a URL has a limit")
    func longURL() {
        let limit = CheckedRequest.urlLimitBytes
        let longest = "https://h/" + String(repeating: "x", count: limit - 10)
        #expect(Self.failure(HTTPRequest(.get, longest)) == nil)
        #expect(Self.failure(HTTPRequest(.get, longest + "x"))?.kind == .request)
    }

    @Test("plain http needs leave")
    func plaintext() {
        let failure = Self.failure(HTTPRequest(.get, "http://login.example/t?secret=s3cret"))
        #expect(failure == HTTPFailure(.request, "`login.example` would be asked over plain `http`; use `https`"))
        #expect(Self.failure(HTTPRequest(.get, "http://169.254.169.254/", allowsPlaintext: true)) == nil)
    }

    @Test(
        "a field that would end its line, or that nobody can read in one way, is refused",
        arguments: [
            ("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\0b"), ("X", "\u{7F}"), ("X", "ü"), ("X", " a"),
            ("X", "a "), ("X", "a\t"), ("X", "a\n"), ("", "a"), ("X Y", "a"), ("X:", "a"), ("X\r\n", "a"), ("X;", ""),
            ("Ü", "a"), ("X\0", "a"),
        ])
    func wrongFields(name: String, value: String) {
        for field in [HTTPField(name, value), HTTPField(name, Secret(copying: value))] {
            #expect(Self.failure(HTTPRequest(.get, "https://h/", fields: [field]))?.kind == .request)
        }
    }

    @Test("a value that looks wrong is not shown")
    func wrongSecret() {
        let fields = [HTTPField("X-IDENTITY-HEADER", Secret(copying: "s3cret\n"))]
        let failure = Self.failure(HTTPRequest(.get, "https://h/", fields: fields))
        #expect(failure?.sentence.contains("`X-IDENTITY-HEADER`") == true)
        #expect(failure?.sentence.contains("s3cret") == false)
    }

    @Test(
        "what frames the message is not a caller's to write",
        arguments: [
            "Host", "content-length", "Transfer-Encoding", "CONNECTION", "Expect", "Accept-Encoding", "TE", "Upgrade",
            "Trailer", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization",
        ])
    func ourFields(name: String) {
        let failure = Self.failure(HTTPRequest(.get, "https://h/", fields: [HTTPField(name, "x")]))
        #expect(failure == HTTPFailure(.request, "the field `\(name)` is not for a caller to set"))
    }

    @Test("the fields together have a limit")
    func manyFields() {
        let field = HTTPField("X", String(repeating: "x", count: CheckedRequest.fieldsLimitBytes - 1))
        #expect(Self.failure(HTTPRequest(.get, "https://h/", fields: [field])) == nil)
        #expect(Self.failure(HTTPRequest(.get, "https://h/", fields: [field, HTTPField("Y", "")]))?.kind == .request)
    }

    @Test("a GET has no body, and a limit is not negative")
    func oddRequests() {
        let body = HTTPRequest(.get, "https://h/", body: Secret(copying: "x"))
        #expect(Self.failure(body)?.kind == .request)
        #expect(Self.failure(HTTPRequest(.get, "https://h/", answerLimitBytes: -1))?.kind == .request)
    }

    @Test("without time there is no request", arguments: [Duration.zero, .seconds(-1)])
    func noTime(time: Duration) {
        #expect(Self.failure(HTTPRequest(.get, "https://h/", totalTimeout: time))?.kind == .timeout)
        #expect(Self.failure(HTTPRequest(.get, "https://h/", connectTimeout: time))?.kind == .timeout)
    }

    @Test("times are whole milliseconds, at least one and at most a day")
    func times() throws {
        let short = try CheckedRequest(
            HTTPRequest(.get, "https://h/", connectTimeout: .nanoseconds(1), totalTimeout: .seconds(1 << 40)))
        #expect(short.connectMilliseconds == 1)
        #expect(short.totalMilliseconds == 86_400_000)
    }

    @Test("a pin needs TLS, twenty bytes and no proxy")
    func pins() {
        let right = HTTPRequest.Trust.pinned(sha1: [UInt8](repeating: 1, count: 20))
        #expect(Self.failure(HTTPRequest(.get, "https://h/", trust: right)) == nil)
        let wrong = [
            HTTPRequest(.get, "http://h/", trust: right, allowsPlaintext: true),
            HTTPRequest(.get, "https://h/", trust: .pinned(sha1: [])),
            HTTPRequest(.get, "https://h/", trust: .pinned(sha1: [UInt8](repeating: 1, count: 32))),
            HTTPRequest(.get, "https://h/", trust: right, proxy: .url("http://proxy:3128")),
        ]
        for request in wrong { #expect(Self.failure(request)?.kind == .request) }
    }

    @Test(
        "a proxy is a plain `http` authority",
        arguments: [
            ("http://proxy.example:3128", true), ("http://proxy.example/", true), ("http://[::1]:3128", true),
            ("https://proxy.example", false), ("socks5://proxy.example", false), ("proxy.example:3128", false),
            ("http://user:s3cret@proxy.example", false), ("http://proxy.example/path", false), ("", false),
            ("http://proxy.example?x", false),
        ])
    func proxies(url: String, isFit: Bool) {
        let failure = Self.failure(HTTPRequest(.get, "https://h/", proxy: .url(url)))
        #expect(failure?.kind == (isFit ? nil : .request))
        #expect(failure?.sentence.contains("s3cret") != true)
    }

    @Test("plain requests go through no proxy, and a proxy's user is one that can be sent")
    func proxyUsers() {
        let proxy = "http://proxy:3128"
        let plain = HTTPRequest(.get, "http://h/", allowsPlaintext: true, proxy: .url(proxy))
        #expect(Self.failure(plain)?.kind == .request)
        for (name, password) in [("a:b", "p"), ("a\n", "p"), ("a", "p\0q")] {
            let user = HTTPRequest.ProxyUser(name: name, password: Secret(copying: password))
            #expect(Self.failure(HTTPRequest(.get, "https://h/", proxy: .url(proxy, user: user)))?.kind == .request)
        }
    }

    @Test("nothing of a refused request is sent")
    func nothingSent() async throws {
        let origin = try RecordingOrigin()
        let client = try HTTPClient()
        let request = HTTPRequest.plain(origin.url("/"), fields: [HTTPField("X", "a\r\nY: b")])
        #expect(await client.failure(request)?.kind == .request)
        #expect(origin.connectionCount == 0)
    }
}
