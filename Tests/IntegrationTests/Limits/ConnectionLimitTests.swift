import Support
import Testing

@Suite("How many may connect", .timeLimit(.minutes(Pace.minutes(3))))
struct ConnectionLimitTests {
    @Test("beyond `connections` a client waits until another has gone")
    func total() throws {
        let bed = try TestBed { $0.defaults.append("limits: { connections: 2 }") }
        let first = try bed.client()
        let second = try bed.client()
        #expect(first.exchange(request("GET /a"))?.status == 200)
        #expect(second.exchange(request("GET /b"))?.status == 200)
        let third = try bed.client()
        third.send(request("GET /c"))
        // The two that are in are served on; the third was not accepted, so nothing of it got through.
        #expect(first.exchange(request("GET /d"))?.status == 200)
        #expect(bed.received("/c").isEmpty)
        second.close()
        #expect(third.answers(1).map(\.status) == [200])
        try bed.finish()
    }

    @Test("beyond `connections_per_address` a connection is closed at once")
    func perAddress() throws {
        let bed = try TestBed { $0.defaults.append("limits: { connections_per_address: 1 }") }
        let first = try bed.client()
        #expect(first.exchange(request("GET /a"))?.status == 200)
        let second = try bed.client()
        #expect(second.waitForEnd() != nil)
        #expect(first.exchange(request("GET /b"))?.status == 200)
        try bed.finish()
    }
}
