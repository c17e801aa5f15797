import Support
import Testing

/// What comes to a TLS port that is no handshake, or a hostile one.  After each the port serves on, and the origin has
/// seen nothing of it.
@Suite("Abuse of a TLS port", .serialized)
struct TLSAbuseTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let origin: RecordingOrigin
    private let gateway: GatewayProcess

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority("main", in: directory, servers: ["a": ["gw.test"]])
        origin = try RecordingOrigin()
        var config = ConfigText(origin: origin.address)
        config.defaults = ["timeouts: { request_head: 3s, idle: 3s }"]
        let pem = "\(directory.path)/a.pem"
        config.listeners = ["main: { bind: \"127.0.0.1:0\", tls: { certificate: \"\(pem)\", key: \"\(pem)\" } }"]
        gateway = try GatewayProcess(config.text, files: ConfigText.files)
    }

    private func good() throws -> (stream: TLSStream, client: RawClient) {
        let stream = try TLSStream.client(
            over: try Socket.connected(to: gateway.address), trusting: authority.file, name: "gw.test")
        return (stream, RawClient(over: stream))
    }

    private func expectServing(after count: Int = 0) throws {
        #expect(origin.recorded.count == count)
        #expect(try good().client.exchange(request("GET /good"))?.status == 200)
        #expect(origin.recorded.count == count + 1)
        #expect(try gateway.finish() == .exited(0))
    }

    /// The start of a hello as a client would send it: a record of 5 bytes, then 4, a version and 32 random bytes.
    /// The record says to have `record` bytes, the hello in it `length`.
    private static func hello(claiming length: Int, record: Int = 0x4000) -> [UInt8] {
        let sizes = [record >> 8, record, 0x01, length >> 16, length >> 8, length]
        return [0x16, 0x03, 0x01] + sizes.map { UInt8(truncatingIfNeeded: $0) } + [0x03, 0x03]
            + [UInt8](repeating: 0x5A, count: 32)
    }

    @Test(
        "what is no handshake is closed at once (RL-6)",
        arguments: [
            "GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2\r\n", String(repeating: "\0", count: 64), String(repeating: "\u{FF}", count: 20_000),
            "\u{80}\u{2E}\u{01}\u{00}\u{02}\u{00}\u{15}\u{00}\u{00}\u{00}\u{10}\u{01}\u{00}\u{80}",  // SSL 2.0
            "\u{15}\u{03}\u{01}\u{00}\u{02}\u{02}\u{28}",  // an alert
            "\u{17}\u{03}\u{03}\u{00}\u{05}hello",  // data before any handshake
        ])
    func noise(text: String) throws {
        let client = try RawClient(gateway.address)
        client.send(text)
        #expect(client.waitForEnd() != nil)
        #expect(!client.received.starts(with: "HTTP".latin1))
        try expectServing()
    }

    @Test("a hello that says to be larger than any is refused before it comes")
    func hugeHello() throws {
        let client = try RawClient(gateway.address)
        client.send(Self.hello(claiming: 0xFF_FFFF, record: 38))
        #expect(client.waitForEnd() != nil)
        #expect(client.received.first == 0x15)
        try expectServing()
    }

    @Test("a hello that never ends is given up when a head would be (TM-1)")
    func endlessHello() throws {
        let client = try RawClient(gateway.address)
        let start = ContinuousClock.now
        client.send(Self.hello(claiming: 16_000))
        #expect(client.waitForEnd() != nil)
        #expect(client.received.isEmpty)
        #expect(ContinuousClock.now - start > .milliseconds(2_900))
        try expectServing()
    }

    @Test("a handshake that drips is given up by its absolute limit, however lively it is (TM-1)")
    func drippingHandshake() throws {
        let socket = try Socket.connected(to: gateway.address)
        let start = ContinuousClock.now
        var dripped = 0
        for byte in Self.hello(claiming: 16_000) + [UInt8](repeating: 0, count: 10_000) {
            guard socket.send([byte], until: .now + Pace.seconds(30)) else { break }
            dripped += 1
            // An answer or the end would be told at once; the wait is what makes it drip.
            guard case .late = socket.receive(until: .now + Pace.milliseconds(25)) else { break }
        }
        #expect(dripped > 10 && dripped < 5_000)
        #expect(ContinuousClock.now - start > .milliseconds(2_900))
        socket.close()
        try expectServing()
    }

    @Test("silence, before the handshake and after it, is ended (TM-1, TM-3)")
    func silence() throws {
        let silent = try RawClient(gateway.address)
        let (stream, shaken) = try good()
        let asked = try good().client
        #expect(asked.exchange(request("GET /first"))?.status == 200)
        for client in [silent, shaken, asked] { #expect(client.waitForEnd() != nil) }
        #expect(silent.received.isEmpty && shaken.received.isEmpty)
        stream.close()
        try expectServing(after: 1)
    }

    @Test("a connection that breaks off within the handshake leaves nothing behind")
    func brokenOff() throws {
        for count in stride(from: 1, to: 43, by: 3) {
            let client = try RawClient(gateway.address)
            client.send(Array(Self.hello(claiming: 300).prefix(count)))
            if count % 2 == 0 { client.reset() } else { client.close() }
        }
        try expectServing()
    }

    @Test("a flipped bit in the middle of a request ends the connection, and nothing goes on")
    func tampered() throws {
        let socket = try Socket.connected(to: gateway.address)
        let stream = try TLSStream.client(over: socket, trusting: authority.file, name: "gw.test")
        // A record that no key of this connection made.
        #expect(
            socket.send(
                [0x17, 0x03, 0x03, 0x00, 0x40] + [UInt8](repeating: 7, count: 64), until: .now + Pace.seconds(30)))
        let client = RawClient(over: stream)
        #expect(client.waitForEnd() != nil)
        #expect(client.received.isEmpty)
        try expectServing()
    }

    @Test("close_notify is answered in kind, after the answer, and both sides end")
    func closing() throws {
        let (stream, client) = try good()
        client.reader.methods = ["GET"]
        #expect(stream.sendLast(request("GET /last").latin1, until: .now + Pace.seconds(30)))
        #expect(client.answers(1).first?.status == 200)
        // An end with close_notify; without it the stream would say that it was cut.
        #expect(client.waitForEnd() == .end)
        try expectServing(after: 1)
    }
}
