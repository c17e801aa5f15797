import Support
import Testing

/// What the operator's log tells of resources that cannot be reached, or refuse, while many requests fail.
@Suite("Trouble with several resources at once", .timeLimit(.minutes(Pace.minutes(3))))
struct FailureLogTests {
    @Test("each resource's is told, and each only now and then")
    func resources() throws {
        let refusing = try RecordingOrigin { _, _ in
            .text("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        }
        var config = ConfigText(origin: refusing.address)
        config.workers = 1
        let names = ["closed", "mute", "refusing", "other"]
        let notTLS = "https://\(refusing.address)"
        config.resources = [
            "closed: { endpoint: \"http://127.0.0.1:1\", credential: key }",
            "mute: { endpoint: \"\(notTLS)\", credential: key }",
            "refusing: { endpoint: \"http://\(refusing.address)\", credential: key }",
            "other: { endpoint: \"http://\(refusing.address)\", credential: key }",
        ]
        config.routes = names.map {
            "{ name: \($0), match: { path_prefix: /\($0) }, allow: [anonymous], resource: \($0) }"
        }
        let gateway = try GatewayProcess(config.text, files: ConfigText.files)
        let client = try RawClient(gateway.address)
        let start = ContinuousClock.now
        for _ in 0..<5 {
            let statuses = names.map { client.exchange(request("GET /\($0)"))?.status }
            #expect(statuses == [503, 503, 502, 502])
        }
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        #expect(try gateway.finish() == .exited(0))
        let lines = gateway.standardError.split(separator: "\n").filter { $0.contains(" warning ") }
        for name in names {
            let count = lines.count { $0.contains("resource=\(name) ") }
            #expect((1...seconds + 1).contains(count), "\(name): \(count)")
        }
    }
}
