import Support
import Telemetry
import Testing

@Suite("The metrics page")
struct MetricsPageTests {
    private let book = MeterBook()

    /// A page with everything on it.
    private func page(routes: [String] = ["sms", "chat"], revision: String = "r-1") -> MetricsPage {
        for _ in 0..<2 {
            let page = book.newPage()
            let meters = page.meters(routes: routes, listeners: ["app"], resources: ["contoso"])
            for (status, milliseconds) in [(202, 3), (404, 1), (503, 0), (0, 70_000), (304, 60_000)] as [(Int, Int64)] {
                page.worker.began()
                meters.routes[0].ended(
                    RouteMeter.Exchange(
                        status: status, nanoseconds: milliseconds * 1_000_000, attempts: 2, requestBytes: 100,
                        answerBytes: 7))
                page.worker.ended()
            }
            page.unrouted.ended(
                RouteMeter.Exchange(status: 404, nanoseconds: -5, attempts: 0, requestBytes: 0, answerBytes: 1))
            page.worker.answered(reason: 1)
            page.worker.began()
            meters.listeners[0].accepted()
            meters.listeners[0].accepted()
            meters.listeners[0].closed()
            meters.listeners[0].refused()
            meters.resources[0].opened()
            meters.resources[0].reused()
            meters.resources[0].failed()
        }
        var control = ControlFigures(version: "1.2.3")
        (control.generation, control.revision, control.sha256, control.loadedAt) = (
            4, revision, "9f86d081", 1_795_424_887
        )
        (control.reloadsOK, control.reloadsUnchanged, control.reloadsRefused) = (3, 2, 1)
        return MetricsPage(
            meters: book, reasons: ["bad-request", "no-route"], control: control,
            credentials: [
                CredentialFigures(
                    credential: "mi", strategy: "managed_identity", source: "imds", ageSeconds: 10,
                    remainingSeconds: 3589, fetchesOK: 2, fetchesFailed: 0, lastError: nil),
                CredentialFigures(
                    credential: "sp", strategy: "service_principal", source: "entra", ageSeconds: nil,
                    remainingSeconds: nil, fetchesOK: 0, fetchesFailed: 5, lastError: "AADSTS7000215"),
            ], heldBodyBytes: 4096, droppedLines: 6)
    }

    private func text(_ page: MetricsPage) -> String { String(decoding: page.text, as: UTF8.self) }

    @Test("the text is as it was")
    func golden() throws {
        let text = text(page())
        #expect(try text == GoldenFile(Fixtures.root + "metrics/page.txt").expected(becoming: text))
    }

