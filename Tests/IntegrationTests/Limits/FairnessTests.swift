import FoundationEssentials
import Support
import Testing

/// One client that always has something to do leaves the others of its worker their turns.
@Suite("A busy client and its neighbours", .timeLimit(.minutes(Pace.minutes(2))), .serialized)
struct FairnessTests {
    private static let ask = request("OPTIONS *")

    /// One worker, so that all share it; what streams needs no digest.
    private func config(_ origin: Address, credential: String = "own") -> ConfigText {
        var config = ConfigText(origin: origin)
        config.workers = 1
        config.defaults = ["body: { max: 256MiB }"]
        config.credentials.append("own: { strategy: pass_through }")
        config.routes = [
            "{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin, credential: \(credential) }"
        ]
        config.accessLog = "access.log"
        return config
    }

    /// Waits until the process stands still, or runs again, as the signal wants.
    private func signal(_ number: Int32, _ gateway: GatewayProcess, until isState: (Character) -> Bool) throws {
        gateway.program.signal(number)
        let deadline = ContinuousClock.now + Pace.seconds(30)
        while true {
            let text = String(decoding: try Files.bytes(at: "/proc/\(gateway.program.id)/stat"), as: UTF8.self)
            if let state = text.split(separator: ")").last?.dropFirst().first, isState(state) { return }
            try #require(.now < deadline, "\(text)")
            Pacing.wait(until: .now + Pace.milliseconds(2))
        }
    }

    @Test("a thousand requests that one has sent ahead do not come before another's one")
    func pipeline() throws {
        let bed = try TestBed { $0 = config($0.origin) }
        let (busy, quick) = (try bed.client(["OPTIONS"]), try bed.client(["OPTIONS"]))
        for client in [busy, quick] { #expect(client.exchange(Self.ask, method: "OPTIONS")?.status == 204) }
        // Both have sent all before the gateway looks at either, and the busy one was first.
        try signal(19, bed.gateway) { $0 == "T" }
        busy.send(String(repeating: Self.ask, count: 1000))
        quick.send(request("OPTIONS *", "x-ms-client-request-id: quick"))
        try signal(18, bed.gateway) { $0 != "T" }
        #expect(quick.answers(2).count == 2 && busy.answers(1001).count == 1001)
        let path = bed.gateway.directory.path + "/access.log"
        try bed.finish()
        let lines = try Files.bytes(at: path).split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        let place = try #require(lines.firstIndex { $0.contains("\"quick\"") })
        #expect(lines.count == 1003 && place < 200, "\(place)")
    }

    /// Large enough to take a while on any machine.
    private static let largeBytes = 192 << 20

    /// How many short requests `gateway` answers to one client while `isOver` is false.
    private func answers(of gateway: GatewayProcess, until isOver: () -> Bool) throws -> Int {
        let quick = try RawClient(gateway.address, methods: ["OPTIONS"])
        var count = 0
        while !isOver() {
            try #require(quick.exchange(Self.ask, method: "OPTIONS")?.status == 204)
            count += 1
        }
        return count
    }

    @Test(
        "who uploads as fast as the gateway reads leaves others their turns, streaming or held",
        arguments: ["own", "key"])
    func upload(credential: String) throws {
        let origin = try Peer(taking: Self.largeBytes, answering: 0)
        let text = config(origin.address, credential: credential).text
        let gateway = try GatewayProcess(text, files: ConfigText.files)
        let client = try Socket.connected(to: gateway.address)
        let head = request("POST /large", "Authorization: Bearer x", "Content-Length: \(Self.largeBytes)")
        let isSent = Monitor<Bool?>(nil)
        startThread {
            let block = [UInt8](repeating: 0x61, count: 8 << 20)
            var isGood = client.send(head.utf8, until: .now + Pace.seconds(60))
            for _ in 0..<Self.largeBytes / block.count where isGood {
                isGood = client.send(block, until: .now + Pace.seconds(60))
            }
            isSent.change { $0 = isGood }
        }
        let count = try answers(of: gateway) { isSent.look { $0 != nil } }
        #expect(isSent.look { $0 } == true)
        guard case .bytes(let answer) = client.receive(until: .now + Pace.seconds(60)) else {
            Issue.record("no answer")
            return
        }
        #expect(answer.starts(with: "HTTP/1.1 200 ".utf8))
        print("fairness: \(count) answers beside an upload")
        #expect(count >= 20)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("who reads a large answer as fast as it comes leaves others their turns")
    func download() throws {
        let origin = try Peer(taking: 0, answering: Self.largeBytes)
        let gateway = try GatewayProcess(config(origin.address).text, files: ConfigText.files)
        let client = try Socket.connected(to: gateway.address)
        let taken = Monitor<Int?>(nil)
        startThread {
            client.send(request("GET /large", "Authorization: Bearer x").utf8, until: .now + Pace.seconds(60))
            var count = 0
            while count < Self.largeBytes,
                case .bytes(let bytes) = client.receive(atMost: 1 << 20, until: .now + Pace.seconds(60))
            {
                count += bytes.count
            }
            taken.change { [count] in $0 = count }
        }
        let count = try answers(of: gateway) { taken.look { $0 != nil } }
        #expect(taken.look { $0 ?? 0 } >= Self.largeBytes)
        print("fairness: \(count) answers beside a download")
        #expect(count >= 20)
        #expect(try gateway.finish() == .exited(0))
    }
}

/// An origin that reads one request as fast as it can and answers 200, with as many bytes as it is told.
private final class Peer: Sendable {
    let address: Address
    private let listener: Socket

    init(taking count: Int, answering length: Int) throws {
        let any = Address.ipv4("127.0.0.1", port: 0)
        let listener = try Socket.listening(on: any)
        (self.listener, address) = (listener, listener.localAddress(of: any))
        startThread {
            guard let socket = listener.accept() else { return }
            var taken = 0
            while taken < max(1, count),
                case .bytes(let bytes) = socket.receive(atMost: 1 << 20, until: .now + Pace.seconds(60))
            {
                taken += bytes.count
            }
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n"
            var isGood = socket.send(head.utf8, until: .now + Pace.seconds(60))
            let block = [UInt8](repeating: 0x61, count: 8 << 20)
            for _ in 0..<length / block.count where isGood {
                isGood = socket.send(block, until: .now + Pace.seconds(60))
            }
            socket.close()
        }
    }

    deinit { listener.shutdown(.both) }
}
