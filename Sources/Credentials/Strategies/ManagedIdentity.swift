public import ConfigDSL

/// Sends tokens of the managed identity that Azure gave to where the gateway runs.
///
/// Which platform that is, `source` says, or the variables that the platform set tell.
/// Source: "What are managed identities for Azure resources?"
public struct ManagedIdentityStrategy: TokenStrategy {
    /// `managed_identity`.
    public static let kind = "managed_identity"

    private let platform: any IdentitySource
    /// The platform's name as in a configuration.
    public let source: String
    /// Changes with the platform, its address and secrets, the identity that was chosen and the scope.
    public let identity: TokenIdentity

    /// Reads `source`, which identity, what for, and the platform's variables.
    public init?(decoding fields: inout FieldReader) {
        let choice = fields.optional("source", Self.choice)
        let selector = Self.selector(&fields)
        let scope = TokenScope.read(&fields)
        let endpoint = fields.optional("endpoint", Self.url)
        let directory = fields.optional("arc_token_directory", Self.directory)
        let isWrong =
            choice == nil && fields.has("source") || endpoint == nil && fields.has("endpoint")
            || directory == nil && fields.has("arc_token_directory")
        guard !isWrong, let selector, let scope else { return nil }

        var reader = PlatformReader(
            fields: fields, endpoint: endpoint,
            arcTokenDirectory: directory.map { fields.context.resolve($0) }.map { $0.hasSuffix("/") ? $0 : $0 + "/" },
            place: fields.has("source") ? fields.valuePlace(of: "source") : fields.place)
        let request = IdentityRequest(selector: selector, scope: scope)
        let found = Self.platform(choice ?? .detected, request, &reader)
        fields = reader.fields
        guard let found else { return nil }
        (platform, source) = (found.platform, found.name.rawValue)
        identity = TokenIdentity(
            [.text("managed_identity"), .text(source), .text(scope.text), .text("\(selector)")] + platform.identity)
    }

    /// One GET, or what the platform wants instead; a challenge's claims cannot be passed on.
    public func beginFetch(after refusal: TokenRefusal?, environment: TokenEnvironment) -> TokenExchange {
        TokenExchange(platform.conversation(after: refusal, environment))
    }
}

extension ManagedIdentityStrategy {
    /// What `source` says.
    private enum Choice {
        case detected
        case named(IdentitySourceName)
    }

    private static func choice(_ scalar: Scalar) throws(ValueError) -> Choice {
        if scalar.text == "auto" { return .detected }
        guard let name = IdentitySourceName(rawValue: scalar.text) else {
            throw .notAChoice(scalar, of: ["auto"] + IdentitySourceName.allCases.map(\.rawValue))
        }
        return .named(name)
    }

    private static func platform(
        _ choice: Choice, _ request: IdentityRequest, _ reader: inout PlatformReader
    ) -> (name: IdentitySourceName, platform: any IdentitySource)? {
        let name: IdentitySourceName
        switch choice {
        case .named(let chosen): name = chosen
        case .detected:
            guard let found = IdentitySourceName.detected(reader.variable) else {
                reader.tell(
                    "environment variable `IDENTITY_ENDPOINT` is set without `IDENTITY_HEADER` or `IMDS_ENDPOINT`",
                    help: "set what belongs to it, unset it, or name the `source`")
                return nil
            }
            name = found
        }
        if case .named = choice, name != .azureArc, reader.arcTokenDirectory != nil {
            reader.fields.report(
                .sourceSetting, "`arc_token_directory` means nothing with source `\(name.rawValue)`",
                at: reader.fields.place(of: "arc_token_directory"), help: "leave it out")
        }
        return name.type.init(request, &reader).map { (name, $0) }
    }

    /// At most one of the three; `nil` when there are more, or it is wrong.
    private static func selector(_ fields: inout FieldReader) -> IdentityRequest.Selector? {
        let keys = ["client_id", "object_id", "resource_id"]
        let values = keys.map { fields.optional($0, EntraIdentifier.client) }
        let present = keys.filter(fields.has)
        guard present.count <= 1 else {
            fields.report(
                .keysConflict, "\(fields.owner) has `\(present[1])` besides `\(present[0])`",
                at: fields.place(of: present[1]), help: "one of them says which identity")
            return nil
        }
        switch (present.first, values[0], values[1], values[2]) {
        case (nil, _, _, _): return .system
        case (_, let id?, _, _): return .client(id)
        case (_, _, let id?, _): return .object(id)
        case (_, _, _, let id?): return .resource(id)
        case _: return nil
        }
    }

    private static func url(_ scalar: Scalar) throws(ValueError) -> TokenURL {
        let url = try TokenURL(try String.parse(scalar))
        try url.checkPlaintext()
        return url
    }

    private static func directory(_ scalar: Scalar) throws(ValueError) -> String {
        let text = try String.parse(scalar)
        guard !text.utf8.contains(0), !text.split(separator: "/").contains("..") else {
            throw ValueError(.badForm, "is not a directory", help: "write its path without `..`")
        }
        return text
    }
}
