internal import Crypto

/// The emulated endpoints that give tokens: Entra's, and those of all sources of managed identities.
///
/// They lie beside the resource on the same address, told apart by path, and can be taken down and up again.
struct TokenEndpoints {
    /// Where a request goes.
    fileprivate enum Endpoint {
        case entra(tenant: String)
        case discovery(tenant: String)
        case managedIdentity(ManagedIdentitySource)
        case control
    }

    private let options: TokenOptions
    private let scheme: String
    private let randomness: RandomBytes
    private let tokens: EntraTokens
    private var entra: EntraEndpoint
    private var managedIdentity: ManagedIdentityEndpoint
    private var isAvailable: Bool
    private var journal = TokenJournal()

    /// Endpoints of `principals` and of two managed identities, that make `tokens`.
    init(
        _ options: TokenOptions, principals: [KnownPrincipal], tokens: EntraTokens, scheme: String,
        arcFiles: ArcChallenges.Files, randomness: RandomBytes
    ) {
        self.options = options
        self.scheme = scheme
        self.randomness = randomness
        self.tokens = tokens
        isAvailable = options.isAvailable
        entra = EntraEndpoint(principals: principals, isLenient: options.acceptsSloppyAssertions)
        managedIdentity = ManagedIdentityEndpoint(
            identityHeader: options.identityHeader,
            challenges: options.arcTokenDirectory.map {
                ArcChallenges(directory: $0, files: arcFiles, randomness: randomness)
            },
            tokens: tokens)
    }

    /// What is answered to `request`; nothing when it is for the resource.
    mutating func answer(to request: EmulatedRequest) -> EmulatedAnswer? {
        let path = try? EmulatedTarget(String(request.target.prefix { $0 != "?" })).path
        guard let endpoint = path.flatMap(Endpoint.init) else { return nil }
        switch endpoint {
        case .control:
            // Nothing of the emulator's own is there for other machines.
            return request.peerIsLoopback ? control(request) : nil
        case .discovery(let tenant): return discovery(request, tenant: tenant)
        case .entra(let tenant): return held(askEntra(request, tenant: tenant))
        case .managedIdentity(let source): return held(askManagedIdentity(request, source))
        }
    }

    /// Ends what lies outside: the key files of open challenges.
    mutating func close() { managedIdentity.close() }

    private func held(_ answer: EmulatedAnswer) -> EmulatedAnswer {
        var answer = answer
        answer.delay = options.latency
        return answer
    }

    // MARK: The endpoints

    private mutating func askEntra(_ request: EmulatedRequest, tenant: String) -> EmulatedAnswer {
        var note = TokenJournal.Entry(request, endpoint: "entra")
        let answer: EmulatedAnswer
        do throws(EntraFault) {
            switch trouble() {
            case .unavailable: throw .unavailable
            case .throttled: throw .throttled
            case .failed: throw .transient
            case .none: break
            }
            let (order, proof) = try entra.grant(
                request, tenant: tenant, tokenURL: origin(of: request) + request.target,
                lifetimeSeconds: options.lifetimeSeconds ?? 3600)
            let token = tokens.issue(order, atSeconds: request.receivedAtSeconds)
            note.proof = proof
            note.gave(token)
            // One second less, since the fraction of the current second was cut off; Entra does so too.
            let rest = order.lifetimeSeconds - 1
            answer = EmulatedAnswer(
                status: 200,
                snakeCaseJSON: EntraContent(
                    expiresIn: rest, extExpiresIn: rest, refreshIn: options.refreshInSeconds, accessToken: token.text))
        } catch {
            note.refused(status: error.status, error.reason)
            answer = retrying(error.answer(to: request, randomness: randomness), reason: error.reason)
        }
        journal.record(note)
        return answer
    }

    private mutating func askManagedIdentity(
        _ request: EmulatedRequest, _ source: ManagedIdentitySource
    ) -> EmulatedAnswer {
        var note = TokenJournal.Entry(request, endpoint: source.rawValue)
        let answer: EmulatedAnswer
        do throws(ManagedIdentityFault) {
            switch trouble() {
            case .unavailable: throw .unavailable
            case .throttled: throw .throttled
            case .failed: throw .failed
            case .none: break
            }
            let given = try managedIdentity.answer(
                request, source, lifetimeSeconds: options.lifetimeSeconds ?? 86_400)
            note.gave(given.token)
            answer = given.answer
        } catch {
            note.refused(status: error.status, error.reason)
            answer = retrying(error.answer(of: source, randomness: randomness), reason: error.reason)
        }
        journal.record(note)
        return answer
    }

