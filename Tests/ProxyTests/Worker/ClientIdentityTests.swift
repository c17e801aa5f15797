import Admission
import ConfigDSL
import Credentials
import Crypto
import Support
import Telemetry
import Testing
import Transport
import Upstream

@testable import Proxy

/// From a client's certificate on the wire to what each request of the connection is admitted with.
@Suite("Who a connection's requests are admitted as", .timeLimit(.minutes(Pace.minutes(3))))
struct ClientIdentityTests {
    private let directory: TemporaryDirectory
    private let authority: TestAuthority
    private let origin: RecordingOrigin

    init() throws {
        directory = try TemporaryDirectory()
        authority = try TestAuthority(
            "main", in: directory, servers: ["server": ["gw.test"]],
            clients: ["billing": ["billing.test", "spiffe://corp/billing"]], expired: ["old": ["billing.test"]])
        _ = try TestAuthority("stranger", in: directory, clients: ["mallory": ["billing.test"]])
        origin = try RecordingOrigin()
    }

    private func bench(_ clientAuth: String) throws -> WorkerBench {
        let files = ["server.pem", "main-ca.pem"].map { "\(directory.path)/\($0)" }
        let text = """
            version: 1
            listeners:
              app:
                bind: "127.0.0.1:0"
                tls: { certificate: "\(files[0])", key: "\(files[0])", \
            client_ca: "\(files[1])", client_auth: \(clientAuth) }
            credentials: { key: { strategy: access_key, keys: ["${file:key}"] } }
            resources: { contoso: { endpoint: "http://\(origin.address)", credential: key } }
            routes: [{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: contoso }]
            """
        var content = ["gateway.yaml": Array(text.utf8), "key": Array(TestGateway.firstKey.utf8)]
        for file in files { content[file] = try Files.bytes(at: file) }
        return try WorkerBench(content)
    }

    /// A client that shows the certificate of `name`, and what its first request is answered with.
    private func ask(
        _ bench: WorkerBench, as name: String?, isOld: Bool, resuming earlier: ForeignTLS? = nil
    ) throws -> (tls: ForeignTLS?, client: RawClient?, status: Int?) {
        var conduct = ForeignTLS.Conduct()
        conduct.identity = name.map { "\(directory.path)/\($0).pem" }
        (conduct.isOld, conduct.resuming) = (isOld, earlier)
        guard let tls = ForeignTLS(over: try Socket.connected(to: bench.address), conduct) else {
            return (nil, nil, nil)
        }
        let client = RawClient(over: tls)
        return (tls, client, client.exchange("GET /a HTTP/1.1\r\nHost: gw.test\r\n\r\n")?.status)
    }

    @Test(
        "the certificate that was verified, on resumed connections too, or nobody",
        arguments: ["optional", "required"], [false, true])
    func identities(clientAuth: String, isOld: Bool) throws {
        let bench = try bench(clientAuth)
        let first = try ask(bench, as: "billing", isOld: isOld)
        let again = try ask(bench, as: "billing", isOld: isOld, resuming: first.tls)
        // Its certificate is in the session: it is the same caller whatever it would show now.
        let bare = try ask(bench, as: nil, isOld: isOld, resuming: first.tls)
        #expect([first.status, again.status, bare.status] == [200, 200, 200])
        #expect(first.tls?.isResumed == false && again.tls?.isResumed == true && bare.tls?.isResumed == true)
        let nobody = try ask(bench, as: nil, isOld: isOld)
        #expect(nobody.status == (clientAuth == "optional" ? 200 : nil))
        let identities = bench.stop()
        let certificates = identities.compactMap(\.certificate)
        #expect(identities.count == (clientAuth == "optional" ? 4 : 3) && certificates.count == 3)
        #expect(certificates.allSatisfy { $0.dnsNames == ["billing.test"] && $0.uris == ["spiffe://corp/billing"] })
        #expect(certificates.allSatisfy { $0 == certificates.first })
        #expect(identities.allSatisfy { $0.process == nil })
        _ = (first.client, again.client, bare.client, nobody.client)
    }

    @Test(
        "nobody is admitted with a certificate of another authority, or an expired one",
        arguments: ["optional", "required"], [false, true])
    func refused(clientAuth: String, isOld: Bool) throws {
        let bench = try bench(clientAuth)
        for name in ["mallory", "old", "server"] {
            #expect(try ask(bench, as: name, isOld: isOld).status == nil, "\(name)")
        }
        // It serves on, and the origin has seen none of theirs.
        let good = try ask(bench, as: "billing", isOld: isOld)
        #expect(good.status == 200 && origin.recorded.count == 1)
        #expect(bench.stop().map { $0.certificate?.dnsNames } == [["billing.test"]])
        _ = good.client
    }
}

/// One worker on a thread of its own, behind real sockets.
private final class WorkerBench: Sendable {
    /// Where it listens.
    let address: Address
    private let mailbox: Mailbox<WorkerMessage>
    /// Whose connections were open when it ended.
    private let left = Monitor<[ConnectionIdentity]?>(nil)

    /// Serves the first listener of `gateway.yaml` among `files`.
    init(_ files: [String: [UInt8]]) throws {
        let environment = LoadEnvironment.fixed(files: files, unixSeconds: wallClockSeconds())
        var result = ConfigLoader.load(file: "gateway.yaml", environment: environment)
        let strategies = StandardStrategies.decode(result.draft, into: &result.diagnostics)
        let log = Logger(level: .error, now: { Timestamp(unixMilliseconds: 0) }, sink: { _ in })
        guard let config = result.config,
            let generation = Provisioner.provision(
                config, strategies: strategies, in: environment,
                .init(number: 1, accessLog: nil, log: log, spoolDirectory: "/tmp"), diagnostics: &result.diagnostics)
        else { throw TestGateway.Refused(description: result.diagnostics.text) }
        let socket = try ListeningSocket.bindTCP(.ipv4(0x7F00_0001, port: 0), count: 1)[0]
        address = try #require(Address("\(socket.address)"))
        mailbox = try Mailbox()
        let resolver = Resolver()
        #expect(try resolver.watch(generation.resources.map(\.target.dialled)).isEmpty)
        let services = WorkerServices(
            resolver: resolver, log: log, connections: ConnectionBook(),
            tokens: TokenDesk(needed: { _ in }, rejected: { _, _, _ in }), processID: 1)
        startThread { [mailbox, left] in
            guard let worker = try? Worker(index: 0, services: services, mailbox: mailbox) else { return }
            worker.loop.run()
            left.change { $0 = worker.clients.values.map(\.identity) }
            for client in worker.clients.values { client.close() }
        }
        let done = try Barrier(count: 1)
        mailbox.post(.install(generation, sockets: [generation.listeners[0].bindKey: socket], done: done))
        try #require(done.wait(timeout: .seconds(10)))
    }

    /// Ends it, and gives the identities of who was connected then.
    func stop() -> [ConnectionIdentity] {
        mailbox.post(.stop)
        return left.wait(until: .now + Pace.seconds(10)) { $0 } ?? []
    }
}
