import Support
import Testing

/// What `docs/limits.md` says of TLS connections that never come to a request.
@Suite("What a TLS handshake may cost", .timeLimit(.minutes(Pace.minutes(3))))
struct HandshakeBoundTests {
    /// Of each abuse.
    private static let count = 400
    /// A connection within its handshake, and one that has shaken hands and says nothing.
    private static let withinHandshake = 64 << 10
    private static let silent = 20 << 10
    /// What a process takes once: tables that grow, and what the allocator keeps.
    private static let once = 8 << 20

    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let origin: RecordingOrigin
    private let gateway: GatewayProcess

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority("main", in: directory, servers: ["a": ["gw.test"]])
        origin = try RecordingOrigin()
        var config = ConfigText(origin: origin.address)
        config.defaults = ["timeouts: { request_head: 8s, idle: 8s }"]
        let pem = "\(directory.path)/a.pem"
        config.listeners = [
            "main: { bind: \"127.0.0.1:0\", tls: { certificate: \"\(pem)\", key: \"\(pem)\", "
                + "client_ca: \"\(authority.file)\", client_auth: optional } }"
        ]
        config.accessLog = "\"off\""
        gateway = try GatewayProcess(config.text, files: ConfigText.files, descriptors: 4096)
    }

    /// The first bytes of a handshake with `bytes` of hello in it, of which more is announced than ever comes.
    private static func hello(_ bytes: Int) -> [UInt8] {
        let (record, length) = (bytes + 4, bytes + 1000)
        return [0x16, 3, 1, UInt8(record >> 8), UInt8(record & 0xFF), 1, 0, UInt8(length >> 8), UInt8(length & 0xFF)]
            + [3, 3] + [UInt8](repeating: 0x5A, count: bytes - 2)
    }

    /// A good client's request on a connection of its own, under way or new.
    private func expectServing() throws {
        let tls = try #require(ForeignTLS(over: try Socket.connected(to: gateway.address)))
        #expect(RawClient(over: tls).exchange(request("GET /good"))?.status == 200)
    }

    /// Makes ``count`` connections that do `abuse`, each of which may cost `limit`, and waits until all are ended.
    private func expectBound(_ limit: Int, _ abuse: (Socket) throws -> any ByteStream) throws {
        for _ in 0..<8 { try expectServing() }
        let before = try gateway.residentBytes()
        var streams: [any ByteStream] = []
        for index in 0..<Self.count {
            streams.append(try abuse(try Socket.connected(to: gateway.address)))
            if index % 50 == 0 { try expectServing() }
        }
        try expectServing()
        let growth = try gateway.residentBytes() - before
        print("handshakes: \(growth / Self.count) bytes each")
        #expect(!ProcessMemory.isJudged || growth < Self.count * limit + Self.once, "\(growth >> 10) KiB")
        // All of them are ended by the limit of a head, one behind the other.
        for stream in streams {
            var received = stream.receive(atMost: 65_536, until: .now + Pace.seconds(40))
            while case .bytes = received { received = stream.receive(atMost: 65_536, until: .now + Pace.seconds(40)) }
            #expect(received != .late)
        }
        try expectServing()
        #expect(try gateway.finish() == .exited(0))
    }

    private func sending(_ bytes: [UInt8]) throws {
        try expectBound(Self.withinHandshake) { socket in
            #expect(socket.send(bytes, until: .now + Pace.seconds(30)))
            return socket
        }
    }

    @Test("half a hello, short or long, is bounded and ended in time (TM-1)", arguments: [40, 12_000])
    func half(bytes: Int) throws { try sending(Self.hello(bytes)) }

    @Test("a hello of many small records is bounded")
    func fragments() throws {
        let hello = Self.hello(2000).dropFirst(5)
        try sending(hello.flatMap { [0x16, 3, 1, 0, 1, $0] })
    }

    @Test("a whole handshake and then nothing is bounded, and ended in time (TM-1)", arguments: [false, true])
    func silence(isOld: Bool) throws {
        try expectBound(Self.silent) { socket in
            var conduct = ForeignTLS.Conduct()
            conduct.isOld = isOld
            return try #require(ForeignTLS(over: socket, conduct))
        }
    }
}
