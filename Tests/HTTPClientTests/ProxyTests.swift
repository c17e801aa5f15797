import Crypto
import HTTPClient
import Support
import Testing

@Suite("The way through a proxy, and around it", .onOwnThread)
struct ProxyTests {
    let client: HTTPClient
    let authority: PEM
    let identity: TLSIdentity

    init() throws {
        client = try HTTPClient()
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: wallClockSeconds()))
        authority = ca.certificate
        identity = try ca.issue(for: ["127.0.0.1"], valid: .thirtyDays(from: wallClockSeconds()))
    }

    @Test("a proxy sees whom we ask, and nothing of the request")
    func tunnel() async throws {
        let origin = try RecordingOrigin.tls(showing: identity)
        let proxy = try TunnelProxy()
        let user = HTTPRequest.ProxyUser(name: "aladdin", password: Secret(copying: "opensesame"))
        let request = HTTPRequest(
            .get, origin.url("/path", scheme: "https"), fields: [HTTPField("Secret", Secret(copying: "s3cret"))],
            trust: .authorities(authority), proxy: .url(proxy.url, user: user))
        #expect(try await client.send(request).text == "up:/path len=0")
        let head = try #require(proxy.heads.first)
        #expect(head.hasPrefix("CONNECT \(origin.address) HTTP/1.1\r\n"))
        #expect(head.contains("\r\nProxy-Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l\r\n"))
        #expect(!head.contains("ecret") && !head.contains("/path"))
        #expect(proxy.heads.count == 1)
        let sent = origin.recorded.first?.request?.head.fields.map(\.name)
        #expect(sent == ["Host", "Secret"])
    }

    @Test("a proxy that refuses is told of with its status", arguments: [403, 407, 502])
    func refusing(status: Int) async throws {
        let proxy = try TunnelProxy(answer: "HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n")
        let request = HTTPRequest(.get, "https://login.example/t?secret=1", proxy: .url(proxy.url))
        let sentence = "the proxy for `login.example` refused to connect with status \(status)"
        #expect(await client.failure(request) == HTTPFailure(.connect, sentence))
    }

    @Test("a proxy that is not there is a failure to connect")
    func missing() async throws {
        let closed = try ClosedPort()
        let request = HTTPRequest(.get, "https://login.example/", proxy: .url("http://127.0.0.1:\(closed.number)"))
        #expect(await client.failure(request)?.kind == .connect)
        withExtendedLifetime(closed) {}
    }

    @Test("what the environment says of proxies is not heard")
    func environment() async {
        await #expect(processExitsWith: .success) {
            let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            for name in names { setOwnEnvironment(name, "http://127.0.0.1:1") }
            let origin = try RecordingOrigin()
            let client = try HTTPClient()
            #expect(try await client.send(.plain(origin.url("/direct"))).text == "up:/direct len=0")

            // Nor does it keep us from a proxy that was asked for.
            for name in names + ["no_proxy", "NO_PROXY"] { setOwnEnvironment(name, "*") }
            let proxy = try TunnelProxy(answer: "HTTP/1.1 403 No\r\n\r\n")
            let request = HTTPRequest(.get, "https://login.example/", proxy: .url(proxy.url))
            #expect(await client.failure(request)?.kind == .connect)
            #expect(proxy.heads.count == 1)
        }
    }
}
