import Support
import Testing

@Suite("When descriptors run out", .timeLimit(.minutes(Pace.minutes(3))))
struct DescriptorLimitTests {
    /// What the gateway said of connections that wait.
    private func complaints(_ bed: TestBed) -> Int {
        bed.gateway.standardError.split(separator: "\n").count { $0.contains("new connections wait") }
    }

    /// Waits until the gateway has complained.
    private func awaitComplaint(_ bed: TestBed) throws {
        _ = try bed.gateway.line { $0.contains("new connections wait") ? true : nil }
    }

    /// A client that waits for an answer only so long, before another has its turn.
    private func client(_ bed: TestBed) throws -> RawClient {
        try RawClient(bed.gateway.address, patience: .milliseconds(10))
    }

    /// Waits for an answer to each, in whatever order they come, and lets go whoever has one; gives their statuses.
    private func serve(_ clients: [RawClient]) -> [Int] {
        var waiting = clients
        let deadline = ContinuousClock.now + Pace.seconds(20)
        while !waiting.isEmpty, .now < deadline {
            waiting = waiting.filter { client in
                guard client.answers(1).first?.isComplete != true, client.ending == nil else {
                    client.close()
                    return false
                }
                return true
            }
        }
        return clients.map { $0.reader.finals.first?.status ?? 0 }
    }

    @Test("new connections wait, the others are served, nothing spins, and the log says it once a second (LI-5)")
    func crowd() throws {
        let bed = try TestBed(descriptors: 64) { $0.defaults = ["timeouts: { request_head: 40s, idle: 40s }"] }
        let start = ContinuousClock.now
        let clients = try (0..<80).map { _ in try client(bed) }
        try awaitComplaint(bed)
        let before = try bed.gateway.processorTicks()
        _ = Gate().pass(atMost: Pace.seconds(2))
        #expect(try bed.gateway.processorTicks() - before < 60)
        let seconds = Int((ContinuousClock.now - start).components.seconds)
        #expect(complaints(bed) <= seconds + 2)
        // Of all of them as many are in as can be served; the rest wait, and get in as others go.
        for client in clients { client.send(request("GET /in")) }
        let statuses = serve(clients)
        // Ways to the resource that one worker keeps open are none for the other.
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 }, "\(statuses)")
        #expect(try bed.exchange(request("GET /after")).status == 200)
        try bed.finish()
    }

    @Test("every client that was let in has a way to the resource (LI-5)")
    func ways() throws {
        let bed = try TestBed(descriptors: 64) { config in
            config.workers = 1
            config.defaults = ["timeouts: { request_head: 40s, idle: 40s }"]
        }
        let gate = Gate()
        bed.script("/held", OriginScript([.hold(gate), .usual]))
        let clients = try (0..<60).map { _ in try client(bed) }
        for client in clients { client.send(request("GET /held")) }
        try awaitComplaint(bed)
        gate.open()
        #expect(serve(clients) == Array(repeating: 200, count: clients.count))
        let refused = clients.first { $0.reader.finals.first?.status != 200 }
        #expect(refused == nil, "\(refused?.reader.finals.first?.text ?? "") \(bed.gateway.standardError.suffix(500))")
        #expect(try bed.exchange(request("GET /after")).status == 200)
        try bed.finish()
    }
}
