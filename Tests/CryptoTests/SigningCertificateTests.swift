import Crypto
import Support
import Testing

@Suite("A certificate with its key")
struct SigningCertificateTests {
    static func read(_ name: String, _ password: String? = nil) throws -> SigningCertificate {
        let bytes = try Fixtures.bytes("certificates/\(name)")
        let secret = password.map { Secret(copying: $0) }
        return try SigningCertificate(Secret(copying: bytes.span), password: secret)
    }

    @Test(
        "is read from each kind of file, with the same thumbprints",
        arguments: [
            ("leaf.pem", nil, 1), ("leaf.pem", "not needed", 1), ("chain.pem", nil, 2), ("pkcs1.pem", nil, 1),
            ("pkcs1-encrypted.pem", "swordfish", 1), ("pkcs8-encrypted.pem", "swordfish", 1), ("plain.pfx", nil, 2),
            ("empty-password.p12", nil, 1), ("empty-password.p12", "", 1), ("aes.p12", "swordfish", 2),
            ("des3.p12", "swordfish", 1),
        ] as [(String, String?, Int)])
    func kinds(file: String, password: String?, count: Int) throws {
        let certificate = try Self.read(file, password)
        #expect(certificate.chain.count == count)
        let thumbprint = certificate.sha1
        let hex = Hex.text(of: thumbprint.span)
        #expect(hex == "f238aa1d33ab59f027404802664d75fca07973e6")
        #expect(
            certificate.sha256.hex
                == "5b3c3b0febec6ae11743a62ed0a529e10d911f8b6f430d4e6da697c57d421415")
        #expect(certificate.validity.start == 1_767_225_600, "2026-01-01")
        #expect(certificate.validity.end == 2_082_585_600, "2035-12-30")
    }

    @Test(
        "signs what its public half believes, by the algorithm that was asked for",
        arguments: SignatureVerifier.Algorithm.allCases)
    func sign(algorithm: SignatureVerifier.Algorithm) throws {
        let text = Array("some text".utf8)
        let signature = try Self.read("chain.pem").sign(text.span, by: algorithm)
        #expect(signature.count == 256)
        let verifier = try SignatureVerifier(certificate: PEM(file: Fixtures.root + "certificates/leaf.pem"))
        for other in SignatureVerifier.Algorithm.allCases {
            let isValid = verifier.isValid(signature.span, of: text.span, by: other)
            #expect(isValid == (other == algorithm))
        }
    }

    @Test(
        "is refused for a reason",
        arguments: [
            ("pkcs8-encrypted.pem", nil, .noPassword), ("pkcs8-encrypted.pem", "guess", .wrongPassword),
            ("pkcs1-encrypted.pem", nil, .noPassword), ("pkcs1-encrypted.pem", "guess", .wrongPassword),
            ("aes.p12", nil, .noPassword), ("aes.p12", "guess", .wrongPassword), ("des3.p12", "guess", .wrongPassword),
            ("plain.pfx", "guess", .wrongPassword), ("rc2.p12", "swordfish", .oldEncryption),
            ("no-key.p12", "swordfish", .noKey), ("ec.pem", nil, .notRSA), ("mismatch.pem", nil, .keyMismatch),
            ("../tls/rsa-1024.pem", nil, .unsuitableKey(bits: 1_024)), ("../tls/encrypted.key", nil, .noCertificate),
        ] as [(String, String?, SigningCertificateError)])
    func refused(file: String, password: String?, expected: SigningCertificateError) {
        #expect(throws: expected) { try Self.read(file, password) }
    }

    @Test("a file that is cut or changed anywhere is refused or read as it was", arguments: ["chain.pem", "aes.p12"])
    func broken(file: String) throws {
        let whole = try Fixtures.bytes("certificates/\(file)")
        let password = Secret(copying: "swordfish")
        for index in stride(from: 0, to: whole.count, by: 37) {
            var changed = whole
            changed[index] ^= 0x55
            _ = try? SigningCertificate(Secret(copying: changed.span), password: password)
            let cut = Secret(copying: whole.span.extracting(first: index))
            if file == "aes.p12" {
                #expect(throws: SigningCertificateError.self) { try SigningCertificate(cut, password: password) }
            }
        }
        #expect(throws: SigningCertificateError.self) { try SigningCertificate(Secret(copying: "")) }
        #expect(throws: SigningCertificateError.self) { try SigningCertificate(Secret(copying: "-----BEGIN")) }
    }

    @Test("its key alone, its certificate alone and nothing are told apart")
    func halves() throws {
        let text = String(decoding: try Fixtures.bytes("certificates/leaf.pem"), as: UTF8.self)
        let middle = try #require(text.firstRange(of: "-----BEGIN CERTIFICATE")).lowerBound
        #expect(throws: SigningCertificateError.noCertificate) {
            try SigningCertificate(Secret(copying: String(text[..<middle])))
        }
        #expect(throws: SigningCertificateError.noKey) {
            try SigningCertificate(Secret(copying: String(text[middle...])))
        }
    }
}
