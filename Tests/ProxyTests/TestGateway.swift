import ConfigDSL
import Credentials
import Support
import Telemetry
import Transport

@testable import Proxy

/// A configuration in the language itself, provisioned as one worker has it; nothing is opened.
struct TestGateway {
    /// What a worker serves by.
    let generation: WorkerGeneration
    private let loop: EventLoop

    /// The keys that the configurations below name, in base64.
    static let firstKey = Base64.encode(ReferenceDigest.sha256([1]))
    static let secondKey = Base64.encode(ReferenceDigest.sha256([2]))

    /// Routes, each a member of the list, over a resource `contoso` with one key.
    ///
    /// - Parameters:
    ///   - resource: further members of the resource.
    ///   - listener: further members of the listener `app`.
    init(
        routes: [String], resource: String = "", listener: String = "", spoolDirectory: String = "/tmp"
    ) throws {
        let text = """
            version: 1
            listeners:
              app: { bind: "127.0.0.1:8080"\(listener) }
              other: { bind: "127.0.0.1:8081" }
            credentials:
              key: { strategy: access_key, keys: ["${file:first}"] }
              keys: { strategy: access_key, keys: ["${file:first}", "${file:second}"] }
              token: { strategy: pass_through }
            resources:
              contoso:
                { endpoint: "http://contoso.communication.azure.com", plaintext: allow, credential: key\(resource) }
            routes:
            \(routes.map { "  - \($0)" }.joined(separator: "\n"))
            """
        let files = ["gateway.yaml": text, "first": Self.firstKey, "second": Self.secondKey]
        let environment = LoadEnvironment.fixed(files: files.mapValues { Array($0.utf8) })
        var result = ConfigLoader.load(file: "gateway.yaml", environment: environment)
        let strategies = StandardStrategies.decode(result.draft, into: &result.diagnostics)
        let surroundings = Provisioner.Surroundings(
            number: 1, accessLog: nil, log: Self.silentLog, spoolDirectory: spoolDirectory)
        guard let config = result.config,
            let shared = Provisioner.provision(
                config, strategies: strategies, in: environment, surroundings, diagnostics: &result.diagnostics)
        else { throw Refused(description: result.diagnostics.text) }
        loop = try EventLoop()
        generation = WorkerGeneration(
            shared, previous: nil, loop: loop, addresses: { _ in [] }, nameIsStale: { _ in },
            meters: MeterBook().newPage(), tokenSlot: TokenSlot.init)
    }

    /// One route for everything, over both keys unless another credential is named.
    static func forEverything(
        _ members: String = "", credential: String = "keys", resource: String = "", listener: String = "",
        spoolDirectory: String = "/tmp"
    ) throws -> TestGateway {
        let route =
            "{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: contoso, credential: \(credential)"
        return try TestGateway(
            routes: [route + members + " }"], resource: resource, listener: listener, spoolDirectory: spoolDirectory)
    }

    /// The configuration does not load: the test's own mistake.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private static let silentLog = Logger(
        level: .error, now: { Timestamp(unixMilliseconds: 0) }, sink: { _ in })
}
