public import ConfigDSL

/// The strategies that a configuration may name.
public enum StandardStrategies {
    /// All of them; a new one is a line here.
    private static let all: [any CredentialStrategy.Type] = [
        AccessKeyStrategy.self,
        ManagedIdentityStrategy.self,
        PassThroughStrategy.self,
        ServicePrincipalStrategy.self,
    ]

    /// Decodes all credentials of `config`, by their names, and tells all that is wrong with them, also when the rest
    /// of the file has errors; a credential that is wrong is left out.
    public static func decode(
        _ config: GatewayConfig, into diagnostics: inout Diagnostics
    ) -> [String: any CredentialStrategy] {
        var strategies: [String: any CredentialStrategy] = [:]
        for credential in config.credentials {
            strategies[credential.name] = credential.decode(into: &diagnostics) { strategy(credential, &$0) }
        }
        checkEndpoints(config, strategies, into: &diagnostics)
        return strategies
    }

    private static func strategy(
        _ credential: CredentialConfig, _ fields: inout FieldReader
    ) -> (any CredentialStrategy)? {
        let type = fields.required("strategy") { scalar throws(ValueError) in
            guard let type = all.first(where: { $0.kind == scalar.text }) else {
                throw .notAChoice(scalar, of: all.map { $0.kind })
            }
            return type
        }
        guard let type else {
            // Nobody knows which keys an unknown strategy has, so none of them is told.
            if case .mapping(let entries) = credential.fields.content {
                for entry in entries { _ = fields.node(entry.key) }
            }
            return nil
        }
        return type.init(decoding: &fields)
    }

    /// A credential that is for one endpoint is used with that one only, and Entra tokens go to Azure's hosts only.
    ///
    /// No endpoint is told: one came from a secret, the other may have come from a reference.
    private static func checkEndpoints(
        _ config: GatewayConfig, _ strategies: [String: any CredentialStrategy], into diagnostics: inout Diagnostics
    ) {
        let resources = Dictionary(config.resources.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var uses = config.resources.map { (resource: $0, credential: $0.credential ?? "", place: $0.endpointPlace) }
        for route in config.routes {
            guard let resource = resources[route.resource], resource.credential != route.credential else { continue }
            uses.append((resource, route.credential, route.place))
        }
        for use in uses {
            guard let strategy = strategies[use.credential] else { continue }
            if let endpoint = strategy.endpoint, endpoint != use.resource.endpoint {
                diagnostics.report(
                    .endpointOfAnother,
                    "credential `\(use.credential)` is for another endpoint than resource `\(use.resource.name)`",
                    at: use.place,
                    help: "the `endpoint=` in its connection string must be the resource's `endpoint`")
            }
            if strategy.tokenIdentity != nil, !mayHaveToken(use.resource) {
                diagnostics.report(
                    .tokenToStranger,
                    "credential `\(use.credential)` would send its Entra token to resource `\(use.resource.name)`, "
                        + "whose host is not Azure's",
                    at: use.place, help: "its host must be under `communication.azure.com`, or say `any_host: allow`")
            }
        }
    }

    /// Where an Entra token may go: Communication Services in the public cloud and in that of the US government, and
    /// this machine.
    private static func mayHaveToken(_ resource: ResourceConfig) -> Bool {
        let names = [".communication.azure.com", ".communication.azure.us"]
        return resource.anyHostAllowed || resource.endpoint.isLoopback
            || names.contains(where: resource.endpoint.host.hasSuffix)
    }
}

/// E6xx, credentials.
extension DiagnosticID {
    /// An access key that is not base64.
    static let badAccessKey = DiagnosticID("E610")
    /// A connection string that does not have its form.
    static let badConnectionString = DiagnosticID("E611")
    /// A connection string for another endpoint.
    static let endpointOfAnother = DiagnosticID("E612")
}
