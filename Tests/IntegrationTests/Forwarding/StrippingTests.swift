import Support
import Testing

/// config.md section 5, http-rules.md CR-1, CR-6, HP-1, HP-2, FW-2, FW-4.
@Suite(
    "What a request loses and keeps on its way",
    .testBed { config in
        config.credentials.append("own: { strategy: pass_through }")
        config.resources = [
            config.resources[0].replacing(" }", with: ", forward_fields: [x-ms-tenant] }")
        ]
        config.routes.insert(
            "{ name: own, match: { path_prefix: /own }, allow: [anonymous], resource: origin, credential: own }", at: 0)
    })
struct StrippingTests {
    static let removed = [
        "authorization", "proxy-authorization", "cookie", "cookie2", "date", "x-ms-date", "x-ms-host",
        "x-ms-hmac-string-to-sign-base64", "x-ms-version", "x-ms-authorization-auxiliary", "x-ms-client-principal",
        "x-ms-token-aad-access-token", "api-key", "x-api-key", "ocp-apim-subscription-key", "ocp-apim-trace",
        "x-functions-key", "x-auth-token", "x-access-token", "x-amz-security-token", "x-goog-api-key",
        "x-original-authorization", "x-forwarded-authorization", "authentication-info", "www-authenticate",
        "proxy-authenticate", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-real-ip",
        "x-client-ip", "true-client-ip", "x-host", "x-original-host", "x-original-url", "x-rewrite-url",
        "x-http-method", "x-http-method-override", "x-method-override", "x-acs-gateway-reason", "x-acs-gateway-x",
        "keep-alive", "proxy-connection", "te", "trailer", "http2-settings",
    ]
    static let lookAlikes = [
        "x_ms_date", "x.ms.date", "x-ms_content.sha256", "proxy_authorization", "api_key", "x.forwarded.for",
        "content_length", "content.length", "transfer_encoding", "x_acs_gateway_reason", "x_http_method_override",
    ]

    @Test("a credential, a forwarding claim and a field for one hop are removed", arguments: removed + lookAlikes)
    func strips(name: String) throws {
        let bed = try TestBedTrait.bed()
        for (index, spelling) in [name, name.uppercased()].enumerated() {
            let path = "/strip/\(name)-\(index)"
            let answer = try bed.exchange(request("GET \(path)", "\(spelling): \(TestKeys.canary)", "X-Kept: yes"))
            #expect(answer.status == 200)
            let record = try #require(bed.received(path).first)
            #expect(!String(latin1: record.raw).contains(TestKeys.canary))
            #expect(record.request?.head.only("x-kept") == "yes")
            let wanted = ["authorization", "x-ms-date"].contains(name) ? 1 : 0
            #expect(record.request?.head.values(name).count == wanted)
        }
    }

    static let kept = [
        "accept: */*", "content-type: application/json", "user-agent: azsdk", "x-ms-client-request-id: 1-a",
        "x-ms-return-client-request-id: true", "x-ms-useragent: js", "repeatability-request-id: 2",
        "repeatability-first-sent: Mon, 23 Nov 2026 09:08:07 GMT", "operation-id: 3", "client-request-id: 4",
        "ms-cv: a.b", "traceparent: 00-1-2-01", "if-match: \"e\"", "range: bytes=0-1", "via: 1.1 other",
        "x-custom: a, b", "x-ms-tenant: from forward_fields", "accept-encoding: gzip", "x-latin: \u{E9}\u{FF}",
    ]

    @Test("everything else passes as it came", arguments: kept)
    func keeps(line: String) throws {
        let bed = try TestBedTrait.bed()
        let name = String(line.prefix { $0 != ":" })
        #expect(try bed.exchange(request("GET /keep/\(name)", line)).status == 200)
        let head = try #require(bed.received("/keep/\(name)").first?.request?.head)
        #expect(head.values(name) == [String(line.dropFirst(name.count + 2))])
    }

    @Test("what `Connection` names is removed, but for what a message needs")
    func nominations() throws {
        let bed = try TestBedTrait.bed()
        let nominated = "Connection: X-Hop, authorization, x-ms-date, host, content-length"
        let more = "Connection: , content-type,x-ms-content-sha256"
        let sent = request("POST /nominated", nominated, more, "X-Hop: 1", "Content-Type: text/plain", body: "hello")
        #expect(try bed.exchange(sent).status == 200)
        let received = try #require(bed.received("/nominated").first?.request)
        #expect(received.head.values("x-hop").isEmpty)
        #expect(received.head.only("content-type") == "text/plain")
        #expect(received.body.content == Array("hello".utf8))
        #expect(TestKeys.firstCheck.problem(with: received) == nil)
    }

    @Test("repeated fields keep their order and their lines")
    func repeats() throws {
        let bed = try TestBedTrait.bed()
        #expect(try bed.exchange(request("GET /repeats", "X-A: 1", "X-B: 2", "x-a: 3")).status == 200)
        let head = try #require(bed.received("/repeats").first?.request?.head)
        #expect(head.values("x-a") == ["1", "3"])
    }

    @Test("a signature covers what the origin got", arguments: ["", "hello", "{\"a\":\"\u{E9}\"}"])
    func signature(body: String) throws {
        let bed = try TestBedTrait.bed()
        let path = "/signed/\(body.count)"
        #expect(try bed.exchange(request("POST \(path)?a=%2B&b=+", body: body)).status == 200)
        let received = try #require(bed.received(path).first?.request)
        #expect(TestKeys.firstCheck.problem(with: received) == nil)
        #expect(received.head.only("host") == bed.origin.address.description)
        #expect(received.head.only("content-length") == "\(body.unicodeScalars.count)")
    }

    @Test("pass-through keeps one bearer token, and nothing else of a credential")
    func passThrough() throws {
        let bed = try TestBedTrait.bed()
        let token = "Authorization: Bearer \(TestKeys.canary)"
        #expect(try bed.exchange(request("GET /own/one", token, "Cookie: a=b", "X-Ms-Date: x")).status == 200)
        let head = try #require(bed.received("/own/one").first?.request?.head)
        #expect(head.only("authorization") == "Bearer \(TestKeys.canary)")
        #expect(head.values("cookie") + head.values("x-ms-date") + head.values("x-ms-content-sha256") == [])
    }

    @Test(
        "pass-through refuses what is not one bearer token",
        arguments: ["X-A: b", "Authorization: Basic YTpi", "Authorization: Bearer", "Authorization: HMAC-SHA256 x"])
    func notOneToken(line: String) throws {
        let bed = try TestBedTrait.bed()
        let answer = try bed.exchange(request("GET /own/none", line))
        #expect(answer.status == 401)
        #expect(answer.head.only("x-ms-error-code") == "CallerNotAuthenticated")
        #expect(bed.received("/own/none").isEmpty)
    }
}
