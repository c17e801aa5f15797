internal import Crypto

/// The endpoints that hand out a machine's own identity: one check of a request, with the particulars of each
/// ``ManagedIdentitySource``.
struct ManagedIdentityEndpoint {
    private let identityHeader: String
    private let tokens: EntraTokens
    private var challenges: ArcChallenges?
    /// The platform keeps a token for a while: asking again soon gives the same.
    private var kept: [String: EntraToken] = [:]

    init(identityHeader: String, challenges: ArcChallenges?, tokens: EntraTokens) {
        self.identityHeader = identityHeader
        self.challenges = challenges
        self.tokens = tokens
    }

    /// The token that `request` may have, and the answer that hands it over.
    mutating func answer(
        _ request: EmulatedRequest, _ source: ManagedIdentitySource, lifetimeSeconds: Int
    ) throws(ManagedIdentityFault) -> (token: EntraToken, answer: EmulatedAnswer) {
        guard request.method == source.method else { throw .wrongMethod(source.method) }
        try checkFields(of: request, source)
        if source == .azureArc { try checkChallenge(request) }
        let parameters = try Self.parameters(of: request, source)
        let (identity, selector) = try Self.identity(parameters, source)
        let token = token(for: identity, lifetimeSeconds: lifetimeSeconds, atSeconds: request.receivedAtSeconds)
        return (token, Self.answer(token, identity, selector: selector, source, atSeconds: request.receivedAtSeconds))
    }

    /// Takes the key files of open challenges away.
    mutating func close() { challenges?.closeAll() }

    // MARK: The steps

    private func checkFields(of request: EmulatedRequest, _ source: ManagedIdentitySource) throws(ManagedIdentityFault)
    {
        if let name = source.secretField {
            let values = request.values(of: name)
            guard values.count == 1, constantTimeEqual(values[0].utf8.span, identityHeader.utf8.span) else {
                throw .wrongSecret
            }
        } else {
            guard request.values(of: "metadata").map(\.asciiLowercased) == ["true"] else { throw .noMetadata }
            // A request that somebody was talked into forwarding does not come from this machine.
            guard request.values(of: "x-forwarded-for").isEmpty else { throw .forwarded }
        }
    }

    /// Azure Arc: refuses with a new challenge unless `request` answers an earlier one.
    private mutating func checkChallenge(_ request: EmulatedRequest) throws(ManagedIdentityFault) {
        guard challenges != nil else {
            throw .badRequest("There is no directory for key files", "no --arc-token-directory")
        }
        let authorization = request.values(of: "authorization")
        if authorization.count == 1, challenges?.take(authorization[0]) == true { return }
        guard let path = challenges?.issue() else {
            throw ManagedIdentityFault(
                status: 500, code: "unknown", message: "The key file cannot be written", reason: "no key file")
        }
        throw .challenge(keyFile: path)
    }

    /// The parameters, each once.  One that the source does not know is refused: where it is passed over, the token is
    /// that of another identity.
    private static func parameters(
        of request: EmulatedRequest, _ source: ManagedIdentitySource
    ) throws(ManagedIdentityFault) -> [String: String] {
        let pairs: [EmulatedField]
        do throws(ServiceError) {
            pairs = try source.pairs(of: request)
        } catch {
            throw .badRequest("The request is malformed", "malformed parameters")
        }
        var parameters: [String: String] = [:]
        for pair in pairs {
            let isKnown = ["resource", "api-version"].contains(pair.name) || source.selectors[pair.name] != nil
            guard isKnown, parameters[pair.name] == nil else {
                throw .badRequest("The request is malformed", "unknown or repeated parameter")
            }
            parameters[pair.name] = pair.value
        }
        let versions = source.apiVersions
        guard versions.isEmpty || parameters["api-version"].map(versions.contains) ?? false else {
            throw .badRequest("The api-version is missing or not supported", "wrong api-version")
        }
        guard let resource = parameters["resource"] else {
            throw .badRequest("Required audience parameter not specified", "missing resource")
        }
        guard resource == EntraTokens.audience else {
            throw .badRequest(
                "AADSTS500011: The resource principal named \(resource) was not found in the tenant",
                "unknown resource", code: "invalid_resource")
        }
        return parameters
    }

