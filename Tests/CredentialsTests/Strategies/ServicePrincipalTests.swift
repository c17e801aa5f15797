import Bytes
import ConfigDSL
import Crypto
import Support
import Testing

@testable import Credentials

@Suite("Service principals")
struct ServicePrincipalTests {
    static let ids = "tenant_id: contoso.com, client_id: app"
    static let withSecret = "service_principal, \(ids), client_secret: \"${file:secret}\""

    /// Days after 2026-01-01, when the certificates of the fixtures begin.
    static func environment(daysLater days: Int = 300, readableByOthers: Set<String> = []) -> LoadEnvironment {
        var files = ["secret": Array("swordfish\n".utf8), "other": Array("swordfisk\n".utf8), "token": [0x61, 0x0A]]
        for name in ["leaf.pem", "chain.pem", "aes.p12", "rc2.p12", "ec.pem", "mismatch.pem", "pkcs8-encrypted.pem"] {
            files[name] = (try? Fixtures.bytes("certificates/\(name)")) ?? []
        }
        return .fixed(
            files: files, readableByOthers: readableByOthers, unixSeconds: 1_767_225_600 + days * 86_400)
    }

    static func load(_ keys: String, daysLater: Int = 300) -> (strategy: (any TokenStrategy)?, findings: [String]) {
        StrategyText.load("{ strategy: service_principal, \(keys) }", environment(daysLater: daysLater))
    }

    static func request(_ keys: String) throws -> TokenRequest {
        try StrategyText.firstRequest(of: load(keys))
    }

