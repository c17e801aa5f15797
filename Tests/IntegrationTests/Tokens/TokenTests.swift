import Support
import Testing

/// Tokens in the running program: how often they are asked for, and what happens when there is none.
@Suite("Tokens of a running gateway", .serialized)
struct TokenTests {
    private static let get = "GET /identities HTTP/1.1\r\nHost: gw.test\r\n\r\n"

    /// A gateway that sends a service principal's token to `origin`, which also gives it.
    private func config(_ origin: TokenOrigin, revision: String = "one", connect: String = "20s") -> String {
        var config = ConfigText(origin: origin.address)
        config.top = ["revision: \(revision)"]
        // A loaded machine may take its time until a token is there.
        config.defaults = ["timeouts: { connect: \(connect) }"]
        config.credentials = [
            """
            key: { strategy: service_principal, tenant_id: contoso, client_id: app, \
            client_secret: "${file:key1}", authority: "http://\(origin.address)" }
            """
        ]
        config.accessLog = "\"off\""
        config.telemetry = [#"metrics: { bind: "127.0.0.1:0" }"#]
        return config.text
    }

    private func gateway(_ origin: TokenOrigin) throws -> GatewayProcess {
        try GatewayProcess(config(origin), files: ConfigText.files)
    }

    @Test("50 clients at once on a cold gateway cause one token request")
    func cold() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        origin.state.change { $0.latency = .seconds(1) }
        let gateway = try gateway(origin)
        // All of them are there before the token is.
        let clients = try (0..<50).map { _ in try RawClient(gateway.address) }
        for client in clients { client.send(Self.get) }
        for client in clients { #expect(client.answers(1).first?.status == 200) }
        #expect(origin.state.look(\.tokenRequests) == 1)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("who waits for a first token is let go after `connect`, and the next is served once it is there")
    func parked() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        origin.state.change { $0.latency = .seconds(5) }
        let gateway = try GatewayProcess(config(origin, connect: "1s"), files: ConfigText.files)
        let start = ContinuousClock.now
        let answer = try #require(RawClient(gateway.address).exchange(Self.get))
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        #expect(answer.status == 503 && answer.head.values("x-ms-error-code") == ["CredentialUnavailable"])
        #expect(answer.head.values("retry-after").count == 1)
        #expect(origin.state.look(\.requests) == 0)
        Pacing.wait(until: start + .seconds(7))
        #expect(try RawClient(gateway.address).exchange(Self.get)?.status == 200)
        #expect(origin.state.look(\.tokenRequests) == 1)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("100 reloads cause no token request")
    func reloads() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        let gateway = try gateway(origin)
        let client = try RawClient(gateway.address)
        #expect(client.exchange(Self.get)?.status == 200)
        for number in 2...101 {
            try gateway.directory.write("config.yaml", config(origin, revision: "\(number)"))
            try gateway.reload(expecting: number)
            if number % 10 == 0 { #expect(client.exchange(Self.get)?.status == 200) }
        }
        #expect(origin.state.look(\.tokenRequests) == 1)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("a refused token is replaced once, and the request sent again")
    func refused() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        let gateway = try gateway(origin)
        #expect(try RawClient(gateway.address).exchange(Self.get)?.status == 200)
        origin.state.change { $0.revoked = [1] }
        #expect(try RawClient(gateway.address).exchange(Self.get)?.status == 200)
        #expect(origin.state.look(\.tokenRequests) == 2)
        // Within the minute there is no third.
        origin.state.change { $0.revoked = [1, 2] }
        let answer = try #require(RawClient(gateway.address).exchange(Self.get))
        #expect(answer.status == 502 && answer.head.values("x-ms-error-code") == ["UpstreamRefusedCredential"])
        #expect(origin.state.look(\.tokenRequests) == 2)
        #expect(try gateway.finish() == .exited(0))
    }

    /// The first rest after a failed fetch, with its jitter (`TokenLifecycle`).
    private static let backOffStep = Duration.milliseconds(5500)
    /// What a loaded machine may take between a moment and the notice of it.
    private static let slack = Pace.seconds(1)
    /// On a machine that does nothing else it is what is asked for; fewer than this would prove little.
    private static let leastRate = 250.0 / Double(Pace.factor)

    @Test("1000 requests a second over an outage fail only while there is no token")
    func outage() throws {
        let seconds = 6 * Pace.factor
        let lifetime = Duration.seconds(seconds)
        let origin = try TokenOrigin(lifetime: seconds)
        let gateway = try gateway(origin)
        #expect(try RawClient(gateway.address).exchange(Self.get)?.status == 200)
        // Before half of its life, when the first refresh is due.
        origin.state.change { $0.isAvailable = false }
        let birth = try #require(origin.state.look(\.births).first)
        let end = birth + lifetime
        let start = ContinuousClock.now
        let load = try PacedLoad(Self.get, to: gateway.address, perSecond: 1000)

        #expect(load.wait(atMost: Pace.seconds(20)) { $0.status == 503 })
        Pacing.wait(until: end + Pace.seconds(2))
        origin.state.change { $0.isAvailable = true }
        let back = ContinuousClock.now
        #expect(load.wait(atMost: Self.backOffStep + Pace.seconds(5)) { $0.status == 200 && $0.sentAt > back })
        Pacing.wait(until: .now + Pace.milliseconds(500))
        let samples = load.stop()

        let inTime = samples.filter { $0.sentAt < end - Self.slack }
        let rate = Double(inTime.count) / (start.duration(to: end - Self.slack) / .seconds(1))
        print("token outage: \(Int(rate)) requests/s before the token's end, \(samples.count) in all")
        #expect(rate >= Self.leastRate)
        #expect(inTime.allSatisfy { $0.status == 200 })
        let without = samples.filter { $0.sentAt > end && $0.sentAt < back }
        #expect(!without.isEmpty)
        #expect(without.allSatisfy { $0.status == 503 })
        #expect(samples.allSatisfy { $0.status == 200 || $0.status == 503 })
        let refused = samples.filter { $0.status == 503 }
        #expect(refused.allSatisfy { $0.code == "CredentialUnavailable" && Int($0.retryAfter) ?? 0 >= 1 })
        let after = samples.filter { $0.sentAt > back + Self.backOffStep + Self.slack }
        #expect(after.allSatisfy { $0.status == 200 })
        #expect(origin.state.look(\.latest) < Self.slack, "the resource was sent a token after its end")
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program, [TestKeys.first, "token-1", "token-2"])
    }

    @Test("libcurl is part of a gateway that needs tokens, and of no other")
    func library() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        let gateway = try gateway(origin)
        #expect(try RawClient(gateway.address).exchange(Self.get)?.status == 200)
        #expect(try gateway.hasLoaded(library: "libcurl.so.4"))
        #expect(try gateway.finish() == .exited(0))
        let signing = try GatewayProcess(ConfigText(origin: origin.address).text, files: ConfigText.files)
        #expect(try RawClient(signing.address).exchange(Self.get) != nil)
        #expect(try !signing.hasLoaded(library: "libcurl.so"))
        #expect(try signing.finish() == .exited(0))
    }

