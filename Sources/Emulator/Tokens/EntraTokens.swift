internal import Crypto

/// Access tokens of applications: made by the token endpoints, believed by the resource.
///
/// One object, since both sides share it: what is revoked here is refused there.
final class EntraTokens {
    /// The resource that tokens are for; the slash at its end is part of it.
    static let audience = "https://communication.azure.com/"
    /// The scope that asks for it: the resource and `/.default`.
    static let scope = "https://communication.azure.com//.default"

    /// Who gets a token, and how.
    struct Order {
        var tenant: String
        /// The application's client id.
        var application: String
        /// The id of its object in the directory.
        var object: String
        var lifetimeSeconds: Int
        /// The JSON of a claims challenge that it answers.
        var claims: String?
        /// Platforms of managed identities pass no claims on: such a token answers a challenge by being new.
        var isManagedIdentity = false
    }

    /// What the resource asks of tokens besides.
    private struct Demand {
        var claims: JSONValue
        var text: String
        /// Older tokens do not answer it.
        var serial: Int
    }

    private let maker: OwnJWT
    private var lastSerial = 0
    /// Tokens up to this serial are void.
    private var revokedThrough = 0
    private var demand: Demand?

    init(randomness: RandomBytes) { maker = OwnJWT(randomness: randomness) }

    /// A new token, another each time.
    func issue(_ order: Order, atSeconds now: Int) -> EntraToken {
        lastSerial += 1
        let expiry = now + order.lifetimeSeconds
        let claims = Claims(
            aud: Self.audience, iss: "https://sts.windows.net/\(order.tenant)/", iat: now, nbf: now, exp: expiry,
            appid: order.application, oid: order.object, tid: order.tenant, uti: String(lastSerial),
            requestedClaims: order.claims, isManagedIdentity: order.isManagedIdentity)
        return EntraToken(
            text: maker.token(saying: claims), application: order.application, issuedAt: now, expiresAt: expiry,
            serial: lastSerial)
    }

    /// The application whose valid token `request` bears.
    func verify(_ request: EmulatedRequest) throws(CredentialFault) -> VerifiedApplication {
        for name in ["authorization", "host", "content-type", "content-length"] where request.values(of: name).count > 1
        {
            throw .repeated(name)
        }
        try AccessKeyCheck.refuseLeftovers(in: request)
        let authorization = try request.theOnly("authorization")
        guard Self.isBearer(authorization) else { throw .malformedAuthorization }
        let text = String(authorization.dropFirst("Bearer ".count))
        guard let claims = maker.claims(of: text, as: Claims.self), let serial = Int(claims.uti) else {
            throw .invalidToken("foreign")
        }
        guard claims.aud == Self.audience else { throw .invalidToken("for another resource") }
        guard claims.exp > request.receivedAtSeconds else { throw .invalidToken("expired") }
        guard serial > revokedThrough else { throw .invalidToken("revoked") }
        if let demand, !claims.answers(demand.claims, after: demand.serial, serial: serial) {
            throw .insufficientClaims(demand.text)
        }
        return VerifiedApplication(id: claims.appid, tokenSerial: serial)
    }

    /// Whether `authorization` is of the scheme `Bearer`.
    static func isBearer(_ authorization: String) -> Bool {
        authorization.asciiLowercased.utf8.starts(with: "bearer ".utf8)
    }

    /// Makes all tokens so far void.
    func revokeAll() { revokedThrough = lastSerial }

    /// Whether the token with `serial` is not void.
    func isCurrent(_ serial: Int) -> Bool { serial > max(revokedThrough, demand?.serial ?? 0) }

    /// From now on asks for these claims in a challenge, and refuses all tokens so far; `nil` ends it.
    func demand(claims text: String?) throws(ServiceError) {
        guard let text else { return demand = nil }
        guard let claims = JSONValue(parsing: text), case .object = claims else {
            throw .badRequest("`claims` must be the text of a JSON object.")
        }
        demand = Demand(claims: claims, text: text, serial: lastSerial)
    }

    private struct Claims: Codable {
        var aud: String
        var iss: String
        var iat: Int
        var nbf: Int
        var exp: Int
        var appid: String
        var idtyp = "app"
        var oid: String
        var tid: String
        /// The serial.
        var uti: String
        var ver = "1.0"
        var requestedClaims: String?
        var isManagedIdentity: Bool

        func answers(_ demanded: JSONValue, after demandSerial: Int, serial: Int) -> Bool {
            guard serial > demandSerial else { return false }
            if isManagedIdentity { return true }
            return requestedClaims.flatMap { JSONValue(parsing: $0) }?.includes(demanded) ?? false
        }
    }
}

/// A token as it was made.
struct EntraToken: Equatable {
    var text: String
    /// The client id of the application that it is for.
    var application: String
    var issuedAt: Int
    /// Seconds since 1970; from then on it is refused.
    var expiresAt: Int
    /// Later tokens have larger ones.
    var serial: Int
}

/// The proof that a request bears an application's valid token; only ``EntraTokens`` makes one.
struct VerifiedApplication: Equatable {
    /// Its client id.
    let id: String
    /// Which of the tokens it was.
    let tokenSerial: Int

    fileprivate init(id: String, tokenSerial: Int) {
        self.id = id
        self.tokenSerial = tokenSerial
    }
}
