import Bytes
import ConfigDSL
import Credentials
import Crypto
import Support
import Telemetry
import Testing

@testable import Proxy

@Suite("What a listener shows and demands")
struct ListenerProvisioningTests {
    /// The day that these tests know; certificates are made around it.
    private static let now = wallClockSeconds()
    private let authority: PEM
    private var files: [String: [UInt8]] = [:]

    init() throws {
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: Self.now))
        authority = ca.certificate
        let identities: [(String, [String], DevelopmentAuthority.Validity)] = [
            ("one", ["one.test", "*.one.test"], .thirtyDays(from: Self.now)),
            ("two", ["two.test", "one.test"], .thirtyDays(from: Self.now)),
            ("part", ["one.test"], .thirtyDays(from: Self.now)),
            ("address", ["127.0.0.1"], .thirtyDays(from: Self.now)),
            ("old", ["old.test"], .init(from: Self.now - 9 * 86_400, to: Self.now - 2 * 86_400)),
            ("young", ["young.test"], .init(from: Self.now + 3_600, to: Self.now + 86_400)),
        ]
        for (name, names, valid) in identities {
            let identity = try ca.issue(for: names, valid: valid)
            files["\(name).pem"] = Self.bytes(identity.certificates)
            files["\(name).key"] = Self.bytes(identity.key)
        }
        files["ca.pem"] = Self.bytes(ca.certificate)
        files["rsa.pem"] = try Files.bytes(at: Fixtures.root + "tls/rsa-names.pem")
        files["text.pem"] = Array("hello".utf8)
        files["key"] = Array("c2VjcmV0LWtleQ==".utf8)
    }

    private static func bytes(_ pem: PEM) -> [UInt8] { pem.text.withBytes { $0.array } }

    /// What provisioning a listener with `tls` gives, and says, the lines of the file left out.
    private func provision(_ tls: String, after previous: Generation? = nil) -> (Generation?, String) {
        let text = """
            version: 1
            listeners: { app: { bind: "127.0.0.1:0", tls: { \(tls) } } }
            credentials: { key: { strategy: access_key, keys: ["${file:key}"] } }
            resources: { contoso: { endpoint: "http://127.0.0.1:1", credential: key } }
            routes: [{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: contoso }]
            """
        var files = files
        files["gateway.yaml"] = Array(text.utf8)
        let environment = LoadEnvironment.fixed(files: files, unixSeconds: Self.now)
        var result = ConfigLoader.load(file: "gateway.yaml", environment: environment)
        guard let config = result.config else { return (nil, result.diagnostics.text) }
        let silence = Logger(level: .error, now: { Timestamp(unixMilliseconds: 0) }, sink: { _ in })
        let strategies = StandardStrategies.decode(result.draft, into: &result.diagnostics)
        let generation = Provisioner.provision(
            config, strategies: strategies, in: environment,
            Provisioner.Surroundings(
                number: 1, accessLog: nil, log: silence, spoolDirectory: "/tmp", previous: previous),
            diagnostics: &result.diagnostics)
        let said = result.diagnostics.text.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix(" ") else { return String(line) }
            // An excerpt is left out, and of the line below it all but the help.
            let help = line.drop { " |^".contains($0) }
            return help.isEmpty || help.hasPrefix("2 |") ? nil : String(help)
        }
        return (generation, said.joined(separator: "\n"))
    }

    @Test("good certificates, one or many, say nothing")
    func good() {
        for tls in [
            "certificate: one.pem, key: one.key",
            "certificates: [{ certificate: one.pem, key: one.key }, { certificate: rsa.pem, key: rsa.pem }]",
            "certificate: address.pem, key: address.key, certificates: [{ certificate: one.pem, key: one.key }]",
            "certificate: one.pem, key: one.key, client_ca: ca.pem, client_auth: optional, min_version: \"1.3\"",
        ] {
            let (generation, said) = provision(tls)
            #expect(said.isEmpty)
            #expect(generation?.listeners.first?.tls != nil)
        }
    }

    @Test("what is wrong is told at the file that it is about")
    func wrong() {
        let cases = [
            (
                "certificate: one.pem, key: two.key", 62,
                "error[E506]: the private key in `two.key` does not belong to the first certificate in `one.pem`"
            ),
            (
                "certificate: text.pem, key: one.key", 62,
                "error[E506]: `text.pem` holds no certificate (no `-----BEGIN CERTIFICATE-----`)"
            ),
            (
                "certificate: one.pem, key: one.key, client_ca: text.pem", 96,
                "error[E506]: `text.pem` holds no certificate (no `-----BEGIN CERTIFICATE-----`)"
            ),
            (
                "certificate: one.pem, key: one.key, certificates: [{ certificate: two.pem, key: one.key }]", 115,
                "error[E506]: the private key in `one.key` does not belong to the first certificate in `two.pem`"
            ),
        ]
        for (tls, column, expected) in cases {
            let (generation, said) = provision(tls)
            #expect(said == "gateway.yaml:2:\(column): \(expected)\n1 error, 0 warnings")
            #expect(generation == nil)
        }
    }

    @Test("one certificate twice is an error")
    func twice() {
        let (generation, said) = provision(
            "certificate: one.pem, key: one.key, certificates: [{ certificate: one.pem, key: one.key }]")
        #expect(generation == nil)
        #expect(
            said == """
                gateway.yaml:2:115: error[E508]: `one.pem` and `one.pem` are one certificate
                take one of them out
                1 error, 0 warnings
                """)
    }

    @Test("a certificate that is not valid now is a warning")
    func validity() {
        let (old, saidOfOld) = provision("certificate: old.pem, key: old.key")
        #expect(old != nil)
        #expect(
            saidOfOld == """
                gateway.yaml:2:62: warning[W501]: the certificate in `old.pem` has expired
                it ended 2 days ago; clients will refuse it
                0 errors, 1 warning
                """)
        let (young, saidOfYoung) = provision("certificate: young.pem, key: young.key")
        #expect(young != nil)
        #expect(
            saidOfYoung == """
                gateway.yaml:2:62: warning[W501]: the certificate in `young.pem` is not valid yet
                it begins in less than a day; clients will refuse it till then
                0 errors, 1 warning
                """)
    }

    @Test("a name of two certificates, and a certificate that is never shown, are warnings")
    func oddities() {
        let files = ["one", "two", "part", "address"].map { "{ certificate: \($0).pem, key: \($0).key }" }
        let (generation, said) = provision("certificates: [\(files.joined(separator: ", "))]")
        #expect(generation?.listeners.first?.tls != nil)
        #expect(
            said == """
                gateway.yaml:2:119: warning[W502]: `one.test` stands in `one.pem`, too
                clients that ask for it are shown that one, which comes first
                gateway.yaml:2:159: warning[W503]: no client is ever shown the certificate in `part.pem`
                certificates before it have all its names
                gateway.yaml:2:201: warning[W503]: no client is ever shown the certificate in `address.pem`
                it names no host in its alternative names
                0 errors, 3 warnings
                """)
    }
}