    @Test("a machine without libcurl is told so, and sends nothing that would need a token")
    func noLibrary() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        // What is found first is no library.
        let directory = try TemporaryDirectory()
        try directory.write("libcurl.so.4", "")
        let gateway = try GatewayProcess(
            config(origin), files: ConfigText.files, environment: ["LD_LIBRARY_PATH": directory.path])
        let said = try gateway.line { $0.contains("libcurl cannot be loaded") ? $0 : nil }
        #expect(said.contains("libcurl.so.4: file too short"), "\(said)")
        #expect(said.contains("install libcurl4"), "\(said)")
        let answer = try #require(RawClient(gateway.address).exchange(Self.get))
        #expect(answer.status == 503 && answer.head.values("x-ms-error-code") == ["CredentialUnavailable"])
        #expect(origin.state.look(\.requests) == 0)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("how a credential does shows in the metrics, and so does what is wrong with it")
    func metrics() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        origin.state.change { $0.isAvailable = false }
        let gateway = try gateway(origin)
        let address = try gateway.line { line in
            line.firstRange(of: "metrics served address=").flatMap { Address(String(line[$0.upperBound...])) }
        }
        let labels = #"credential="key",strategy="service_principal",source="entra""#
        func scrape(until isWanted: (ExpositionReader) -> Bool) throws -> ExpositionReader {
            let deadline = ContinuousClock.now + Pace.seconds(30)
            while true {
                let client = try RawClient(address)
                let answer = try #require(client.exchange("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"))
                let read = try ExpositionReader(answer.text)
                if isWanted(read) || .now > deadline { return read }
                Pacing.wait(until: .now + Pace.milliseconds(20))
            }
        }
        let without = try scrape { $0["acs_gateway_credential_fetches_total{\(labels),outcome=\"failed\"}"] == 1 }
        #expect(without["acs_gateway_credential_token_remaining_seconds{\(labels)}"] == 0)
        #expect(without["acs_gateway_credential_token_age_seconds{\(labels)}"] == nil)
        #expect(without["acs_gateway_credential_last_error_info{\(labels),code=\"temporarily_unavailable\"}"] == 1)
        origin.state.change { $0.isAvailable = true }
        let with = try scrape { $0["acs_gateway_credential_fetches_total{\(labels),outcome=\"ok\"}"] == 1 }
        #expect(3500...3600 ~= with["acs_gateway_credential_token_remaining_seconds{\(labels)}"] ?? 0)
        #expect(0...100 ~= with["acs_gateway_credential_token_age_seconds{\(labels)}"] ?? -1)
        #expect(with["acs_gateway_credential_last_error_info{\(labels),code=\"temporarily_unavailable\"}"] == nil)
        #expect(try gateway.finish() == .exited(0))
    }
}
