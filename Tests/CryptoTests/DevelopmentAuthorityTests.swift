import Bytes
import Crypto
import Testing

@Suite("A throw-away authority")
struct DevelopmentAuthorityTests {
    static let validity = DevelopmentAuthority.Validity.thirtyDays(from: TestPKI.now)

    @Test(
        "names that are none are refused, and cannot smuggle extensions in",
        arguments: ["", "a,DNS:evil.com", "*", "*.", "a.*.b", "a b", "a/b", "a\nb", "1.2.3.4.5:", ":::", "ü.com"])
    func badNames(name: String) throws {
        let authority = try DevelopmentAuthority(valid: Self.validity)
        var thrown: TLSSetupError?
        do throws(TLSSetupError) {
            _ = try authority.issue(for: ["localhost", name], valid: Self.validity)
        } catch {
            thrown = error
        }
        #expect(thrown == .badName(name))
    }

    @Test("a certificate without names is refused")
    func noNames() throws {
        let authority = try DevelopmentAuthority(valid: Self.validity)
        var thrown: TLSSetupError?
        do throws(TLSSetupError) {
            _ = try authority.issue(for: [], valid: Self.validity)
        } catch {
            thrown = error
        }
        #expect(thrown == .badName(""))
    }

    @Test("what it gives are PEM texts, the key as PKCS #8")
    func texts() throws {
        let authority = try DevelopmentAuthority(valid: Self.validity)
        let identity = try authority.issue(for: ["localhost"], valid: Self.validity)
        for (pem, kind) in [
            (authority.certificate, "CERTIFICATE"), (identity.certificates, "CERTIFICATE"),
            (identity.key, "PRIVATE KEY"),
        ] {
            let text = pem.text.withBytes { $0.text }
            #expect(text.hasPrefix("-----BEGIN \(kind)-----\n"))
            #expect(text.hasSuffix("-----END \(kind)-----\n"))
        }
        #expect(
            [authority.certificate.name, identity.certificates.name, identity.key.name] == [
                "ca.pem", "server.pem", "server.key",
            ])
    }

    @Test("two authorities share nothing")
    func distinct() throws {
        let one = try DevelopmentAuthority(valid: Self.validity)
        let other = try DevelopmentAuthority(valid: Self.validity)
        let same = one.certificate.text.withBytes { left in
            other.certificate.text.withBytes { right in constantTimeEqual(left, right) }
        }
        #expect(!same)
    }
}
