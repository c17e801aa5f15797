import Bytes
import Crypto
import Testing

@Suite("A secret")
struct SecretTests {
    /// What a struct of ours that holds one might look like.
    struct Holder {
        var name = "contoso-key"
        var secret = Secret(copying: "swordfish")
        var others: [Secret?] = [Secret(copying: "swordfish"), nil]
    }

    @Test("is never printed, whichever way is tried")
    func neverPrinted() {
        let secret = Secret(copying: "swordfish")
        var dumped = ""
        dump(secret, to: &dumped)
        var holderDumped = ""
        dump(Holder(), to: &holderDumped)
        let printed = [
            secret.description, secret.debugDescription, "\(secret)", String(describing: secret),
            String(reflecting: secret), "\(Optional(secret) as Any)", "\([secret])", "\(["key": secret])",
            "\(Mirror(reflecting: secret).children.map { $0 })", dumped, holderDumped, "\(Holder())",
            String(reflecting: Holder()),
        ]
        for text in printed {
            #expect(!text.contains("sword"))
            #expect(!text.contains("115"), "the code of its first letter")
        }
        #expect(printed[0] == "<secret>")
        #expect(printed[2] == "<secret>")
        #expect(dumped == "- <secret>\n")
        #expect(holderDumped.contains("- secret: <secret>"))
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("shows its bytes to who asks for them")
    func bytes() throws {
        let secret = Secret(copying: "swordfish")
        #expect(secret.count == 9)
        #expect(secret.withBytes { $0.array } == Array("swordfish".utf8))
        #expect(secret.withBytes { constantTimeEqual($0, "swordfish".utf8.span) })
        #expect(Secret(copying: "").isEmpty)
        #expect(Secret(copying: "").withBytes { $0.count } == 0)
        #expect(try Secret(base64: "c3dvcmRmaXNo".utf8.span).withBytes { $0.text } == "swordfish")
    }

    @Test("lets errors through as they are")
    func errors() {
        #expect(throws: Base64Error.trailingBits) {
            try Secret(copying: "Zh==").withBytes { bytes throws(Base64Error) in try Base64.decode(bytes) }
        }
    }

    @Test(
        "constant-time equality is equality",
        arguments: [("", "", true), ("a", "", false), ("ab", "ab", true), ("ab", "aB", false), ("ab", "abc", false)])
    func equality(one: String, other: String, equal: Bool) {
        #expect(constantTimeEqual(one.utf8.span, other.utf8.span) == equal)
        #expect(constantTimeEqual(other.utf8.span, one.utf8.span) == equal)
    }
}