    /// What libraries read before their first request, so that they find the token endpoint.
    private func discovery(_ request: EmulatedRequest, tenant: String) -> EmulatedAnswer {
        guard request.method == "GET" else { return ServiceError.methodNotAllowed(allowed: ["GET"]).answer }
        let base = "\(origin(of: request))/\(tenant)"
        return EmulatedAnswer(
            status: 200,
            snakeCaseJSON: Discovery(
                issuer: "\(base)/v2.0", tokenEndpoint: "\(base)/oauth2/v2.0/token",
                authorizationEndpoint: "\(base)/oauth2/v2.0/authorize",
                deviceAuthorizationEndpoint: "\(base)/oauth2/v2.0/devicecode"))
    }

    // MARK: Failing on purpose

    private enum Trouble { case none, unavailable, throttled, failed }

    private func trouble() -> Trouble {
        guard isAvailable else { return .unavailable }
        guard options.rejectRate > 0 else { return .none }
        let draw = randomness.unitInterval()
        return draw < options.rejectRate / 2 ? .throttled : draw < options.rejectRate ? .failed : .none
    }

    /// `answer` with the reason, and the time to wait where it is 429.
    private func retrying(_ answer: EmulatedAnswer, reason: String) -> EmulatedAnswer {
        var answer = answer
        if answer.status == 429 { answer.fields.append(EmulatedField("retry-after", "1")) }
        answer.fields.append(EmulatedField("x-acs-emulator-reason", reason))
        return answer
    }

    // MARK: Control

    /// `/_emulator/tokens`: `GET` tells what was asked, `DELETE` forgets it, `PUT` takes the endpoints down and up.
    private mutating func control(_ request: EmulatedRequest) -> EmulatedAnswer {
        do throws(ServiceError) {
            switch request.method {
            case "GET": return EmulatedAnswer(status: 200, json: journal.page(isAvailable: isAvailable))
            case "DELETE": journal.clear()
            case "PUT": try obey(request.json(Command.self))
            default: throw .methodNotAllowed(allowed: ["GET", "PUT", "DELETE"])
            }
            return EmulatedAnswer(status: 204)
        } catch {
            return error.answer
        }
    }

    private mutating func obey(_ command: Command) throws(ServiceError) {
        if let claims = command.claims { try tokens.demand(claims: claims.isEmpty ? nil : claims) }
        if command.revoke == true { tokens.revokeAll() }
        if let available = command.available { isAvailable = available }
    }

    private struct Command: Decodable {
        /// Whether the endpoints answer.
        var available: Bool?
        /// Makes all tokens so far void.
        var revoke: Bool?
        /// The JSON of a claims challenge to all tokens so far, and to those asked for without it; empty ends it.
        var claims: String?
    }

    /// Scheme and host as the client named them.
    private func origin(of request: EmulatedRequest) -> String {
        "\(scheme)://\(request.values(of: "host").first ?? "")"
    }

    private struct EntraContent: Encodable {
        var tokenType = "Bearer"
        var expiresIn, extExpiresIn: Int
        var refreshIn: Int?
        var accessToken: String
    }

    private struct Discovery: Encodable {
        var issuer, tokenEndpoint, authorizationEndpoint, deviceAuthorizationEndpoint: String
    }
}

extension TokenEndpoints.Endpoint {
    /// The endpoint at `path` (decoded segments); a tenant is whatever stands there.
    fileprivate init?(path: [String]) {
        let names = path.map(\.asciiLowercased)
        if names == ["_emulator", "tokens"] {
            self = .control
        } else if names.count == 4, names[1...] == ["oauth2", "v2.0", "token"] {
            self = .entra(tenant: path[0])
        } else if names.count == 4, names[1...] == ["v2.0", ".well-known", "openid-configuration"] {
            self = .discovery(tenant: path[0])
        } else if let source = ManagedIdentitySource(path: path) {
            self = .managedIdentity(source)
        } else {
            return nil
        }
    }
}

extension TokenJournal.Entry {
    fileprivate init(_ request: EmulatedRequest, endpoint: String) {
        self.init(
            number: 0, receivedAt: ServiceTime(secondsSince1970: request.receivedAtSeconds).iso8601,
            endpoint: endpoint, outcome: .refused, status: 0)
    }

    fileprivate mutating func gave(_ token: EntraToken) {
        (outcome, status, application, self.token) = (.issued, 200, token.application, token.serial)
    }

    fileprivate mutating func refused(status: Int, _ reason: String) {
        (self.status, self.reason) = (status, reason)
        switch status {
        case 429, 500: outcome = .rejected
        case 503: outcome = .unavailable
        default: outcome = reason == "challenge" ? .challenged : .refused
        }
    }
}
