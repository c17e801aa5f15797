import Bytes
import Crypto
import Support
import Testing

@Suite("Which certificate a server shows")
struct ServerCertificateTests {
    /// An authority and three servers of it.
    private let trust: TLSContext
    private let first: ServerCertificate
    private let second: ServerCertificate
    private let nameless: ServerCertificate

    init() throws {
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: TestPKI.now))
        let valid = DevelopmentAuthority.Validity.thirtyDays(from: TestPKI.now)
        trust = try TLSContext(trusting: .only(ca.certificate))
        first = try ServerCertificate(ca.issue(for: ["localhost", "A.example.com", "*.example.org"], valid: valid))
        second = try ServerCertificate(
            ca.issue(for: ["b.example.com", "*.example.com", "x.example.org"], valid: valid))
        nameless = try ServerCertificate(ca.issue(for: ["127.0.0.1"], valid: valid))
    }

    @Test("a certificate tells its names, its kind of key and its dates")
    func facts() {
        #expect(first.dnsNames == ["localhost", "a.example.com", "*.example.org"])
        #expect(nameless.dnsNames.isEmpty)
        #expect(first.keyKind == .ecdsa)
        #expect(first.validity.start < TestPKI.now && first.validity.end > TestPKI.now + 29 * 86_400)
        #expect(first.fingerprint != second.fingerprint)
    }

    @Test(
        "the name itself, then a wildcard for one label, then the default",
        arguments: [
            ("a.example.com", 0), ("A.EXAMPLE.COM", 0), ("a.example.com.", 0), ("b.example.com", 1),
            ("c.example.com", 1), ("C.Example.Com", 1), ("d.c.example.com", 0), ("example.com", 0),
            ("y.example.org", 0), ("x.example.org", 1), ("localhost", 0), ("unknown", 0), ("", 0), (".", 0),
            (".example.com", 0), ("..", 0), ("*.example.com", 1), (String(repeating: "a.", count: 127), 0),
        ])
    func choice(name: String, place: Int) {
        let all = ServerCertificates(first, [second, nameless])
        #expect(all.places(for: name) == [place])
        #expect(all.shadows.isEmpty)
        #expect(all.unreachable == [2])
    }

    @Test("the first of two with one name is shown, and the other one told")
    func shadows() throws {
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: TestPKI.now))
        let again = try ServerCertificate(
            ca.issue(for: ["b.example.com", "d.example.net"], valid: .thirtyDays(from: TestPKI.now)))
        let all = ServerCertificates(first, [second, again])
        #expect(all.shadows.map(\.name) == ["b.example.com"])
        #expect(all.shadows.map { [$0.shown, $0.hidden] } == [[1, 2]])
        #expect(all.places(for: "b.example.com") == [1])
        #expect(all.places(for: "d.example.net") == [2])
        #expect(all.unreachable.isEmpty)
        let twice = ServerCertificates(first, [second, second])
        #expect(twice.shadows.count == 3 && twice.unreachable == [2])
    }

    @Test("a certificate may say a name twice")
    func repeatedName() throws {
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: TestPKI.now))
        let one = try ServerCertificate(ca.issue(for: ["a.test", "a.test"], valid: .thirtyDays(from: TestPKI.now)))
        #expect(ServerCertificates(one).shadows.isEmpty)
    }

    @Test(
        "a client sees the certificate of the name that it asks for",
        arguments: [TLSContext.Version.tls12, .tls13], ["a.example.com", "b.example.com", "z.example.com", "localhost"])
    func handshake(version: TLSContext.Version, name: String) throws {
        let server = try TLSContext(
            serving: ServerCertificates(first, [second, nameless]), maximumVersion: version, succeeding: nil,
            tickets: TicketKeys(now: { 0 }))
        #expect(TLSVerificationTests.failure(trust, server, name: name) == nil)
    }

    @Test("a client that asks for no name, or an unknown one, sees the default")
    func standard() throws {
        let server = try TLSContext(
            serving: ServerCertificates(nameless, [first, second]), succeeding: nil, tickets: TicketKeys(now: { 0 }))
        #expect(TLSVerificationTests.failure(trust, server, name: "127.0.0.1") == nil)
        let error = TLSVerificationTests.failure(trust, server, name: "other.test")
        #expect(error == .certificate(.wrongName("other.test")))
        #expect(TLSVerificationTests.failure(trust, server, name: "b.example.com") == nil)
    }

    @Test("of one name's certificates the client's signature algorithms choose", arguments: [false, true])
    func bothKinds(rsaFirst: Bool) throws {
        let file = try PEM(file: Fixtures.root + "tls/rsa-names.pem")
        let rsa = try ServerCertificate(TLSIdentity(certificates: file, key: file))
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: TestPKI.now))
        let ecdsa = try ServerCertificate(ca.issue(for: ["both.example.com"], valid: .thirtyDays(from: TestPKI.now)))
        #expect(rsa.keyKind == .rsa)
        let all = rsaFirst ? ServerCertificates(rsa, [ecdsa]) : ServerCertificates(ecdsa, [rsa])
        #expect(all.places(for: "both.example.com") == [0, 1])
        #expect(all.shadows.isEmpty && all.unreachable.isEmpty)
        let server = try TLSContext(serving: all, succeeding: nil, tickets: TicketKeys(now: { 0 }))
        // With both at hand the server prefers ECDSA; a client that trusts the authority of that alone sees it.
        let modern = try TLSContext(trusting: .only(ca.certificate))
        #expect(TLSVerificationTests.failure(modern, server, name: "both.example.com") == nil)
        // Where RSA alone has the name, RSA is shown.
        let old = try TLSContext(trusting: .only(file))
        #expect(TLSVerificationTests.failure(old, server, name: "rsa.example.com") == nil)
    }

    @Test("a key too short for today is told when the server is made, whichever certificate has it")
    func weak() throws {
        let weak = try PEM(file: Fixtures.root + "tls/rsa-1024.pem")
        let certificate = try ServerCertificate(TLSIdentity(certificates: weak, key: weak))
        #expect(throws: TLSSetupError.refusedCertificate(weak.name, reason: "ee key too small")) {
            _ = try TLSContext(
                serving: ServerCertificates(first, [certificate]), succeeding: nil, tickets: TicketKeys(now: { 0 }))
        }
    }
}
