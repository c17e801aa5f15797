import Crypto
import FoundationEssentials
import Support
import Testing

@Suite("Checking RSA signatures")
struct SignatureVerifierTests {
    /// A key of `rsa-*-sha256.jsonl`: C2SP/wycheproof, commit dac1dd4.
    struct Key: Decodable {
        var group: Int
        var publicKeyPem: String
    }

    /// One line behind the keys.
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        var group: Int
        var id: Int
        var msg: String
        var sig: String
        var result: String
        var comment: String

        var testDescription: String { "\(id) \(comment)" }
    }

    static let pkcs1 = vectors("rsa-pkcs1-sha256")
    static let pss = vectors("rsa-pss-sha256")

    @Test("all vectors are there")
    func complete() {
        #expect(Self.pkcs1.vectors.count == 259)
        #expect(Self.pkcs1.keys.count == 3)
        #expect(Self.pss.vectors.count == 108)
        #expect(Self.pss.keys.count == 1)
    }

    @Test("RS256 is valid exactly when wycheproof says so", arguments: pkcs1.vectors)
    func rs256(vector: Vector) throws {
        try check(vector, Self.pkcs1.keys, .rs256)
    }

    @Test("PS256 is valid exactly when wycheproof says so", arguments: pss.vectors)
    func ps256(vector: Vector) throws {
        try check(vector, Self.pss.keys, .ps256)
    }

    @Test("a signature of one kind is none of the other")
    func otherAlgorithm() throws {
        let one = try #require(Self.pkcs1.vectors.first { $0.result == "valid" })
        #expect(try !isValid(one, Self.pkcs1.keys, .ps256))
        let other = try #require(Self.pss.vectors.first { $0.result == "valid" })
        #expect(try !isValid(other, Self.pss.keys, .rs256))
    }

    @Test("a certificate is known by its digests, and checks with its key")
    func certificate() throws {
        let certificate = try VerifyingCertificate(PEM(file: Fixtures.root + "tls/rsa-2048.pem"))
        let sha1 = Hex.text(of: certificate.sha1.span)
        #expect(sha1 == "f238aa1d33ab59f027404802664d75fca07973e6")
        #expect(certificate.sha256.hex == "5b3c3b0febec6ae11743a62ed0a529e10d911f8b6f430d4e6da697c57d421415")
        // Made by `openssl dgst -sha256 -sign` with the certificate's key.
        let text = try Fixtures.lines("tls/rsa-2048.signature")[0]
        let signature = try Base64.decode(text.utf8.span)
        for (text, expected) in [("signed text", true), ("signed texT", false)] {
            let isValid = certificate.verifier.isValid(signature.span, of: text.utf8.span, by: .rs256)
            #expect(isValid == expected)
        }
    }

    @Test("keys that are too short, of another kind or missing are refused")
    func refusedKeys() throws {
        let short = try PEM(file: Fixtures.root + "tls/rsa-1024.pem")
        let curve = try DevelopmentAuthority(valid: .thirtyDays(from: wallClockSeconds())).certificate
        let reason = "an RSA key of 2048 to 8192 bits is needed"
        for pem in [short, curve] {
            #expect(throws: TLSSetupError.brokenKey(pem.name, reason: reason)) {
                try SignatureVerifier(certificate: pem)
            }
        }
        let nothing = PEM(named: "nothing.pem", Secret(copying: "nothing"))
        #expect(throws: TLSSetupError.noCertificate("nothing.pem")) { try VerifyingCertificate(nothing) }
        #expect(throws: TLSSetupError.noKey("nothing.pem")) { try SignatureVerifier(publicKey: nothing) }
    }

    private func check(_ vector: Vector, _ keys: [Int: String], _ algorithm: SignatureVerifier.Algorithm) throws {
        // "acceptable" is one signature without the NULL of the algorithm's parameters: stricter is allowed.
        let isExpected = vector.result == "valid"
        #expect(try isValid(vector, keys, algorithm) == isExpected)
    }

    private func isValid(
        _ vector: Vector, _ keys: [Int: String], _ algorithm: SignatureVerifier.Algorithm
    ) throws -> Bool {
        let pem = try #require(keys[vector.group])
        let verifier = try SignatureVerifier(publicKey: PEM(named: "a vector", Secret(copying: pem)))
        let (signature, message) = (Hex.decode(vector.sig.utf8.span) ?? [], Hex.decode(vector.msg.utf8.span) ?? [])
        return verifier.isValid(signature.span, of: message.span, by: algorithm)
    }

    private static func vectors(_ name: String) -> (keys: [Int: String], vectors: [Vector]) {
        var (keys, vectors): ([Int: String], [Vector]) = ([:], [])
        for line in (try? Fixtures.lines("vectors/\(name).jsonl")) ?? [] {
            let data = Data(line.utf8)
            if let key = try? JSONDecoder().decode(Key.self, from: data) {
                keys[key.group] = key.publicKeyPem
            } else if let vector = try? JSONDecoder().decode(Vector.self, from: data) {
                vectors.append(vector)
            }
        }
        return (keys, vectors)
    }
}
