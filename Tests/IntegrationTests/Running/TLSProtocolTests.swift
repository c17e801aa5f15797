import Support
import Testing

/// What TLS allows and this gateway does not: a second handshake on a connection, and requests before the first's end.
@Suite("A TLS client that asks for more", .timeLimit(.minutes(Pace.minutes(3))))
struct TLSProtocolTests {
    private let directory: TemporaryDirectory
    private let origin: RecordingOrigin
    private let gateway: GatewayProcess

    init() throws {
        directory = try TemporaryDirectory()
        _ = try TestAuthority("main", in: directory, servers: ["a": ["gw.test"]])
        origin = try RecordingOrigin()
        var config = ConfigText(origin: origin.address)
        let pem = "\(directory.path)/a.pem"
        config.listeners = ["main: { bind: \"127.0.0.1:0\", tls: { certificate: \"\(pem)\", key: \"\(pem)\" } }"]
        gateway = try GatewayProcess(config.text, files: ConfigText.files)
    }

    private func connect(_ change: (inout ForeignTLS.Conduct) -> Void) throws -> (tls: ForeignTLS, client: RawClient) {
        var conduct = ForeignTLS.Conduct()
        change(&conduct)
        let tls = try #require(ForeignTLS(over: try Socket.connected(to: gateway.address), conduct))
        return (tls, RawClient(over: tls))
    }

    @Test("another handshake is refused, and nothing else happens")
    func renegotiation() throws {
        let neighbour = try connect { _ in }
        for round in 0..<8 {
            let (tls, client) = try connect { $0.isOld = true }
            #expect(client.exchange(request("GET /old/\(round)"))?.status == 200)
            #expect(!tls.renegotiate() && tls.failure == "no renegotiation", "\(tls.failure)")
        }
        #expect(neighbour.client.exchange(request("GET /new"))?.status == 200)
        #expect(origin.recorded.map(\.target) == (0..<8).map { "/old/\($0)" } + ["/new"])
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("what comes before the handshake is over is never read as a request, and not kept for later")
    func earlyData() throws {
        let first = try connect { _ in }
        #expect(first.client.exchange(request("GET /first"))?.status == 200)
        // An honest client sends nothing early, since it is told that nothing is taken.
        #expect(first.tls.earlyLimit == 0)
        let early = request("POST /early", body: "send it twice").latin1
        for round in 0..<4 {
            let (tls, client) = try connect {
                $0.resuming = first.tls
                $0.earlyBytes = early
            }
            #expect(tls.isResumed && !tls.isEarlyAccepted)
            #expect(client.exchange(request("GET /late/\(round)"))?.text == "up:/late/\(round) len=0")
        }
        // Sent again behind the handshake, it is one request.
        let again = try connect {
            $0.resuming = first.tls
            $0.earlyBytes = early
        }
        again.client.reader.methods = ["POST"]
        again.client.send(early)
        #expect(again.client.answers(1).map(\.status) == [200])
        #expect(origin.recorded.map(\.target) == ["/first"] + (0..<4).map { "/late/\($0)" } + ["/early"])
        #expect(try gateway.finish() == .exited(0))
    }
}
