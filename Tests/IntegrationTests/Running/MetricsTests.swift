import Support
import Testing

/// config.md, `telemetry.metrics`: what the real program tells whoever scrapes it.
@Suite("Metrics of a running gateway", .serialized)
struct MetricsTests {
    /// A gateway with metrics, and where they are.
    private func bed(_ configure: (inout ConfigText) -> Void = { _ in }) throws -> (TestBed, Address) {
        let bed = try TestBed { config in
            config.telemetry = [#"metrics: { bind: "127.0.0.1:0" }"#]
            config.top = ["revision: r-1"]
            config.routes = ["{ name: x, match: { path_prefix: /x }, allow: [anonymous], resource: origin }"]
            configure(&config)
        }
        return (bed, try address(bed.gateway))
    }

    private func address(_ gateway: GatewayProcess, after earlier: Address? = nil) throws -> Address {
        try gateway.line { line in
            guard let mark = line.firstRange(of: "metrics served address=") else { return nil }
            let address = Address(String(line[mark.upperBound...]))
            return address == earlier ? nil : address
        }
    }

    private func scrape(_ address: Address) throws -> ExpositionReader {
        let answer = try #require(RawClient(address).exchange("GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n"))
        #expect(answer.status == 200)
        #expect(answer.head.values("content-type") == ["text/plain; version=0.0.4; charset=utf-8"])
        return try ExpositionReader(answer.text)
    }

    /// The first scrape that shows what is wanted: a request is counted right after its answer is sent, not before.
    private func scrape(_ address: Address, until isWanted: (ExpositionReader) -> Bool) throws -> ExpositionReader {
        let deadline = ContinuousClock.now + Pace.seconds(30)
        while true {
            let read = try scrape(address)
            if isWanted(read) || .now > deadline { return read }
        }
    }

    @Test("traffic shows in them, and what never was is 0")
    func traffic() throws {
        let (bed, address) = try bed()
        let before = try scrape(address)
        #expect(before[#"acs_gateway_requests_total{route="x",code="2xx"}"#] == 0)
        let client = try bed.client()
        #expect(client.exchange(request("GET /x/1"))?.status == 200)
        #expect(client.exchange(request("POST /x/2", body: "hello"), method: "POST")?.status == 200)
        #expect(try bed.exchange(request("GET /nowhere")).status == 404)
        #expect(try bed.exchange("GET /x HTTP/1.1\r\nHost: \u{E9}\r\n\r\n").status == 400)
        let gate = Gate()
        bed.script("/x/held", OriginScript([.hold(gate), .usual]))
        client.send(request("GET /x/held"))
        #expect(bed.origin.wait { $0.target == "/x/held" && $0.isComplete } != nil)
        let during = try scrape(address) { $0[#"acs_gateway_connections_open{listener="main"}"#] == 1 }
        #expect(during["acs_gateway_requests_in_flight"] == 1)
        #expect(during[#"acs_gateway_connections_open{listener="main"}"#] == 1)
        gate.open()
        #expect(client.answers(3).last?.status == 200)
        let after = try scrape(address) {
            $0[#"acs_gateway_requests_total{route="x",code="2xx"}"#] == 3 && $0["acs_gateway_requests_in_flight"] == 0
        }
        #expect(after[#"acs_gateway_requests_total{route="x",code="2xx"}"#] == 3)
        #expect(after[#"acs_gateway_requests_total{route="-",code="4xx"}"#] == 2)
        #expect(after[#"acs_gateway_own_answers_total{reason="no-route"}"#] == 1)
        #expect(after[#"acs_gateway_own_answers_total{reason="bad-request"}"#] == 1)
        #expect(after[#"acs_gateway_request_body_bytes_total{route="x"}"#] == 5)
        #expect(after[#"acs_gateway_request_duration_seconds_count{route="x"}"#] == 3)
        #expect(after["acs_gateway_requests_in_flight"] == 0)
        #expect(after[#"acs_gateway_connections_accepted_total{listener="main"}"#] == 3)
        #expect(after[#"acs_gateway_upstream_connections_total{resource="origin",outcome="opened"}"#] == 1)
        #expect(after[#"acs_gateway_upstream_connections_total{resource="origin",outcome="reused"}"#] == 2)
        #expect(after["acs_gateway_workers"] == 2)
        #expect(after["acs_gateway_held_body_bytes"] == 0)
        try bed.finish()
    }

    @Test("a resource that cannot be reached is counted")
    func unreachable() throws {
        let (bed, address) = try bed {
            $0.resources = [#"origin: { endpoint: "http://127.0.0.1:1", credential: key }"#]
        }
        #expect(try bed.exchange(request("GET /x")).status == 503)
        // A page is not of one moment.
        let read = try scrape(address) {
            $0[#"acs_gateway_requests_total{route="x",code="5xx"}"#] == 1
                && $0[#"acs_gateway_own_answers_total{reason="upstream-unavailable"}"#] == 1
        }
        #expect(read[#"acs_gateway_upstream_connections_total{resource="origin",outcome="failed"}"#] == 1)
        #expect(read[#"acs_gateway_requests_total{route="x",code="5xx"}"#] == 1)
        #expect(read[#"acs_gateway_own_answers_total{reason="upstream-unavailable"}"#] == 1)
        try bed.finish()
    }

    @Test("counts go on over reloads, which are counted too")
    func reloads() throws {
        let (bed, address) = try bed()
        #expect(try bed.exchange(request("GET /x")).status == 200)
        let first = try scrape(address)
        #expect(first["acs_gateway_generation"] == 1)
        var config = ConfigText(origin: bed.origin.address)
        config.telemetry = [#"metrics: { bind: "127.0.0.1:0" }"#]
        config.top = ["revision: r-2"]
        config.routes = [
            "{ name: y, match: { path_prefix: /y }, allow: [anonymous], resource: origin }",
            "{ name: x, match: { path_prefix: /x }, allow: [anonymous], resource: origin }",
        ]
        try bed.gateway.directory.write("config.yaml", config.text)
        try bed.gateway.reload(expecting: 2)
        #expect(try bed.exchange(request("GET /x")).status == 200)
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload unchanged, generation 2" ? true : nil }
        try bed.gateway.directory.write("config.yaml", "version: 2\n")
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload refused, generation 2 stays" ? true : nil }
        // The address stayed: this is the same listener.
        let read = try scrape(address) {
            $0[#"acs_gateway_requests_total{route="x",code="2xx"}"#] == 2
                && $0[#"acs_gateway_reloads_total{outcome="refused"}"#] == 1
        }
        #expect(read["acs_gateway_generation"] == 2)
        #expect(read.samples.keys.contains { $0.hasPrefix("acs_gateway_config_info{revision=\"r-2\",sha256=\"") })
        #expect(read[#"acs_gateway_requests_total{route="x",code="2xx"}"#] == 2)
        #expect(read[#"acs_gateway_requests_total{route="y",code="2xx"}"#] == 0)
        for outcome in ["ok", "unchanged", "refused"] {
            #expect(read["acs_gateway_reloads_total{outcome=\"\(outcome)\"}"] == 1, "\(outcome)")
        }
        try bed.finish()
    }

    @Test("another address takes over, a taken one refuses the load, and none closes")
    func addresses() throws {
        let (bed, address) = try bed()
        let socket = bed.gateway.directory.path + "/metrics.sock"
        func load(_ telemetry: [String]) throws {
            var config = ConfigText(origin: bed.origin.address)
            config.telemetry = telemetry
            try bed.gateway.directory.write("config.yaml", config.text)
        }
        try load(["metrics: { bind: \"\(bed.origin.address)\" }"])
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload refused, generation 1 stays" ? true : nil }
        #expect(bed.gateway.standardError.contains("error[E507]: `telemetry.metrics` cannot listen there"))
        #expect(try scrape(address)["acs_gateway_generation"] == 1)
        try load(["metrics: { bind: \"unix:metrics.sock\" }"])
        try bed.gateway.reload(expecting: 2)
        #expect(try scrape(.unix(socket))["acs_gateway_generation"] == 2)
        #expect(Files.mode(of: socket) == 0o600)
        try load([])
        try bed.gateway.reload(expecting: 3)
        #expect(Files.mode(of: socket) == nil)
        for gone in [address, .unix(socket)] { try expectGone(gone) }
        try bed.finish()
    }

    @Test("an address that the serving configuration uses for the other purpose is told as that, with its cure")
    func swapped() throws {
        let (bed, address) = try bed()
        let listener = bed.gateway.address
        for (main, metrics, sentence) in [
            (address, listener, "`telemetry.metrics` is there until this configuration serves; move it to a free port"),
            (listener, listener, "a listener is there until this configuration serves; move it to a free port"),
        ] {
            var config = ConfigText(origin: bed.origin.address)
            config.listeners = ["main: { bind: \"\(main == listener ? "127.0.0.1:0" : "\(main)")\" }"]
            config.telemetry = ["metrics: { bind: \"\(metrics)\" }"]
            try bed.gateway.directory.write("config.yaml", config.text)
            bed.gateway.program.signal(1)
            _ = try bed.gateway.line { $0.contains(sentence) ? true : nil }
        }
        #expect(!bed.gateway.standardError.contains("another process"))
        #expect(try scrape(address)["acs_gateway_generation"] == 1)
        try bed.finish()
    }

    /// The loop ends right after the reload, not within it.
    private func expectGone(_ address: Address) throws {
        let deadline = ContinuousClock.now + Pace.seconds(30)
        while (try? Socket.connected(to: address)) != nil {
            try #require(.now < deadline, "\(address) is still there")
        }
    }

    @Test("nothing but GET and HEAD of /metrics is there")
    func elsewhere() throws {
        let (bed, address) = try bed()
        let cases: [(String, Int)] = [
            ("GET / HTTP/1.1\r\nHost: m\r\n\r\n", 404), ("GET /metrics/ HTTP/1.1\r\nHost: m\r\n\r\n", 404),
            ("GET /Metrics HTTP/1.1\r\nHost: m\r\n\r\n", 404), ("POST /x HTTP/1.1\r\nHost: m\r\n\r\n", 404),
            ("POST /metrics HTTP/1.1\r\nHost: m\r\nContent-Length: 3\r\n\r\nabc", 405),
            ("GET /metrics?x=1 HTTP/1.1\r\nHost: m\r\n\r\n", 200), ("GET /metrics HTTP/1.0\r\n\r\n", 200),
            ("GET http://m/metrics HTTP/1.1\r\nHost: m\r\n\r\n", 200), ("OPTIONS * HTTP/1.1\r\nHost: m\r\n\r\n", 404),
            ("GET /metrics HTTP/1.1\r\n\r\n", 400), ("GET /metrics HTTP/3.0\r\nHost: m\r\n\r\n", 505),
            ("GET /\(String(repeating: "a", count: 3000)) HTTP/1.1\r\n", 414),
            ("GET /metrics HTTP/1.1\r\nHost: m\r\nA: \(String(repeating: "a", count: 9000))\r\n\r\n", 431),
        ]
        for (sent, status) in cases {
            let client = try RawClient(address)
            client.send(sent)
            let answer = try #require(client.answers(1).first, "\(sent.prefix(40))")
            #expect(answer.status == status, "\(sent.prefix(40))")
            #expect(answer.head.values("connection") == ["close"])
            if status == 405 { #expect(answer.head.values("allow") == ["GET, HEAD"]) }
        }
        let head = try RawClient(address, methods: ["HEAD"])
        head.send("HEAD /metrics HTTP/1.1\r\nHost: m\r\n\r\n")
        let answer = try #require(head.answers(1).first)
        #expect(answer.status == 200 && answer.text.isEmpty)
        #expect(answer.head.values("content-length").first.flatMap(Int.init) ?? 0 > 1000)
        try bed.finish()
    }

    @Test("clients that say nothing are let go, and others get their turn")
    func silentClients() throws {
        let (bed, address) = try bed()
        // More than are served at once, and each says as little as it can.
        let silent = try (0..<40).map { index in
            let client = try RawClient(address)
            client.send(index % 2 == 0 ? "GET /metr" : "")
            return client
        }
        #expect(try scrape(address)["acs_gateway_generation"] == 1)
        for client in silent { #expect(client.waitForEnd() != nil) }
        #expect(try bed.exchange(request("GET /x")).status == 200)
        try bed.finish()
    }
}
