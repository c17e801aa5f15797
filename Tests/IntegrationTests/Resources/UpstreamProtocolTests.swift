import Support
import Testing

/// What an origin chooses and asks for in TLS beside its certificate.
@Suite("The application protocol and handshakes of a TLS resource", .timeLimit(.minutes(Pace.minutes(3))))
struct UpstreamProtocolTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority("main", in: directory, servers: ["origin": ["localhost"]])
    }

    private func origin(
        _ conduct: ForeignTLS.Conduct, as wrap: @escaping @Sendable (ForeignTLS) -> any ByteStream = { $0 }
    ) throws -> RecordingOrigin {
        var conduct = conduct
        conduct.identity = "\(directory.path)/origin.pem"
        return try RecordingOrigin(
            over: { [conduct] in ForeignTLS(over: $0, asServer: true, conduct).map(wrap) }, script: { _, _ in .usual })
    }

    private func gateway(_ origin: RecordingOrigin) throws -> GatewayProcess {
        var config = ConfigText(origin: origin.address)
        config.workers = 1
        config.resources = [
            "origin: { endpoint: \"https://\(origin.address)\", credential: key, "
                + "tls: { ca: \"\(authority.file)\", server_name: localhost } }"
        ]
        return try GatewayProcess(config.text, files: ConfigText.files)
    }

    @Test("one that was not offered is refused before a request, with its cure", arguments: ["h2", "http/1.0", "H2"])
    func wrongProtocol(name: String) throws {
        for isOld in [false, true] {
            var conduct = ForeignTLS.Conduct()
            (conduct.isOld, conduct.chosenProtocol) = (isOld, name)
            let origin = try origin(conduct)
            let gateway = try gateway(origin)
            let answer = try #require(RawClient(gateway.address).exchange(request("GET /x")))
            #expect(answer.status == 503 && answer.head.only("x-ms-error-code") == "UpstreamUnavailable")
            _ = try gateway.line { line in
                line.contains("cannot be reached") && line.contains("the endpoint must speak `http/1.1`") ? true : nil
            }
            #expect(origin.recorded.isEmpty)
            #expect(try gateway.finish() == .exited(0))
        }
    }

    @Test("ours is taken, and so is none at all", arguments: ["http/1.1", nil])
    func rightProtocol(name: String?) throws {
        for isOld in [false, true] {
            var conduct = ForeignTLS.Conduct()
            (conduct.isOld, conduct.chosenProtocol) = (isOld, name)
            let origin = try origin(conduct)
            let gateway = try gateway(origin)
            #expect(try RawClient(gateway.address).exchange(request("GET /x"))?.text == "up:/x len=0")
            #expect(origin.recorded.count == 1)
            #expect(try gateway.finish() == .exited(0))
        }
    }

    /// Asks for another handshake before each answer, and notes how that ended.
    private struct Asker: ByteStream {
        let tls: ForeignTLS
        let refusals: Monitor<[String]>

        func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> Received {
            let received = tls.receive(atMost: limit, until: deadline)
            if received == .reset { refusals.change { $0.append(tls.failure) } }
            return received
        }
        func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
            _ = tls.renegotiate()
            return tls.send(bytes, until: deadline)
        }
        func shutdown(_ side: Socket.Side) { tls.shutdown(side) }
        func reset() { tls.reset() }
        func close() { tls.close() }
    }

    @Test("another handshake is refused: the answer beside it passes, and the next request has another connection")
    func helloRequest() throws {
        let refusals = Monitor<[String]>([])
        var conduct = ForeignTLS.Conduct()
        conduct.isOld = true
        let origin = try origin(conduct) { Asker(tls: $0, refusals: refusals) }
        let gateway = try gateway(origin)
        let client = try RawClient(gateway.address)
        for round in 0..<3 {
            #expect(client.exchange(request("GET /x/\(round)"))?.text == "up:/x/\(round) len=0")
            #expect(origin.hasClosed(round + 1))
        }
        #expect(refusals.look { $0 } == Array(repeating: "no renegotiation", count: 3))
        #expect(origin.recorded.count == 3 && origin.connectionCount == 3)
        #expect(try gateway.finish() == .exited(0))
    }
}
