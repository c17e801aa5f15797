internal import Crypto

/// The access tokens of users: made for Identity, believed by Chat.
///
/// A token has the shape that SDKs parse (a JWT with `exp`).
/// Source of the payload's names: azure-sdk-for-net, `JwtTokenParser.cs`, and the SDKs' recorded tests.
struct UserTokens {
    /// The scopes that the service knows ("Identity model", "Access tokens").
    static let knownScopes: Set<String> = ["chat", "chat.join", "chat.join.limited", "voip", "voip.join"]

    /// A token's life in minutes, as the Identity API limits it.
    static let lifetimeMinutes = 60...1440

    private let maker: OwnJWT
    /// The GUID of the emulated resource.
    private let resource: String
    private var lastSerial = 0

    init(resource: String, randomness: RandomBytes) {
        self.resource = resource
        maker = OwnJWT(randomness: randomness)
    }

    /// A token for `user` (`8:acs:…`), and the serial that revocation goes by.
    mutating func issue(
        to user: String, scopes: [String], minutes: Int, atSeconds now: Int
    ) -> (token: IssuedToken, serial: Int) {
        // The issue time in microseconds, made unique: the service's `csi` is an issue time too.
        lastSerial = max(lastSerial + 1, now * 1_000_000)
        let expiry = now + minutes * 60
        let claims = Claims(
            skypeid: String(user.dropFirst("8:".count)), scp: 1792, csi: String(lastSerial), exp: expiry,
            acsScope: scopes.joined(separator: ","), resourceId: resource, iat: now)
        let token = IssuedToken(
            token: maker.token(saying: claims), expiresOn: ServiceTime(secondsSince1970: expiry).iso8601)
        return (token, lastSerial)
    }

    /// Who bears `token`, or nothing when it is not ours or has run out.  Revocation is the caller's to check.
    func bearer(of token: String, atSeconds now: Int) -> TokenBearer? {
        guard let claims = maker.claims(of: token, as: Claims.self), claims.exp > now, let serial = Int(claims.csi)
        else { return nil }
        return TokenBearer(
            user: "8:" + claims.skypeid, scopes: claims.acsScope.split(separator: ",").map(String.init), serial: serial)
    }

    private struct Claims: Codable {
        var skypeid: String
        var scp: Int
        var csi: String
        var exp: Int
        var acsScope: String
        var resourceId: String
        var iat: Int
    }
}

/// A token as Identity answers it.
struct IssuedToken: Codable {
    var token: String
    /// ISO 8601 with seven digits of fraction.
    var expiresOn: String
}

/// What a genuine token says.
struct TokenBearer: Equatable {
    var user: String
    var scopes: [String]
    /// Later tokens have larger ones.
    var serial: Int
}
