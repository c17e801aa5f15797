import Crypto
import FoundationEssentials
import Support
import Testing

@testable import Emulator

@Suite("The check of an access-key signature")
struct AccessKeyCheckTests {
    let check = AccessKeyCheck(keys: [testKey])
    let good = signedRequest("POST", "/sms?api-version=2021-03-07", json: "{}")

    @Test("each vector is verified, and refused with any one byte changed", arguments: try SigningVector.all())
    func vectors(_ vector: SigningVector) throws {
        let check = AccessKeyCheck(keys: [try vector.key()])
        let request = try vector.request()
        #expect(try check.verify(request).keyNumber == 1)
        for mutant in vector.mutants(of: request) {
            #expect(throws: CredentialFault.self, "\(mutant.what)") { try check.verify(mutant.request) }
        }
    }

    @Test("there are 108 vectors") func count() throws {
        #expect(try SigningVector.all().count == 108)
    }

    @Test("the second key counts as well, and is named") func secondKey() throws {
        let other = HMACKey([1, 2, 3].span)
        #expect(try AccessKeyCheck(keys: [other, testKey]).verify(good).keyNumber == 2)
        #expect(throws: CredentialFault.wrongSignature) { try AccessKeyCheck(keys: [other]).verify(good) }
        #expect(throws: CredentialFault.wrongSignature) { try AccessKeyCheck(keys: []).verify(good) }
    }

    @Test("the older form with `date` counts, and then `date` is what is signed") func olderForm() throws {
        let date = testTime.date
        let digest = Base64.text(of: SHA256.digest(of: [UInt8]().span).span)
        let text = "GET\n/phoneNumbers\n\(date);h;\(digest)"
        let signature = Base64.text(of: testKey.sign(text.utf8.span).span)
        let request = EmulatedRequest(
            method: "GET", target: "/phoneNumbers",
            fields: [
                EmulatedField("host", "h"), EmulatedField("date", date), EmulatedField("x-ms-content-sha256", digest),
                EmulatedField(
                    "authorization", "HMAC-SHA256 SignedHeaders=date;host;x-ms-content-sha256&Signature=\(signature)"),
            ], receivedAtSeconds: testTime.seconds)
        #expect(throws: Never.self) { try check.verify(request) }
        #expect(request.leftovers.isEmpty)
        #expect(throws: CredentialFault.missing("date")) { try check.verify(request.removing("date")) }
        let moved = request.removing("date").adding("x-ms-date", date)
        #expect(throws: CredentialFault.missing("date")) { try check.verify(moved) }
    }

    @Test("a signature counts within 15 minutes, both ways")
    func clock() throws {
        for (seconds, counts) in [(0, true), (900, true), (-900, true), (901, false), (-901, false)] {
            var request = good
            request.receivedAtSeconds += seconds
            if counts {
                #expect(throws: Never.self) { try check.verify(request) }
            } else {
                #expect(throws: CredentialFault.skewedDate) { try check.verify(request) }
            }
        }
    }

    @Test(
        "a field that is signed must be there",
        arguments: ["authorization", "host", "x-ms-date", "x-ms-content-sha256"])
    func missing(_ name: String) {
        #expect(throws: CredentialFault.missing(name)) { try check.verify(good.removing(name)) }
    }

