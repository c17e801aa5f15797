import FoundationEssentials
import Support
import Testing

@testable import Emulator

@Suite("What Entra thinks of a client assertion")
struct AssertionCheckTests {
    struct Vectors: Decodable {
        struct Case: Decodable, Sendable, CustomTestStringConvertible {
            var name: String
            /// The number behind `AADSTS`; none when it is accepted.
            var code: Int?
            var reason: String?
            var assertion: String
            var testDescription: String { name }
        }
        var cases: [Case]
    }

    static let vectors: [Vectors.Case] = {
        let bytes = (try? Fixtures.bytes("vectors/client-assertions.json")) ?? []
        return (try? JSONDecoder().decode(Vectors.self, from: Data(bytes)))?.cases ?? []
    }()

    /// The azure of tests whose application has no federation, so that an assertion is the application's own.
    private func azure(_ options: TokenOptions = TokenOptions()) throws -> EmulatedAzure {
        var principal = testPrincipal
        principal.federatedTokens = []
        let tokens = EntraTokens(randomness: .seeded(8))
        return EmulatedAzure(
            resource: EmulatedResource(accessKeys: [testKey], tokens: tokens, randomness: .seeded(7)),
            tokenEndpoints: TokenEndpoints(
                options, principals: [try KnownPrincipal(principal)], tokens: tokens, scheme: "https",
                arcFiles: TestFiles().access, randomness: .seeded(9)))
    }

    @Test("it is accepted or refused for the right reason", arguments: vectors)
    func vector(_ vector: Vectors.Case) throws {
        var azure = try azure()
        let answer = azure.answer(to: entraRequest(["client_assertion": vector.assertion]))
        #expect(answer.reason == vector.reason)
        #expect((answer.status == 200) == (vector.code == nil))
        if let code = vector.code { #expect(answer.text.contains(#""error_codes":[\#(code)]"#)) }
    }

    @Test("all of them are there") func complete() {
        #expect(Self.vectors.count == 57)
        #expect(Self.vectors.count { $0.code == nil } == 10)
    }

    @Test("one is accepted once, also when its first use was long ago") func once() throws {
        var azure = try azure()
        let request = entraRequest(["client_assertion": try #require(Self.vectors.first).assertion])
        #expect(azure.answer(to: request).status == 200)
        #expect(try azure.tokenJournal().requests[0].proof == "certificate 1")
        let again = azure.answer(to: request)
        #expect(again.reason == "jti used before")
        #expect(again.string("error") == "invalid_grant")
    }

    @Test("what the official libraries leave in them passes when that is asked for")
    func sloppy() throws {
        var options = TokenOptions()
        options.acceptsSloppyAssertions = true
        for vector in Self.vectors {
            let isSloppy = [
                "x5t with padding", "x5t#S256 with padding", "x5c with line ends", "padded parts", "a newline behind",
                "exp with a fraction", "nbf with a fraction",
            ].contains(vector.name)
            guard isSloppy || vector.code != nil else { continue }
            var azure = try azure(options)
            let request = entraRequest(["client_assertion": vector.assertion])
            #expect((azure.answer(to: request).status == 200) == isSloppy, "\(vector.name)")
            #expect((azure.answer(to: request).status == 200) == isSloppy, "\(vector.name)")
        }
    }

    @Test("where tokens from elsewhere are believed, an unknown one is about federation") func federation() throws {
        var azure = try testAzure()
        let foreign = try #require(Self.vectors.first { $0.name == "another iss" }).assertion
        let answer = azure.answer(to: entraRequest(["client_assertion": foreign]))
        #expect(answer.status == 401)
        #expect(answer.reason == "unknown federated token")
        #expect(answer.text.contains(#""error_codes":[700213]"#))
    }

    @Test("an assertion that is too long is not looked at") func long() throws {
        var azure = try azure()
        let text = String(repeating: "a", count: ClientAssertion.limitBytes + 1)
        #expect(azure.answer(to: entraRequest(["client_assertion": text])).reason == "assertion too long")
    }
}
