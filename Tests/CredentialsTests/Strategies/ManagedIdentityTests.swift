import ConfigDSL
import Crypto
import Testing

@testable import Credentials

@Suite("Managed identities")
struct ManagedIdentityTests {
    static let thumbprint = "a1:B2 " + String(repeating: "c3", count: 18)

    static func load(
        _ keys: String = "", _ variables: [String: String] = [:]
    ) -> (strategy: (any TokenStrategy)?, findings: [String]) {
        StrategyText.load("{ strategy: managed_identity\(keys) }", .fixed(files: [:], variables: variables))
    }

    /// The first request of a fetch.
    static func request(_ keys: String = "", _ variables: [String: String] = [:]) throws -> TokenRequest {
        try StrategyText.firstRequest(of: load(keys, variables))
    }

    @Test(
        "the platform is told by its variables, in this order",
        arguments: [
            ("imds", []), ("imds", ["IDENTITY_HEADER", "MSI_SECRET", "IMDS_ENDPOINT"]),
            ("cloud_shell", ["MSI_ENDPOINT"]), ("azure_ml", ["MSI_ENDPOINT", "MSI_SECRET"]),
            ("azure_arc", ["IDENTITY_ENDPOINT", "IMDS_ENDPOINT", "MSI_ENDPOINT"]),
            ("app_service", ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET"]),
            ("service_fabric", ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT"]),
        ])
    func detection(expected: String, names: [String]) throws {
        var variables: [String: String] = [:]
        for name in names {
            variables[name] = name.hasSuffix("ENDPOINT") ? "https://127.0.0.1:1/t" : "secret"
            if name.hasSuffix("THUMBPRINT") { variables[name] = Self.thumbprint }
        }
        let (strategy, findings) = Self.load("", variables)
        #expect(findings == [])
        #expect(strategy?.source == expected)
        // An empty variable counts as unset, and a name given wins.
        #expect(Self.load("", variables.mapValues { _ in "" }).strategy?.source == "imds")
        #expect(Self.load(", source: imds", variables).strategy?.source == "imds")
        #expect(Self.load(", source: \(expected)", variables).strategy?.source == expected)
    }

    @Test(
        "each source names the chosen identity in its own way",
        arguments: [
            ("imds", "client_id", "client_id"), ("imds", "object_id", "object_id"),
            ("imds", "resource_id", "msi_res_id"),
            ("app_service", "client_id", "client_id"), ("app_service", "object_id", "object_id"),
            ("app_service", "resource_id", "mi_res_id"), ("azure_arc", "client_id", "client_id"),
            ("azure_arc", "object_id", "object_id"), ("azure_arc", "resource_id", "msi_res_id"),
            ("azure_ml", "client_id", "clientid"),
        ])
    func selectors(source: String, key: String, name: String) throws {
        let id = "/subscriptions/x/id&1"
        let variables = [
            "IDENTITY_ENDPOINT": "http://127.0.0.1:1/t?a=b", "IDENTITY_HEADER": "h",
            "MSI_ENDPOINT": "http://127.0.0.1:2/t",
            "MSI_SECRET": "s",
        ]
        let request = try Self.request(", source: \(source), \(key): \"\(id)\"", variables)
        let query = FormText.fields(String(request.url.drop { $0 != "?" }.dropFirst()))
        #expect(query[name] == id)
        #expect(query["resource"] == "https://communication.azure.com/")
        if source == "app_service" { #expect(query["a"] == "b", "the endpoint's own query stays") }
    }

    @Test(
        "`endpoint` replaces any source's address; that of IMDS may be an origin alone",
        arguments: [
            ("imds", "http://127.0.0.1:9", "http://127.0.0.1:9/metadata/identity/oauth2/token?api-version=2018-02-01"),
            ("imds", "http://127.0.0.1:9/", "http://127.0.0.1:9/metadata/identity/oauth2/token?api-version=2018-02-01"),
            ("imds", "http://127.0.0.1:9/x", "http://127.0.0.1:9/x?api-version=2018-02-01"),
            ("imds", "http://127.0.0.1:9/x?y=z", "http://127.0.0.1:9/x?y=z&api-version=2018-02-01"),
            ("azure_arc", "http://[::1]:9/arc", "http://[::1]:9/arc?api-version=2020-06-01"),
            ("app_service", "https://e.example/app", "https://e.example/app?api-version=2019-08-01"),
            ("azure_ml", "http://10.0.0.1/ml", "http://10.0.0.1/ml?api-version=2017-09-01"),
            ("service_fabric", "https://sf.example/t", "https://sf.example/t?api-version=2019-07-01-preview"),
        ])
    func endpoints(source: String, endpoint: String, front: String) throws {
        let variables = [
            "IDENTITY_HEADER": "h", "MSI_SECRET": "s", "IDENTITY_SERVER_THUMBPRINT": Self.thumbprint,
            "IDENTITY_ENDPOINT": "https://127.0.0.1:1/wrong", "MSI_ENDPOINT": "https://127.0.0.1:1/wrong",
        ]
        let request = try Self.request(", source: \(source), endpoint: \"\(endpoint)\"", variables)
        #expect(request.url == front + "&resource=https%3A%2F%2Fcommunication.azure.com%2F")
        #expect(request.isMetadata)
    }

    @Test("without its variable the Arc agent is where it listens by default")
    func arcDefault() throws {
        let url = try Self.request(", source: azure_arc").url
        #expect(url.hasPrefix("http://localhost:40342/metadata/identity/oauth2/token?"))
    }

    @Test("Cloud Shell's form goes to its endpoint")
    func cloudShell() throws {
        let request = try Self.request(", source: cloud_shell, endpoint: \"http://127.0.0.1:9/t\"")
        #expect(request.url == "http://127.0.0.1:9/t")
        #expect(request.form == ["resource": "https://communication.azure.com/"])
    }

    @Test(
        "Service Fabric is told which token was refused; no other source is",
        arguments: ["service_fabric", "app_service", "azure_ml", "imds", "azure_arc", "cloud_shell"])
    func refusal(source: String) throws {
        let endpoint = source == "imds" ? "" : ", endpoint: \"https://127.0.0.1:9/t\""
        let variables = [
            "IDENTITY_HEADER": "h", "IDENTITY_SERVER_THUMBPRINT": Self.thumbprint, "MSI_SECRET": "s",
        ]
        let (strategy, findings) = Self.load(", source: \(source)\(endpoint)", variables)
        #expect(findings == [])
        func url(after refusal: TokenRefusal?) throws -> String {
            var exchange = try #require(strategy).beginFetch(after: refusal, environment: .empty)
            guard case .send(let request) = exchange.next(after: nil, at: second(0)) else {
                throw TokenFailure("no request")
            }
            return request.url
        }
        // Claims cannot be passed on to a platform.
        let after = try url(after: TokenRefusal(tokenDigest: "9f86", claims: "{}"))
        #expect(try after == url(after: nil) + (source == "service_fabric" ? "&token_sha256_to_refresh=9f86" : ""))
    }

    @Test("Service Fabric's certificate is known by its thumbprint, whatever its spelling")
    func thumbprints() throws {
        let request = try Self.request(
            ", source: service_fabric, endpoint: \"https://127.0.0.1:9/t\"",
            ["IDENTITY_HEADER": "h", "IDENTITY_SERVER_THUMBPRINT": Self.thumbprint])
        guard case .pinned(let sha1) = request.trust else {
            Issue.record("not pinned")
            return
        }
        #expect(sha1 == [0xA1, 0xB2] + [UInt8](repeating: 0xC3, count: 18))
    }

    @Test(
        "what is wrong is told with its place",
        arguments: [
            (
                ", source: aws", [:],
                [
                    "4 E110 `source` is none of `auto`, `imds`, `app_service`, `azure_arc`, `cloud_shell`, "
                        + "`service_fabric`, `azure_ml`"
                ]
            ),
            (", client_id: a, object_id: b", [:], ["4 E112 credential `cred` has `object_id` besides `client_id`"]),
            (", client_id: \"a b\"", [:], ["4 E621 `client_id` is not an identifier"]),
            (", scope: https://x", [:], ["4 E620 `scope` does not end in `/.default`"]),
            (", scope: \"https://x/.default y/.default\"", [:], ["4 E620 `scope` is not one scope"]),
            (
                ", scope: https://communication.azure.com/.default", [:],
                ["4 W621 `scope` has one slash before `.default`"]
            ),
            (", endpoint: ftp://x", [:], ["4 E626 `endpoint` has a scheme that is not spoken"]),
            (", endpoint: \"https://x/a b\"", [:], ["4 E626 `endpoint` has a character that does not belong there"]),
            (", endpoint: \"https://x/#f\"", [:], ["4 E626 `endpoint` has a character that does not belong there"]),
            (
                ", endpoint: http://imds.example", [:],
                ["4 E626 `endpoint` is plain HTTP to a machine that is not nearby"]
            ),
            (", endpoint: http://8.8.8.8/t", [:], ["4 E626 `endpoint` is plain HTTP to a machine that is not nearby"]),
            (
                "", ["IDENTITY_ENDPOINT": "http://127.0.0.1/t"],
                ["4 E624 environment variable `IDENTITY_ENDPOINT` is set without `IDENTITY_HEADER` or `IMDS_ENDPOINT`"]
            ),
            (
                ", source: app_service", [:],
                [
                    "4 E624 environment variable `IDENTITY_ENDPOINT` is not set",
                    "4 E624 environment variable `IDENTITY_HEADER` is not set",
                ]
            ),
            (
                ", source: app_service", ["IDENTITY_ENDPOINT": "swordfish", "IDENTITY_HEADER": "sword\nfish"],
                [
                    "4 E624 environment variable `IDENTITY_HEADER` has a character that no field of a request can have",
                    "4 E624 the address in environment variable `IDENTITY_ENDPOINT` has no scheme",
                ]
            ),
            (
                ", source: cloud_shell, client_id: a", ["MSI_ENDPOINT": "http://127.0.0.1/t"],
                ["4 E625 `client_id` cannot be set with this source: Cloud Shell has one identity"]
            ),
            (
                ", object_id: a", ["MSI_ENDPOINT": "http://127.0.0.1/t", "MSI_SECRET": "s"],
                [
                    "4 E625 `object_id` cannot be set with this source: "
                        + "Azure Machine Learning knows identities by `client_id`"
                ]
            ),
            (
                ", source: service_fabric, resource_id: a, endpoint: http://127.0.0.1/t",
                ["IDENTITY_HEADER": "h", "IDENTITY_SERVER_THUMBPRINT": "a1b2"],
                [
                    "4 E624 Service Fabric's endpoint is not `https://`, so it cannot be told by its certificate",
                    "4 E624 environment variable `IDENTITY_SERVER_THUMBPRINT` is not a SHA-1 thumbprint",
                    "4 E625 `resource_id` cannot be set with this source: Service Fabric's is set on the cluster",
                ]
            ),
            (
                ", source: imds, arc_token_directory: /tokens", [:],
                ["4 E625 `arc_token_directory` means nothing with source `imds`"]
            ),
            (
                ", source: azure_arc, arc_token_directory: /tokens/../etc", [:],
                ["4 E111 `arc_token_directory` is not a directory"]
            ),
            (", tenant_id: x", [:], ["4 E101 unknown key `tenant_id` in credential `cred`"]),
        ] as [(String, [String: String], [String])])
    func diagnostics(keys: String, variables: [String: String], expected: [String]) {
        #expect(Self.load(keys, variables).findings == expected)
    }

    @Test("another setting is another identity, and the same settings are the same")
    func identities() throws {
        let variants = [
            "", ", client_id: a", ", object_id: a", ", resource_id: a", ", scope: https://x/.default",
            ", endpoint: http://127.0.0.1:9", ", source: azure_arc",
            ", source: azure_arc, arc_token_directory: /tokens",
        ]
        let identities = variants.compactMap { Self.load($0).strategy?.identity }
        #expect(identities.count == variants.count)
        #expect(Set(identities).count == variants.count)
        for (variant, identity) in zip(variants, identities) {
            #expect(Self.load(variant).strategy?.identity == identity)
        }
        #expect(Self.load(", source: imds").strategy?.identity == identities[0], "found or named, it is the same")
        let headers = ["one", "two"].map { header in
            Self.load("", ["IDENTITY_ENDPOINT": "http://127.0.0.1/t", "IDENTITY_HEADER": header]).strategy?.identity
        }
        #expect(headers[0] != headers[1])
        #expect("\(identities[0])" == "<token identity>")
    }
}
