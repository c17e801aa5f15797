import Support
import Testing

/// Nobody reads what the program says: a pipe is full at 64 KiB.
@Suite("Output that nobody reads", .timeLimit(.minutes(Pace.minutes(3))))
struct UnreadOutputTests {
    private static let sigterm: Int32 = 15
    private static let ask = request("OPTIONS *")
    /// Lines of some 250 bytes each, several times what a pipe takes.
    private static let count = 2000

    private func gateway(isNonblocking: Bool) throws -> GatewayProcess {
        let config = ConfigText(origin: .ipv4("127.0.0.1", port: 1))
        return try GatewayProcess(config.text, files: ConfigText.files, isNonblocking: isNonblocking)
    }

    /// Fills the pipe of standard output with access lines; all requests are answered all the same.
    private func fill(_ gateway: GatewayProcess) throws {
        gateway.program.isHeard.change { $0.output = false }
        let client = try RawClient(gateway.address, methods: ["OPTIONS"], patience: Pace.seconds(60))
        client.send(String(repeating: Self.ask, count: Self.count))
        #expect(client.answers(Self.count).count { $0.status == 204 } == Self.count)
    }

    @Test("a full access log holds nobody up, and its lines come whole later", arguments: [false, true])
    func accessLog(isNonblocking: Bool) throws {
        let gateway = try gateway(isNonblocking: isNonblocking)
        try fill(gateway)
        gateway.program.isHeard.change { $0.output = true }
        #expect(try gateway.finish() == .exited(0))
        let output = gateway.program.progress.look(\.standardOutput)
        let lines = output.split(separator: 0x0A)
        #expect(output.last == 0x0A && lines.count == Self.count)
        #expect(lines.allSatisfy { $0.starts(with: "{\"".utf8) && $0.last == 0x7D })
    }

    @Test("SIGTERM ends it though its access log is full", arguments: [false, true])
    func end(isNonblocking: Bool) throws {
        let gateway = try gateway(isNonblocking: isNonblocking)
        try fill(gateway)
        gateway.program.signal(Self.sigterm)
        #expect(gateway.program.progress.wait(until: .now + Pace.seconds(30)) { $0.status } == .exited(0))
        gateway.program.isHeard.change { $0.output = true }
    }

    @Test("reloads that nobody hears of do not keep it from its signals", arguments: [false, true])
    func reloads(isNonblocking: Bool) throws {
        let gateway = try gateway(isNonblocking: isNonblocking)
        gateway.program.isHeard.change { $0.error = false }
        let mistakes = (0..<40).map { "mistake_number_\($0): true\n" }.joined()
        try gateway.directory.write("config.yaml", "version: 1\n" + mistakes)
        let client = try RawClient(gateway.address, methods: ["OPTIONS"])
        for _ in 0..<24 {
            gateway.program.signal(1)
            // Not to let signals be one.
            Pacing.wait(until: .now + Pace.milliseconds(60))
            #expect(client.exchange(Self.ask, method: "OPTIONS")?.status == 204)
        }
        gateway.program.signal(Self.sigterm)
        #expect(gateway.program.progress.wait(until: .now + Pace.seconds(30)) { $0.status } == .exited(0))
        gateway.program.isHeard.change { $0.error = true }
        #expect(gateway.program.wait(atMost: Pace.seconds(10)) == .exited(0))
        #expect(gateway.standardError.utf8.count >= 50_000)
    }
}
