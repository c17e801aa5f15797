internal import Crypto

/// Identity: users and their access tokens.
///
/// Source: azure-rest-api-specs, `Identity/stable/2023-10-01`.
struct Identity {
    /// Users kept; past it the oldest is forgotten, as if deleted.
    static let userLimit = 100_000

    private struct User {
        /// Tokens up to this serial are void.
        var revokedThrough = 0
        /// The newest token's serial.
        var lastSerial = 0
    }

    private let resource: String
    private let randomness: RandomBytes
    private var tokens: UserTokens
    private var users = BoundedTable<User>(capacity: Self.userLimit)

    init(randomness: RandomBytes) {
        resource = UUIDText(from: randomness).description
        self.randomness = randomness
        tokens = UserTokens(resource: resource, randomness: randomness)
    }

    /// `POST /identities`: 201 with the user and, when scopes are asked for, a token.
    mutating func create(_ request: EmulatedRequest) throws(ServiceError) -> EmulatedAnswer {
        let asked = request.body.isEmpty ? CreateRequest() : try request.json(CreateRequest.self)
        let scopes = asked.createTokenWithScopes ?? []
        let minutes = try Self.lifetime(asked.expiresInMinutes)
        try Self.check(scopes)
        let user = "8:acs:\(resource)_\(UUIDText(from: randomness))"
        users[user] = User()
        var created = CreateAnswer(identity: CreateAnswer.Identity(id: user))
        if !scopes.isEmpty {
            created.accessToken = issue(to: user, scopes: scopes, minutes: minutes, at: request.receivedAtSeconds)
        }
        return EmulatedAnswer(status: 201, json: created)
    }

    /// `POST /identities/{id}/:issueAccessToken`: 200 with a token.
    mutating func issueToken(to user: String, _ request: EmulatedRequest) throws(ServiceError) -> EmulatedAnswer {
        let asked = try request.json(IssueRequest.self)
        let minutes = try Self.lifetime(asked.expiresInMinutes)
        guard !asked.scopes.isEmpty else { throw .badRequest("`scopes` must name at least one scope.") }
        try Self.check(asked.scopes)
        guard users[user] != nil else { throw .notFound }
        let token = issue(to: user, scopes: asked.scopes, minutes: minutes, at: request.receivedAtSeconds)
        return EmulatedAnswer(status: 200, json: token)
    }

    /// `POST /identities/{id}/:revokeAccessTokens`: 204, and every token so far is void.
    mutating func revokeTokens(of user: String) throws(ServiceError) -> EmulatedAnswer {
        guard let known = users[user] else { throw .notFound }
        users[user] = User(revokedThrough: known.lastSerial, lastSerial: known.lastSerial)
        return EmulatedAnswer(status: 204)
    }

    /// `DELETE /identities/{id}`: 204, and the user's tokens are void.
    mutating func delete(_ user: String) throws(ServiceError) -> EmulatedAnswer {
        guard users[user] != nil else { throw .notFound }
        users[user] = nil
        return EmulatedAnswer(status: 204)
    }

    /// Whether `user` is one of this resource.
    func knows(_ user: String) -> Bool { users[user] != nil }

    /// The user whose valid token `request` bears.
    func verifyUser(_ request: EmulatedRequest) throws(CredentialFault) -> VerifiedUser {
        let authorization = try request.theOnly("authorization")
        let scheme = "bearer "
        guard authorization.asciiLowercased.utf8.starts(with: scheme.utf8),
            let bearer = tokens.bearer(
                of: String(authorization.dropFirst(scheme.count)), atSeconds: request.receivedAtSeconds),
            let user = users[bearer.user], bearer.serial > user.revokedThrough,
            bearer.scopes.contains(where: { $0.utf8.starts(with: "chat".utf8) })
        else { throw .invalidUserToken }
        return VerifiedUser(id: bearer.user)
    }

    private mutating func issue(to user: String, scopes: [String], minutes: Int, at now: Int) -> IssuedToken {
        let (token, serial) = tokens.issue(to: user, scopes: scopes, minutes: minutes, atSeconds: now)
        users[user]?.lastSerial = serial
        return token
    }

    private static func lifetime(_ minutes: Int?) throws(ServiceError) -> Int {
        let range = UserTokens.lifetimeMinutes
        guard let minutes else { return range.upperBound }
        guard range.contains(minutes) else {
            throw .badRequest(
                "`expiresInMinutes` must be between \(range.lowerBound) and \(range.upperBound).",
                code: "ValidationError")
        }
        return minutes
    }

    private static func check(_ scopes: [String]) throws(ServiceError) {
        for scope in scopes where !UserTokens.knownScopes.contains(scope) {
            throw .badRequest("The scope is not known.", code: "ValidationError")
        }
    }

    private struct CreateRequest: Decodable {
        var createTokenWithScopes: [String]?
        var expiresInMinutes: Int?
    }

    private struct IssueRequest: Decodable {
        var scopes: [String]
        var expiresInMinutes: Int?
    }

    private struct CreateAnswer: Encodable {
        struct Identity: Encodable { var id: String }
        var identity: Identity
        var accessToken: IssuedToken?
    }
}

/// The proof that a request bears a user's valid token for Chat; only ``Identity`` makes one.
struct VerifiedUser: Equatable {
    /// `8:acs:…`.
    let id: String

    fileprivate init(id: String) { self.id = id }
}