    @Test("a strict reader takes it, and finds every metric there is")
    func strict() throws {
        let read = try ExpositionReader(text(page()))
        #expect(Set(read.kinds.keys) == Set(MetricFamily.all.map(\.name)))
        for family in MetricFamily.all { #expect(read.kinds[family.name] == family.kind.rawValue) }
    }

    @Test("the manual has every metric with its kind and labels")
    func manual() throws {
        let lines = try Fixtures.lines("../../docs/manual/metrics.md")
        for family in MetricFamily.all {
            let line = try #require(lines.first { $0.hasPrefix("| `\(family.name)` | \(family.kind.rawValue) |") })
            let labels = family.labels.filter { !["credential", "strategy", "source"].contains($0) }
            #expect(labels.allSatisfy { line.contains("`\($0)`") }, "\(family.name)")
        }
        #expect(lines.count { $0.hasPrefix("| `acs_gateway_") } == MetricFamily.all.count)
    }

    @Test("what workers counted is added up")
    func sums() throws {
        let read = try ExpositionReader(text(page()))
        #expect(read["acs_gateway_workers"] == 2)
        #expect(read[#"acs_gateway_requests_total{route="sms",code="2xx"}"#] == 2)
        #expect(read[#"acs_gateway_requests_total{route="sms",code="none"}"#] == 2)
        #expect(read[#"acs_gateway_requests_total{route="-",code="4xx"}"#] == 2)
        #expect(read[#"acs_gateway_request_body_bytes_total{route="sms"}"#] == 1000)
        #expect(read[#"acs_gateway_upstream_retries_total{route="sms"}"#] == 10)
        #expect(read[#"acs_gateway_own_answers_total{reason="no-route"}"#] == 2)
        #expect(read["acs_gateway_requests_in_flight"] == 2)
        #expect(read[#"acs_gateway_connections_open{listener="app"}"#] == 2)
        #expect(read[#"acs_gateway_connections_refused_total{listener="app"}"#] == 2)
        #expect(read[#"acs_gateway_upstream_connections_total{resource="contoso",outcome="failed"}"#] == 2)
    }

    @Test("buckets include each other, an end belongs to its bucket, and the last has all")
    func buckets() throws {
        let read = try ExpositionReader(text(page()))
        func bucket(_ end: String) -> Int? {
            read[#"acs_gateway_request_duration_seconds_bucket{route="sms",le="\#(end)"}"#]
        }
        #expect(bucket("0.0025") == 4 && bucket("0.005") == 6 && bucket("10") == 6)
        #expect(bucket("60") == 8 && bucket("+Inf") == 10)
        #expect(read[#"acs_gateway_request_duration_seconds_count{route="sms"}"#] == 10)
        #expect(read.samples[#"acs_gateway_request_duration_seconds_sum{route="sms"}"#] == "260.008")
    }

    @Test("names that would break a line do not")
    func escaping() throws {
        let text = text(page(routes: ["sms"], revision: "a\"b\\c\nd"))
        _ = try ExpositionReader(text)
        #expect(text.contains(#"acs_gateway_config_info{revision="a\"b\\c\nd",sha256="9f86d081"} 1"#))
    }

    @Test("counts go on when a generation has the name too, and begin anew after one that has not")
    func reload() throws {
        let page = book.newPage()
        func ended(_ meters: MeterPage.Meters) {
            meters.routes[0].ended(
                RouteMeter.Exchange(status: 200, nanoseconds: 1, attempts: 1, requestBytes: 0, answerBytes: 0))
        }
        func count(_ route: String) throws -> Int? {
            let page = MetricsPage(
                meters: book, reasons: [], control: ControlFigures(version: ""), credentials: [], heldBodyBytes: 0,
                droppedLines: 0)
            return try ExpositionReader(text(page))["acs_gateway_requests_total{route=\"\(route)\",code=\"2xx\"}"]
        }
        ended(page.meters(routes: ["a", "b"], listeners: [], resources: []))
        ended(page.meters(routes: ["b", "a"], listeners: [], resources: []))
        ended(page.meters(routes: ["a"], listeners: [], resources: []))
        #expect(try count("a") == 2)
        #expect(try count("b") == nil)
        _ = page.meters(routes: ["b"], listeners: [], resources: [])
        #expect(try count("b") == 0)
    }

    @Test("of very many routes, those that nobody has used are left out")
    func manyRoutes() throws {
        let names = (1...1001).map { "r\($0)" }
        let read = try ExpositionReader(text(page(routes: names)))
        #expect(read[#"acs_gateway_requests_total{route="r1",code="2xx"}"#] == 2)
        #expect(read[#"acs_gateway_requests_total{route="r2",code="2xx"}"#] == nil)
    }

    @Test(
        "the reader refuses what a scraper would",
        arguments: [
            "acs_gateway_a 1\n", "# HELP acs_gateway_a x\n# TYPE acs_gateway_a gauge\nacs_gateway_b 1\n",
            "# HELP acs_gateway_a x\n# TYPE acs_gateway_a gauge\nacs_gateway_a 1",
            "# HELP acs_gateway_a x\n# TYPE acs_gateway_a gauge\nacs_gateway_a 1\nacs_gateway_a 2\n",
            "# HELP acs_gateway_a x\n# TYPE acs_gateway_a gauge\nacs_gateway_a{a=\"x\"y\"} 1\n",
            "# HELP acs_gateway_a x\n# TYPE acs_gateway_a counter\nacs_gateway_a 1\n",
        ])
    func refusal(text: String) {
        #expect(throws: ExpositionReader.Mistake.self) { try ExpositionReader(text) }
    }
}
