import Support
import Testing

@Suite("The access log's threads and files")
struct LogThreadTests {
    /// How many threads (`task`) or descriptors (`fd`) the program has.
    private func count(_ kind: String, of gateway: GatewayProcess) throws -> Int {
        try Files.names(in: "/proc/\(gateway.program.id)/\(kind)").count
    }

    @Test("end with the configuration that named them, or that was refused")
    func change() throws {
        let bed = try TestBed()
        let (threads, files) = (try count("task", of: bed.gateway), try count("fd", of: bed.gateway))
        var elsewhere = ConfigText(origin: bed.origin.address)
        elsewhere.accessLog = "access.log"
        let usual = ConfigText(origin: bed.origin.address).text
        for number in 2...7 {
            try bed.gateway.directory.write("config.yaml", number % 2 == 0 ? elsewhere.text : usual)
            try bed.gateway.reload(expecting: number)
            #expect(try bed.exchange(request("GET /x")).status == 200)
        }
        // A log's thread ends by itself, soon after its last configuration.
        let deadline = ContinuousClock.now + Pace.seconds(30)
        while try count("task", of: bed.gateway) > threads { try #require(.now < deadline, "threads are left") }
        // Each worker may have kept a connection to the origin, and the client's may not be gone yet.
        #expect(try count("fd", of: bed.gateway) <= files + 3)
        try bed.finish()
    }
}
