import Support
import Testing

/// The program is stopped while requests come, so that they wait in the system when it hears of its orders.
@Suite("Requests that came before the door was closed", .timeLimit(.minutes(Pace.minutes(3))))
struct QueuedRequestTests {
    private static let (sighup, sigterm, sigcont, sigstop): (Int32, Int32, Int32, Int32) = (1, 15, 18, 19)

    /// Connects to `address` and sends, while the program sleeps; then it gets `signal`.
    private func answers(of bed: TestBed, at address: Address, _ signal: Int32) throws -> [[Int]] {
        bed.gateway.program.signal(Self.sigstop)
        let clients = try (0..<16).map { index in
            let client = try RawClient(address)
            client.send(request("GET /queued/\(index)"))
            return client
        }
        bed.gateway.program.signal(signal)
        bed.gateway.program.signal(Self.sigcont)
        return clients.map { $0.answers(1).map(\.status) }
    }

    @Test("SIGTERM: whoever got into the queue with a request is served")
    func shutdown() throws {
        let bed = try TestBed()
        let answers = try answers(of: bed, at: bed.gateway.address, Self.sigterm)
        #expect(answers == Array(repeating: [200], count: 16))
        #expect(bed.gateway.program.wait(atMost: Pace.seconds(30)) == .exited(0))
    }

    @Test("SIGTERM: a request on a connection that was idle is served")
    func idle() throws {
        let bed = try TestBed()
        let clients = try (0..<8).map { _ in try bed.client() }
        for client in clients { #expect(client.exchange(request("GET /first"))?.status == 200) }
        bed.gateway.program.signal(Self.sigstop)
        for client in clients { client.send(request("GET /second")) }
        bed.gateway.program.signal(Self.sigterm)
        bed.gateway.program.signal(Self.sigcont)
        for client in clients { #expect(client.answers(2).map(\.status) == [200, 200]) }
        #expect(bed.gateway.program.wait(atMost: Pace.seconds(30)) == .exited(0))
    }

    @Test("SIGHUP: requests at a listener that is taken away are served")
    func removedListener() throws {
        let bed = try TestBed { $0.listeners.append(#"other: { bind: "127.0.0.1:0" }"#) }
        try bed.gateway.directory.write("config.yaml", ConfigText(origin: bed.origin.address).text)
        let answers = try answers(of: bed, at: bed.gateway.started.addresses[1], Self.sighup)
        #expect(answers == Array(repeating: [200], count: 16))
        try bed.finish()
    }
}