    @Test(
        "two copies of a field are refused, equal or not",
        arguments: ["authorization", "host", "x-ms-date", "x-ms-content-sha256", "content-type"])
    func repeated(_ name: String) {
        let value = good.values(of: name).first ?? ""
        #expect(throws: CredentialFault.repeated(name)) { try check.verify(good.adding(name, value)) }
        #expect(throws: CredentialFault.repeated(name)) {
            try check.verify(good.adding(name.asciiUppercased, "another"))
        }
    }

    @Test(
        "somebody else's credential beside the signature is refused",
        arguments: [
            "x-ms-host", "cookie", "proxy-authorization", "api-key", "x-functions-key", "x_ms_host", "x-api.key",
        ])
    func leftovers(_ name: String) {
        let request = good.adding(name, "x")
        #expect(throws: CredentialFault.leftover(name)) { try check.verify(request) }
        #expect(request.leftovers == [name])
    }

    @Test("what SDKs themselves send beside the signature is noted and not refused")
    func noted() throws {
        let request = good.adding("Date", testTime.date).adding("x-ms-hmac-string-to-sign-base64", "eA==")
            .adding("x-ms-client-request-id", "a").adding("x-ms-return-client-request-id", "true")
            .adding("x_ms_date", "x").adding("x-ms-anything", "x").adding("x-other", "x")
        #expect(throws: Never.self) { try check.verify(request) }
        #expect(request.leftovers == ["date", "x-ms-hmac-string-to-sign-base64", "x_ms_date", "x-ms-anything"])
    }

    @Test("any other shape of `Authorization` is refused", arguments: AuthorizationShape.wrong)
    func shapes(_ edit: AuthorizationShape) {
        let authorization = good.values(of: "authorization").first ?? ""
        let request = good.replacing("authorization", with: edit.apply(to: authorization))
        #expect(throws: CredentialFault.malformedAuthorization) { try check.verify(request) }
    }

    @Test(
        "a date that is not an IMF-fixdate is refused even when it is signed",
        arguments: [
            "", "now", "Mon, 3 Nov 2026 09:08:07 GMT", "Tue, 23 Nov 2026 09:08:07 GMT",
            "Mon, 23 Nov 2026 09:08:07 UTC", "Mon, 23 nov 2026 09:08:07 GMT", "2026-11-23T09:08:07Z",
            "Monday, 23-Nov-26 09:08:07 GMT", "Mon, 23 Nov 2026 09:08:07 GMT ",
        ])
    func dates(_ date: String) {
        #expect(throws: CredentialFault.malformedDate) { try check.verify(good.replacing("x-ms-date", with: date)) }
    }

    @Test("a digest of another body is told apart from a wrong signature") func digest() {
        var request = good
        request.body = Array("{ }".utf8)
        #expect(throws: CredentialFault.digestDiffers) { try check.verify(request) }
        let hexadecimal = SHA256.digest(of: good.body.span).hex
        #expect(throws: CredentialFault.digestDiffers) {
            try check.verify(good.replacing("x-ms-content-sha256", with: hexadecimal))
        }
    }
}

/// A way to spell `Authorization` wrongly.
struct AuthorizationShape: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (String) -> String

    init(_ description: String, _ apply: @escaping @Sendable (String) -> String) {
        testDescription = description
        self.apply = apply
    }

    func apply(to authorization: String) -> String { apply(authorization) }

    static let wrong = [
        AuthorizationShape("empty") { _ in "" },
        AuthorizationShape("bearer") { _ in "Bearer e30.eyJleHAiOjQxMDI0NDQ4MDB9.x" },
        AuthorizationShape("another scheme's case") { $0.replacing("HMAC-SHA256", with: "hmac-sha256") },
        AuthorizationShape("two blanks") { $0.replacing("HMAC-SHA256 ", with: "HMAC-SHA256  ") },
        AuthorizationShape("another order") {
            $0.replacing("x-ms-date;host", with: "host;x-ms-date")
        },
        AuthorizationShape("a field more") { $0.replacing("&Signature", with: ";content-type&Signature") },
        AuthorizationShape("a field less") { $0.replacing(";x-ms-content-sha256", with: "") },
        AuthorizationShape("commas") { $0.replacing(";", with: ",") },
        AuthorizationShape("a comma before the signature") { $0.replacing("&", with: ", ") },
        AuthorizationShape("quotes") { $0.replacing("Signature=", with: "Signature=\"") + "\"" },
        AuthorizationShape("no padding") { String($0.dropLast()) },
        AuthorizationShape("a byte behind") { $0 + "=" },
        AuthorizationShape("a second signature") { $0 + "&Signature=" },
        AuthorizationShape("hexadecimal") { text in
            String(text.prefix { $0 != "&" }) + "&Signature=" + String(repeating: "ab", count: 32)
        },
        AuthorizationShape("no signature") { String($0.prefix { $0 != "&" }) },
    ]
}

extension String {
    /// a–z folded to A–Z.
    fileprivate var asciiUppercased: String {
        String(decoding: utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }, as: UTF8.self)
    }
}
