import Support
import Testing

@Suite("The end of the program")
struct ShutdownTests {
    private static let (sigint, sigterm): (Int32, Int32) = (2, 15)

    /// A bed with a request in flight that waits for `gate`.
    private func bedInFlight(_ gate: Gate) throws -> (TestBed, RawClient) {
        let bed = try TestBed()
        bed.script("/held", OriginScript([.hold(gate), .usual]))
        let client = try bed.client()
        client.send(request("GET /held"))
        #expect(bed.origin.wait { $0.target == "/held" && $0.isComplete } != nil)
        return (bed, client)
    }

    @Test(
        "SIGTERM and SIGINT let a request in flight end, take no new ones, and end with 0 (TM-6)",
        arguments: [sigterm, sigint])
    func drains(signal: Int32) throws {
        let gate = Gate()
        let (bed, client) = try bedInFlight(gate)
        let idle = try bed.client()
        #expect(idle.exchange(request("GET /idle"))?.status == 200)
        bed.gateway.program.signal(signal)
        // An idle connection is closed when the drain begins.
        #expect(idle.waitForEnd() == .end)
        // Each worker hears of the drain by itself: a connection may still slip in, but not for long.
        let deadline = ContinuousClock.now + Pace.seconds(30)
        while let late = try? RawClient(bed.gateway.address), late.exchange(request("GET /late")) != nil {
            try #require(.now < deadline, "new connections are still taken")
        }
        #expect(bed.gateway.program.progress.look(\.status) == nil)
        gate.open()
        let answer = client.answers(1).first
        #expect(answer?.text == "up:/held len=0")
        #expect(answer?.head.only("connection") == "close")
        #expect(client.waitForEnd() == .end)
        #expect(bed.gateway.program.wait(atMost: Pace.seconds(30)) == .exited(0))
        expectNoSecret(in: bed.gateway.program)
    }

    @Test("a second signal ends at once")
    func second() throws {
        let (bed, client) = try bedInFlight(Gate())
        let idle = try bed.client()
        #expect(idle.exchange(request("GET /idle"))?.status == 200)
        bed.gateway.program.signal(Self.sigterm)
        #expect(idle.waitForEnd() == .end)
        bed.gateway.program.signal(Self.sigterm)
        #expect(bed.gateway.program.wait(atMost: Pace.seconds(30)) != nil)
        #expect(client.waitForEnd() != nil)
        #expect(client.reader.finals.isEmpty)
    }

    @Test("the process id is in the file while it serves")
    func pidFile() throws {
        let directory = try TemporaryDirectory()
        let origin = try RecordingOrigin()
        let path = directory.path + "/gateway.pid"
        let gateway = try GatewayProcess(
            ConfigText(origin: origin.address).text, files: ConfigText.files, arguments: ["--pid-file", path])
        #expect(String(decoding: try Files.bytes(at: path), as: UTF8.self) == "\(gateway.program.id)\n")
        // Another one that cannot serve, or that came later, leaves it to its owner.
        let second = try CommandRun(
            ["run", "--pid-file", path],
            files: ConfigText.files.merging([
                "config.yaml": ConfigText(origin: origin.address).text.replacing(
                    #"bind: "127.0.0.1:0""#, with: "bind: \"\(gateway.address)\"")
            ]) { $1 })
        #expect(second.status == .exited(1) && second.error.contains("error[E507]"), "\(second.error)")
        #expect(!second.error.contains("on `\(gateway.address)`"))
        #expect(String(decoding: try Files.bytes(at: path), as: UTF8.self) == "\(gateway.program.id)\n")
        #expect(try gateway.finish() == .exited(0))
        #expect(Files.mode(of: path) == nil)
    }
}
