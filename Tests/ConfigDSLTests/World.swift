import ConfigDSL

/// The files and variables that the tests of this room load configurations in.
enum World {
    /// What a value from outside looks like: no diagnostic may ever show one.
    static let secretMarks = ["FROM-A-VARIABLE", "FROM-A-FILE", "c2VjcmV0LWtleQ", "INLINE"]

    static let variables = [
        "TEXT": "FROM-A-VARIABLE", "EMPTY": "", "PORT": "8080", "WORKERS": "4", "HOST": "FROM-A-VARIABLE.example",
        "CREDENTIALS_DIRECTORY": "/credentials",
    ]

    static let files = [
        "secrets/key1": "c2VjcmV0LWtleQ==\n", "secrets/key2": "c2VjcmV0LWtleTI=\r\n",
        "secrets/open": "c2VjcmV0LWtleQ==\n",
        "secrets/lines": "FROM-A-FILE\nFROM-A-FILE\n",
        "secrets/empty": "\n", "secrets/text": "FROM-A-FILE\n", "/credentials/key": "c2VjcmV0LWtleQ==\n",
        "/run/secrets/docker": "c2VjcmV0LWtleQ==\n", "tls/server.pem": "PEM", "tls/server.key": "PEM",
        "tls/open.key": "PEM", "tls/ca.pem": "PEM",
    ]

    /// An environment in which `gateway.yaml` is `config`.
    static func environment(_ config: [UInt8], at path: String = "gateway.yaml") -> LoadEnvironment {
        var bytes = files.mapValues { Array($0.utf8) }
        bytes["secrets/binary"] = [0x00, 0xFF, 0x80]
        bytes["secrets/huge"] = [UInt8](repeating: 0x61, count: (1 << 20) + 1)
        bytes[path] = config
        return .fixed(files: bytes, variables: variables, readableByOthers: ["secrets/open", "tls/open.key"])
    }

    /// What loading `config` as `gateway.yaml` gives.
    static func load(_ config: String) -> LoadResult { load(Array(config.utf8)) }

    /// What loading `config` as `gateway.yaml` gives.
    static func load(_ config: [UInt8]) -> LoadResult {
        ConfigLoader.load(file: "gateway.yaml", environment: environment(config))
    }

    /// What loading `config` gives once each credential was decoded too, as a strategy of two kinds of fields would.
    static func loadWithCredentials(_ config: [UInt8]) -> LoadResult {
        var result = load(config)
        for credential in result.draft.credentials {
            _ = credential.decode(into: &result.diagnostics) { fields -> Void? in
                switch fields.exactlyOne(of: ["key", "keys"]) {
                case "key"?: fields.requiredSecret("key") { _ in }
                case "keys"?: fields.requiredSecretList("keys", count: 1...2) { _ in }.map { _ in }
                default: nil
                }
            }
        }
        return result
    }

    /// A whole file around `part`: what it does not say is as little as will load.
    static func file(
        top: String = "", listeners: String = #"{ app: { bind: "127.0.0.1:8080" } }"#,
        credentials: String = #"{ key: { strategy: access_key, key: "${file:secrets/key1}" } }"#,
        resources: String = "{ contoso: { endpoint: https://contoso.communication.azure.com, credential: key } }",
        routes: String = "[{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: contoso }]"
    ) -> String {
        """
        version: 1
        \(top)
        listeners: \(listeners)
        credentials: \(credentials)
        resources: \(resources)
        routes: \(routes)
        """
    }
}