    @Test(
        "the authority is an origin, however it is written",
        arguments: [
            ("login.microsoftonline.us", "https://login.microsoftonline.us"),
            ("https://Login.MicrosoftOnline.us/", "https://login.microsoftonline.us"),
            ("\"https://login.microsoftonline.us// \"", "https://login.microsoftonline.us"),
            ("https://adfs.example:8443", "https://adfs.example:8443"), ("http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("http://localhost:9", "http://localhost:9"),
        ])
    func authorities(text: String, origin: String) throws {
        let request = try Self.request("\(Self.ids), client_secret: \"${file:secret}\", authority: \(text)")
        #expect(request.url == "\(origin)/contoso.com/oauth2/v2.0/token")
        #expect(!request.isMetadata)
    }

    @Test("another scope is asked for as it is")
    func scope() throws {
        let request = try Self.request(
            "\(Self.ids), client_secret: \"${file:secret}\", scope: https://communication.azure.us//.default")
        #expect(request.form["scope"] == "https://communication.azure.us//.default")
        #expect(request.form["client_secret"] == "swordfish")
    }

    @Test(
        "what is wrong is told with its place, and no secret with it",
        arguments: [
            (
                "client_secret: \"${file:secret}\"",
                ["4 E103 credential `cred` has no `client_id`", "4 E103 credential `cred` has no `tenant_id`"]
            ),
            (
                ids, ["4 E112 credential `cred` has none of `client_secret`, `certificate`, `federated_token_file`"]
            ),
            (
                "\(ids), client_secret: \"${file:secret}\", federated_token_file: token",
                ["4 E112 credential `cred` has `federated_token_file` besides `client_secret`"]
            ),
            (
                "tenant_id: a/b, client_id: app, client_secret: \"${file:secret}\"",
                ["4 E621 `tenant_id` is not a tenant"]
            ),
            (
                "tenant_id: .., client_id: app, client_secret: \"${file:secret}\"",
                ["4 E621 `tenant_id` is not a tenant"]
            ),
            ("\(ids), client_secret: swordfish", ["4 E401 `client_secret` is a secret and must not stand in the file"]),
            (
                "\(ids), client_secret: \"${file:secret}\", authority: http://login.example",
                ["4 E622 `authority` is plain HTTP to another machine"]
            ),
            (
                "\(ids), client_secret: \"${file:secret}\", authority: https://login.example/tenant",
                ["4 E622 `authority` has more than scheme, host and port"]
            ),
            (
                "\(ids), client_secret: \"${file:secret}\", algorithm: rs256, send_certificate_chain: true",
                [
                    "4 E113 `algorithm` means nothing without `certificate`",
                    "4 E113 `send_certificate_chain` means nothing without `certificate`",
                ]
            ),
            (
                "\(ids), certificate: leaf.pem",
                ["4 E104 `certificate` of credential `cred` is text, not a mapping of keys and values"]
            ),
            (
                "\(ids), certificate: { file: leaf.pem, send_certificate_chain: true }",
                ["4 E113 `send_certificate_chain` cannot be set in `certificate` of credential `cred`"]
            ),
            ("\(ids), certificate: {}", ["4 E103 `certificate` of credential `cred` has no `file`"]),
            (
                "\(ids), certificate: { file: none.pem }",
                ["4 E506 the file of `file` cannot be read: there is no such file"]
            ),
            (
                "\(ids), certificate: { file: leaf.pem }, algorithm: hs256",
                ["4 E110 `algorithm` is none of `ps256`, `rs256`"]
            ),
            ("\(ids), certificate: { file: aes.p12 }", ["4 E623 `aes.p12` is encrypted, and there is no password"]),
            (
                "\(ids), certificate: { file: aes.p12, password: \"${file:other}\" }",
                ["4 E623 `aes.p12` is not opened by its password"]
            ),
            (
                "\(ids), certificate: { file: pkcs8-encrypted.pem, password: \"${file:other}\" }",
                ["4 E623 `pkcs8-encrypted.pem` is not opened by its password"]
            ),
            (
                "\(ids), certificate: { file: rc2.p12, password: \"${file:secret}\" }",
                ["4 E623 `rc2.p12` is encrypted with RC2 or another cipher that OpenSSL 3 does not read any more"]
            ),
            ("\(ids), certificate: { file: ec.pem }", ["4 E623 `ec.pem` has a key that is not an RSA key"]),
            (
                "\(ids), certificate: { file: mismatch.pem }",
                ["4 E623 `mismatch.pem` has a private key that does not belong to its first certificate"]
            ),
            ("\(ids), certificate: { file: secret }", ["4 E623 `secret` is neither PEM nor PKCS #12: not enough data"]),
            (
                "\(ids), federated_token_file: none",
                ["4 E506 the file of `federated_token_file` cannot be read: there is no such file"]
            ),
            (
                "\(ids), client_secret: \"${file:secret}\", ca: secret",
                ["4 E623 `secret` holds no certificate (no `-----BEGIN CERTIFICATE-----`)"]
            ),
            ("\(ids), client_secret: \"${file:secret}\", cae: yes", ["4 E109 `cae` is neither `true` nor `false`"]),
        ])
    func diagnostics(keys: String, expected: [String]) {
        let findings = Self.load(keys).findings
        #expect(findings == expected)
        #expect(!"\(findings)".contains("swordfis"))
    }

    @Test(
        "a certificate that ends soon is a warning",
        arguments: [
            (300, []), (3_650 - 32, []), (3_650 - 12, ["4 W620 the certificate in `leaf.pem` ends in 12 days"]),

            (3_650, ["4 W620 the certificate in `leaf.pem` has ended"]),
        ])
    func ends(daysLater: Int, expected: [String]) {
        let (strategy, findings) = Self.load("\(Self.ids), certificate: { file: leaf.pem }", daysLater: daysLater)
        #expect(strategy != nil)
        #expect(findings == expected)
    }

    @Test("files with secrets that others can read are warned about")
    func readableByOthers() {
        for (keys, file) in [("certificate: { file: leaf.pem }", "leaf.pem"), ("federated_token_file: token", "token")]
        {
            let findings = StrategyText.load(
                "{ strategy: service_principal, \(Self.ids), \(keys) }", Self.environment(readableByOthers: [file])
            ).findings
            #expect(findings.count == 1 && findings[0].hasPrefix("4 W402 "))
        }
    }

    @Test("a private authority is believed by its own certificates alone")
    func privateAuthority() throws {
        let request = try Self.request("\(Self.ids), client_secret: \"${file:secret}\", ca: chain.pem")
        guard case .authorities(let pem) = request.trust else {
            Issue.record("believes others")
            return
        }
        #expect(pem.name == "chain.pem")
    }

    @Test("another setting or another secret is another identity")
    func identities() {
        let variants = [
            "\(Self.ids), client_secret: \"${file:secret}\"", "\(Self.ids), client_secret: \"${file:other}\"",
            "tenant_id: t, client_id: app, client_secret: \"${file:secret}\"",
            "tenant_id: contoso.com, client_id: app2, client_secret: \"${file:secret}\"",
            "\(Self.ids), client_secret: \"${file:secret}\", authority: login.microsoftonline.us",
            "\(Self.ids), client_secret: \"${file:secret}\", scope: https://x/.default",
            "\(Self.ids), client_secret: \"${file:secret}\", ca: chain.pem",
            "\(Self.ids), client_secret: \"${file:secret}\", cae: true",
            "\(Self.ids), certificate: { file: leaf.pem }", "\(Self.ids), federated_token_file: token",
            "\(Self.ids), certificate: { file: leaf.pem }, algorithm: rs256",
            "\(Self.ids), certificate: { file: leaf.pem }, send_certificate_chain: true",
        ]
        let identities = variants.compactMap { Self.load($0).strategy?.identity }
        #expect(Set(identities).count == variants.count)
        for (variant, identity) in zip(variants, identities) {
            #expect(Self.load(variant).strategy?.identity == identity)
        }
    }

    @Test(
        "claims are asked for as they came, or merged with the capability when CAE is used",
        arguments: [
            (nil, false, nil), ("{}", false, "{}"), ("no json", true, "no json"),
            (nil, true, #"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#),
            ("{}", true, #"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#),
            (
                #"{"access_token":{"nbf":1,"xms_cc":5},"x":[]}"#, true,
                #"{"x":[],"access_token":{"nbf":1,"xms_cc":{"values":["CP1"]}}}"#
            ),
        ] as [(String?, Bool, String?)])
    func claims(challenge: String?, usesCAE: Bool, expected: String?) {
        #expect(RequestedClaims.json(answering: challenge, withCAE: usesCAE) == expected)
    }
}
