import Bytes
import ConfigDSL
import Crypto
import Testing

@testable import Credentials

@Suite("Sending a bearer token")
struct BearerTests {
    static let token = AccessToken(
        Secret(copying: "swordfish.token"), requestedAt: second(0), lifetime: .seconds(100))

    static func head(_ token: AccessToken?, attempt: Int = 0) throws -> String {
        let strategy = try #require(StrategyText.strategy("{ strategy: managed_identity }", .fixed(files: [:])))
        #expect(strategy.tokenIdentity == strategy.identity)
        #expect(!strategy.needsBodyDigest && !strategy.passesCallerAuthorization && strategy.alternatives == 1)
        var head = ByteBuffer()
        var scratch = ByteBuffer()
        let request = OutboundRequest(
            method: "GET".utf8.span, target: "/a".utf8.span, host: "h".utf8.span, date: "d".utf8.span,
            bodyDigest: SHA256.digest(of: "".utf8.span))
        try strategy.authorize(request, with: token, attempt: attempt, writing: &head, scratch: &scratch)
        return head.span.text
    }

    @Test("one field line, and no line of a signature")
    func line() throws {
        #expect(try Self.head(Self.token) == "authorization: Bearer swordfish.token\r\n")
    }

    @Test("without a token nothing is authorized")
    func noToken() {
        #expect(throws: CredentialError.noToken) { try Self.head(nil) }
        #expect(throws: CredentialError.noSuchAlternative(1)) { try Self.head(Self.token, attempt: 1) }
    }

    @Test("a token shows itself nowhere")
    func hidden() {
        var dumped = ""
        dump(Self.token, to: &dumped)
        let event = TokenEvent.token(TokenIdentity([.text("x")]), Self.token)
        let body = Array(#"{"access_token":"swordfish.token"}"#.utf8)
        for text in [dumped, "\(Self.token)", "\(event)", "\(TokenAnswer(status: 200, fields: [], body: body))"] {
            #expect(!text.contains("swordfish"))
        }
    }

    @Test(
        "an Entra token goes to Azure's hosts and to this machine only",
        arguments: [
            ("https://contoso.communication.azure.com", true),
            ("https://contoso.unitedstates.communication.azure.com", true),
            ("https://contoso.communication.azure.us", true), ("http://127.0.0.1:9", true), ("https://[::1]", true),
            ("http://localhost", true), ("https://contoso.example", false), ("https://azure.com", false),
            ("https://communication.azure.com", false), ("https://contosocommunication.azure.com", false),
            ("https://contoso.communication.azure.com.evil.example", false), ("https://10.0.0.1", false),
            ("https://contoso.communication.azure.cn", false),
        ])
    func fence(endpoint: String, isAllowed: Bool) {
        let message =
            "5 E627 credential `cred` would send its Entra token to resource `contoso`, whose host is not Azure's"
        for strategy in ["managed_identity", ServicePrincipalTests.withSecret] {
            let yaml = "{ strategy: \(strategy) }"
            let environment = ServicePrincipalTests.environment()
            #expect(
                StrategyText.load(yaml, environment, resource: "\"\(endpoint)\"").findings
                    == (isAllowed ? [] : [message]))
            let allowed = "\"\(endpoint)\", any_host: allow"
            #expect(StrategyText.load(yaml, environment, resource: allowed).findings == [])
        }
        let own = StrategyText.load("{ strategy: pass_through }", .fixed(files: [:]), resource: "\"\(endpoint)\"")
        #expect(own.findings == [], "a caller's own token is the caller's to send")
    }
}