    /// The identity that `parameters` choose, and the parameter that does.
    private static func identity(
        _ parameters: [String: String], _ source: ManagedIdentitySource
    ) throws(ManagedIdentityFault) -> (EmulatedIdentity, selector: String?) {
        let chosen = parameters.keys.filter { source.selectors[$0] != nil }
        guard let name = chosen.first, let path = source.selectors[name] else { return (.system, nil) }
        guard chosen.count == 1 else { throw .badRequest("Only one identity can be chosen", "two identities") }
        let identities = [EmulatedIdentity.system, .userAssigned]
        // Azure's ids are compared without regard to case.
        let wanted = parameters[name]?.asciiLowercased
        guard let identity = identities.first(where: { $0[keyPath: path].asciiLowercased == wanted }) else {
            throw .unknownIdentity
        }
        return (identity, name)
    }

    /// The token that is kept, through the first quarter of its life, or a new one.
    private mutating func token(
        for identity: EmulatedIdentity, lifetimeSeconds: Int, atSeconds now: Int
    ) -> EntraToken {
        if let token = kept[identity.clientID], now < token.issuedAt + lifetimeSeconds / 4,
            tokens.isCurrent(token.serial)
        {
            return token
        }
        let order = EntraTokens.Order(
            tenant: EmulatedIdentity.tenant, application: identity.clientID, object: identity.objectID,
            lifetimeSeconds: lifetimeSeconds, isManagedIdentity: true)
        let token = tokens.issue(order, atSeconds: now)
        kept[identity.clientID] = token
        return token
    }
}

// MARK: Answers

extension ManagedIdentityEndpoint {
    private static func answer(
        _ token: EntraToken, _ identity: EmulatedIdentity, selector: String?, _ source: ManagedIdentitySource,
        atSeconds now: Int
    ) -> EmulatedAnswer {
        var content = Content(accessToken: token.text, expiresOn: .text(String(token.expiresAt)))
        switch source {
        case .imds, .azureArc, .cloudShell:
            // One second less, since the fraction of the current second was cut off.
            content.expiresIn = String(token.expiresAt - now - 1)
            content.extExpiresIn = content.expiresIn
            content.notBefore = String(token.issuedAt)
            content.clientId = identity.clientID
        case .appService, .azureML: content.clientId = identity.clientID
        case .serviceFabric: content.expiresOn = .number(token.expiresAt)
        }
        // Azure Arc's agent repeats what it was asked for; one that does not is too old to know it.
        if selector == "object_id" { content.objectId = identity.objectID }
        if selector == "msi_res_id" { content.msiResId = identity.resourceID }
        return EmulatedAnswer(status: 200, snakeCaseJSON: content)
    }

    private struct Content: Encodable {
        var accessToken: String
        var expiresOn: Time
        var expiresIn: String?
        var extExpiresIn: String?
        var notBefore: String?
        var clientId: String?
        var objectId: String?
        var msiResId: String?
        var resource = EntraTokens.audience
        var tokenType = "Bearer"
    }

    /// Sources differ in how they write a time.
    private enum Time: Encodable {
        case text(String), number(Int)

        func encode(to encoder: any Encoder) throws {
            var single = encoder.singleValueContainer()
            switch self {
            case .text(let text): try single.encode(text)
            case .number(let number): try single.encode(number)
            }
        }
    }
}

extension ManagedIdentitySource {
    /// Where parameters stand: in the query, in Cloud Shell in a form.
    fileprivate func pairs(of request: EmulatedRequest) throws(ServiceError) -> [EmulatedField] {
        guard self == .cloudShell else { return try EmulatedTarget(request.target).query }
        return try FormText.pairs(String(decoding: request.body, as: UTF8.self))
    }
}
