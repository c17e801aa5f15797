import Bytes
import Crypto
import Support
import Testing

@Suite("What a TLS context is made of")
struct TLSContextTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    static func pem(_ name: String, _ text: String) -> PEM { PEM(named: name, Secret(copying: text)) }

    static func text(_ pem: PEM) -> String { pem.text.withBytes { $0.text } }

    @Test("a key of another certificate is refused")
    func mismatch() throws {
        let identity = TLSIdentity(certificates: pki.server.certificates, key: pki.client.key)
        let error = TLSSetupError.keyMismatch(key: "client.key", certificate: "server.pem")
        #expect(throws: error) { _ = try TLSContext(server: identity) }
        #expect(
            error.description
                == "the private key in `client.key` does not belong to the first certificate in `server.pem`")
    }

    @Test(
        "texts that hold no certificate or no key are refused",
        arguments: ["", "hello", "-----BEGIN X-----\nAAAA\n-----END X-----\n"])
    func empty(text: String) {
        let wrong = Self.pem("wrong.pem", text)
        #expect(throws: TLSSetupError.noCertificate("wrong.pem")) {
            _ = try TLSContext(server: TLSIdentity(certificates: wrong, key: pki.server.key))
        }
        #expect(throws: TLSSetupError.noKey("wrong.pem")) {
            _ = try TLSContext(server: TLSIdentity(certificates: pki.server.certificates, key: wrong))
        }
        #expect(throws: TLSSetupError.noCertificate("wrong.pem")) { _ = try TLSContext(trusting: .only(wrong)) }
    }

    @Test("a broken certificate is named by its number")
    func broken() throws {
        let good = Self.text(pki.server.certificates)
        let torn = String(good.dropLast(40))
        for (text, number) in [(torn, 1), (good + torn, 2), (good.replacing("MII", with: "AAA"), 1)] {
            let error = #expect(throws: TLSSetupError.self) {
                _ = try TLSContext(trusting: .only(Self.pem("chain.pem", text)))
            }
            guard case .brokenCertificate("chain.pem", number, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("a broken key is refused, and its text is not told")
    func brokenKey() throws {
        let torn = Self.text(pki.server.key).replacing("\n", with: "\nAAAA", maxReplacements: 1)
        let identity = TLSIdentity(certificates: pki.server.certificates, key: Self.pem("server.key", torn))
        let error = #expect(throws: TLSSetupError.self) { _ = try TLSContext(server: identity) }
        let told = try #require(error?.description)
        #expect(told.hasPrefix("the private key in `server.key` cannot be used: "))
        #expect(!told.contains("AAAA"))
    }

    @Test(
        "an encrypted key is refused without asking for its password",
        arguments: ["encrypted-pkcs8.key", "encrypted.key"])
    func encrypted(file: String) throws {
        let key = try PEM(file: Fixtures.root + "tls/" + file)
        #expect(throws: TLSSetupError.encryptedKey(key.name)) {
            _ = try TLSContext(server: TLSIdentity(certificates: pki.server.certificates, key: key))
        }
    }

    @Test("a key too short for today is refused")
    func weak() throws {
        let weak = try PEM(file: Fixtures.root + "tls/rsa-1024.pem")
        let error = #expect(throws: TLSSetupError.self) {
            _ = try TLSContext(server: TLSIdentity(certificates: weak, key: weak))
        }
        #expect(error == .refusedCertificate(weak.name, reason: "ee key too small"))
    }

    @Test("certificate, chain and key may stand in one file, and a chain is sent whole")
    func oneFile() throws {
        let all = Self.pem("all.pem", Self.text(pki.server.key) + Self.text(pki.server.certificates))
        let server = try TLSContext(server: TLSIdentity(certificates: all, key: all))
        #expect(TLSVerificationTests.failure(try pki.clientContext(), server) == nil)

        let chain = Self.pem("chain.pem", Self.text(pki.server.certificates) + Self.text(pki.authority))
        let chained = try TLSContext(server: TLSIdentity(certificates: chain, key: pki.server.key))
        #expect(TLSVerificationTests.failure(try pki.clientContext(), chained) == nil)
    }

    @Test("files that cannot be read are named with the reason")
    func files() throws {
        let missing = Fixtures.root + "tls/missing.pem"
        #expect(throws: TLSSetupError.unreadableFile(missing, reason: "No such file or directory")) {
            _ = try PEM(file: missing)
        }
        let folder = Fixtures.root + "tls"
        #expect(throws: TLSSetupError.unreadableFile(folder, reason: "Is a directory")) { _ = try PEM(file: folder) }
        #expect(throws: TLSSetupError.self) { _ = try PEM(file: "a\0b") }
        #expect(throws: TLSSetupError.fileTooLarge("/dev/zero")) { _ = try PEM(file: "/dev/zero") }
    }

    @Test("a PEM never prints its text")
    func neverPrinted() {
        var dumped = ""
        dump(pki.server, to: &dumped)
        #expect(!dumped.contains("BEGIN"))
        #expect(dumped.contains("<secret>"))
    }
}
