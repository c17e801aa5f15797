import Bytes
import ConfigDSL
import Credentials
import Crypto
import Testing

@Suite("Credentials of a configuration")
struct StandardStrategiesTests {
    static let files = [
        "key1": "c3dvcmRmaXNoLW9uZQ==\n", "key2": "c3dvcmRmaXNoLXR3bw==\n", "wrong": "swordfish!\n",
        "contoso": "endpoint=https://contoso.communication.azure.com/;accesskey=c3dvcmRmaXNoLW9uZQ==\n",
        "fabrikam": "endpoint=https://fabrikam.communication.azure.com/;accesskey=c3dvcmRmaXNoLW9uZQ==\n",
        "broken": "endpoint=https://contoso.communication.azure.com/;accesskey=swordfish\n",
    ]

    /// Loads a whole file around `credential`, and what it says is wrong.
    static func load(
        _ credential: String, route: String = ""
    ) -> (strategies: [String: any CredentialStrategy], findings: [String]) {
        let config = """
            version: 1
            listeners: { app: { bind: "127.0.0.1:8080" } }
            credentials:
              cred: \(credential)
              own: { strategy: pass_through }
            resources: { contoso: { endpoint: https://contoso.communication.azure.com, credential: cred } }
            routes:
              - { name: all, match: { path_prefix: / }, allow: [anonymous], resource: contoso\(route) }
            """
        var bytes = files.mapValues { Array($0.utf8) }
        bytes["gateway.yaml"] = Array(config.utf8)
        var result = ConfigLoader.load(file: "gateway.yaml", environment: .fixed(files: bytes))
        let strategies = StandardStrategies.decode(result.draft, into: &result.diagnostics)
        return (strategies, result.diagnostics.sorted.map { "\($0.place.line) \($0.id.code) \($0.message)" })
    }

    @Test("access keys and the caller's own token are known")
    func known() throws {
        let (strategies, findings) = Self.load(#"{ strategy: access_key, keys: ["${file:key1}", "${file:key2}"] }"#)
        #expect(findings == [])
        let keys = try #require(strategies["cred"])
        #expect(keys.alternatives == 2)
        #expect(keys.needsBodyDigest)
        #expect(!keys.passesCallerAuthorization)
        #expect(keys.endpoint == nil)
        let own = try #require(strategies["own"])
        #expect(own.alternatives == 1)
        #expect(!own.needsBodyDigest)
        #expect(own.passesCallerAuthorization)
    }

    @Test("each key signs when its turn comes, and there is no third")
    func alternatives() throws {
        let keys = try #require(
            Self.load(#"{ strategy: access_key, keys: ["${file:key1}", "${file:key2}"] }"#).strategies["cred"])
        for (attempt, secret) in ["swordfish-one", "swordfish-two"].enumerated() {
            let expected = AccessKeySigner(Secret(copying: secret))
                .signed(method: "GET", target: "/a", host: "h", date: Self.date.utf8.span, body: "".utf8.span)
            #expect(try Self.lines(keys, attempt) == expected.fieldLines)
        }
        #expect(throws: CredentialError.noSuchAlternative(2)) { try Self.lines(keys, 2) }
        #expect(throws: CredentialError.noSuchAlternative(-1)) { try Self.lines(keys, -1) }
    }

    @Test("the caller's own token adds nothing to a head")
    func passThrough() throws {
        let own = try #require(Self.load(#"{ strategy: access_key, keys: ["${file:key1}"] }"#).strategies["own"])
        #expect(try Self.lines(own, 0) == [])
        #expect(throws: CredentialError.noSuchAlternative(1)) { try Self.lines(own, 1) }
    }

    @Test("a connection string gives key and endpoint")
    func connectionString() throws {
        let (strategies, findings) = Self.load(#"{ strategy: access_key, connection_string: "${file:contoso}" }"#)
        #expect(findings == [])
        let strategy = try #require(strategies["cred"])
        #expect(strategy.alternatives == 1)
        #expect(strategy.endpoint?.origin == "https://contoso.communication.azure.com")
    }

    @Test(
        "what is wrong is told with its place, and no secret with it",
        arguments: [
            (
                "{ strategy: acess_key, x: 1 }",
                [
                    "4 E110 `strategy` is none of `access_key`, `managed_identity`, `pass_through`, `service_principal`"
                ]
            ),
            ("{ strategy: access_key }", ["4 E112 credential `cred` has none of `keys`, `connection_string`"]),
            (
                #"{ strategy: access_key, keys: ["${file:key1}"], connection_string: "${file:contoso}" }"#,
                ["4 E112 credential `cred` has `connection_string` besides `keys`"]
            ),
            (
                #"{ strategy: access_key, keys: ["${file:wrong}"] }"#,
                [
                    "4 E610 an item of `keys` is not base64: 10 characters cannot be (is the padding `=` missing?)"
                ]
            ),
            (
                #"{ strategy: access_key, keys: ["${file:key1}", "${file:key1}", "${file:key1}"] }"#,
                ["4 E115 `keys` has 3 items"]
            ),
            (
                #"{ strategy: access_key, connection_string: "${file:broken}" }"#,
                [
                    "4 E611 `connection_string` has an `accesskey=` that is not base64: 9 characters cannot be "
                        + "(is the padding `=` missing?)"
                ]
            ),
            (
                #"{ strategy: access_key, connection_string: "${file:fabrikam}" }"#,
                ["6 E612 credential `cred` is for another endpoint than resource `contoso`"]
            ),
            (
                #"{ strategy: access_key, keys: ["${file:key1}"], kyes: 1 }"#,
                ["4 E101 unknown key `kyes` in credential `cred`"]
            ),
            ("{ strategy: pass_through, keys: [] }", ["4 E101 unknown key `keys` in credential `cred`"]),
        ] as [(String, [String])])
    func wrong(credential: String, expected: [String]) {
        let (_, findings) = Self.load(credential)
        #expect(findings == expected)
    }

    @Test("a route's own credential is held to the endpoint too")
    func routeCredential() {
        let (_, findings) = Self.load(
            "{ strategy: pass_through }\n  other: { strategy: access_key, connection_string: \"${file:fabrikam}\" }",
            route: ", credential: other")
        #expect(findings == ["9 E612 credential `other` is for another endpoint than resource `contoso`"])
    }

    static let date = "Mon, 23 Nov 2026 09:08:07 GMT"

    /// The field lines that `strategy` writes for a plain request.
    static func lines(_ strategy: any CredentialStrategy, _ attempt: Int) throws -> [String] {
        var head = ByteBuffer()
        var scratch = ByteBuffer()
        let request = OutboundRequest(
            method: "GET".utf8.span, target: "/a".utf8.span, host: "h".utf8.span, date: date.utf8.span,
            bodyDigest: SHA256.digest(of: "".utf8.span))
        try strategy.authorize(request, with: nil, attempt: attempt, writing: &head, scratch: &scratch)
        return head.span.text.split(separator: "\r\n").map(String.init)
    }
}
