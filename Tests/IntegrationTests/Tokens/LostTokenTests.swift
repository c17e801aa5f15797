import Support
import Testing

/// A token that is no good any more at a moment when nobody looks: it goes out to nobody.
@Suite("A token that was lost on the way", .serialized, .timeLimit(.minutes(Pace.minutes(2))))
struct LostTokenTests {
    /// A gateway with a token of `origin`, whose resource it reaches through `proxy`, if any.
    private func config(_ origin: TokenOrigin, client: String = "app", proxy: String? = nil) -> String {
        var config = ConfigText(origin: origin.address)
        config.defaults = ["timeouts: { connect: 20s }"]
        config.credentials = [
            """
            key: { strategy: service_principal, tenant_id: contoso, client_id: \(client), \
            client_secret: "${file:key1}", authority: "http://\(origin.address)" }
            """
        ]
        if let proxy {
            config.resources = [
                "origin: { endpoint: \"http://\(origin.address)\", credential: key, proxy: { url: \"\(proxy)\" } }"
            ]
        }
        return config.text
    }

    private func gateway(_ text: String) throws -> GatewayProcess { try GatewayProcess(text, files: ConfigText.files) }

    @Test("one that ends while a connection is opened is not sent")
    func endedMeanwhile() throws {
        let seconds = 3 * Pace.factor
        let origin = try TokenOrigin(lifetime: seconds)
        let proxy = try TunnelProxy(latency: .seconds(seconds))
        let gateway = try gateway(config(origin, proxy: proxy.url))
        let client = try RawClient(gateway.address)
        client.send(request("GET /x"))
        // There is one token, and there will be no other.
        #expect(origin.state.wait(until: .now + Pace.seconds(20)) { $0.births.isEmpty ? nil : true } == true)
        origin.state.change { $0.isAvailable = false }
        let answer = try #require(client.answers(1).first)
        #expect(answer.status == 503 && answer.head.only("x-ms-error-code") == "CredentialUnavailable")
        #expect(answer.head.values("retry-after").count == 1)
        #expect(origin.state.look(\.requests) == 0)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("one that the resource refused is not sent again, though there is no other")
    func refusedAndNoOther() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        let gateway = try gateway(config(origin))
        #expect(try RawClient(gateway.address).exchange(request("GET /warm"))?.status == 200)
        origin.state.change { ($0.revoked, $0.isAvailable) = ([1], false) }
        let first = try #require(RawClient(gateway.address).exchange(request("GET /first")))
        #expect(first.status == 502 && first.head.only("x-ms-error-code") == "UpstreamRefusedCredential")
        let sent = origin.state.look(\.requests)
        for _ in 0..<8 {
            let next = try #require(RawClient(gateway.address).exchange(request("GET /next")))
            #expect(next.status == 503 && next.head.only("x-ms-error-code") == "CredentialUnavailable")
            #expect(next.head.values("retry-after").count == 1)
        }
        #expect(origin.state.look(\.requests) == sent)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("who waits for one when its credential is replaced is let go at once")
    func replacedCredential() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        origin.state.change { $0.latency = Pace.seconds(10) }
        let gateway = try gateway(config(origin))
        let client = try RawClient(gateway.address)
        client.send(request("GET /x"))
        #expect(origin.state.wait(until: .now + Pace.seconds(10)) { $0.tokenRequests > 0 ? true : nil } == true)
        origin.state.change { $0.latency = .zero }
        let start = ContinuousClock.now
        try gateway.directory.write("config.yaml", config(origin, client: "other"))
        try gateway.reload(expecting: 2)
        let answer = try #require(client.answers(1).first)
        #expect(answer.status == 503 && answer.head.values("retry-after") == ["1"])
        #expect(ContinuousClock.now - start < Pace.seconds(8))
        #expect(try RawClient(gateway.address).exchange(request("GET /y"))?.status == 200)
        #expect(try gateway.finish() == .exited(0))
    }
}
