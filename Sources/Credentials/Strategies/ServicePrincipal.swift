public import ConfigDSL
internal import Crypto

/// Sends tokens that Microsoft Entra ID gives to an app registration, a *service principal*.
///
/// It proves itself with a client secret, with a certificate, or with the token of a platform that Entra trusts
/// (workload identity federation).
/// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow".
public struct ServicePrincipalStrategy: TokenStrategy {
    /// `service_principal`.
    public static let kind = "service_principal"

    private let principal: ServicePrincipal
    /// Changes with every setting, and with the secret or the certificate.
    public let identity: TokenIdentity

    /// Reads tenant, client, exactly one proof, authority and scope.
    public init?(decoding fields: inout FieldReader) {
        guard let principal = ServicePrincipal(decoding: &fields) else { return nil }
        self.principal = principal
        identity = principal.identity
    }

    /// `entra`.
    public var source: String { "entra" }

    /// One POST, made anew for each retry.
    public func beginFetch(after refusal: TokenRefusal?, environment: TokenEnvironment) -> TokenExchange {
        TokenExchange(EntraConversation(principal, claims: refusal?.claims, environment: environment))
    }
}

/// An app registration in a tenant, and how it proves itself.
struct ServicePrincipal: Sendable {
    let clientID: String
    let scope: TokenScope
    let proof: ClientProof
    /// Where tokens are asked for; also the audience of assertions.
    let tokenURL: String
    let trust: TokenRequest.Trust
    /// Continuous access evaluation: tokens live longer, and a resource may challenge them.
    let usesCAE: Bool

    private static let publicAuthority = "https://login.microsoftonline.com"

    /// Reads everything, so that every mistake is told.
    init?(decoding fields: inout FieldReader) {
        let tenant = fields.required("tenant_id", example: "\"00000000-…\"", EntraIdentifier.tenant)
        let client = fields.required("client_id", example: "\"00000000-…\"", EntraIdentifier.client)
        let proof = Self.proof(&fields)
        let authority = fields.optional("authority", Self.authority)
        let scope = TokenScope.read(&fields)
        let usesCAE = fields.optional("cae", default: false, Bool.parse)
        guard let trust = Self.trust(&fields) else { return nil }
        if fields.has("authority"), authority == nil { return nil }
        guard let tenant, let client, let proof, let scope else { return nil }
        clientID = client
        (self.scope, self.proof, self.trust, self.usesCAE) = (scope, proof, trust.trust, usesCAE)
        tokenURL = "\(authority?.origin ?? Self.publicAuthority)/\(tenant)/oauth2/v2.0/token"
        trustText = trust.text
    }

    /// What `ca` holds: another one is another authority.
    private let trustText: Secret?

    /// Changes with everything that may change the token.
    var identity: TokenIdentity {
        var parts: [TokenIdentity.Part] = [
            .text("service_principal"), .text(tokenURL), .text(clientID), .text(scope.text), .text("cae \(usesCAE)"),
        ]
        if let trustText { parts += [.text("ca"), .secret(trustText)] }
        return TokenIdentity(parts + proof.identity)
    }

    /// An origin; `https` goes without saying, and blanks and slashes at its end do not count.
    private static func authority(_ scalar: Scalar) throws(ValueError) -> Endpoint {
        var text = try String.parse(scalar)
        while let last = text.last, last == " " || last == "/" { text.removeLast() }
        let endpoint: Endpoint
        do throws(ValueError) {
            endpoint = try Endpoint(text.contains("://") ? text : "https://\(text)")
        } catch {
            throw ValueError(.badAuthority, error.message, help: error.help)
        }
        guard endpoint.scheme == .https || endpoint.isLoopback else {
            throw ValueError(.badAuthority, "is plain HTTP to another machine", help: "write `https://`")
        }
        return endpoint
    }

    /// The authorities in `ca`; `nil` when they cannot be used.
    private static func trust(_ fields: inout FieldReader) -> (trust: TokenRequest.Trust, text: Secret?)? {
        guard fields.has("ca") else {
            _ = fields.node("ca")
            return (.system, nil)
        }
        guard let (path, content) = fields.optionalFileContent("ca") else { return nil }
        let pem = PEM(named: path.shown, content)
        do throws(TLSSetupError) {
            _ = try TLSContext(trusting: .only(pem))
        } catch {
            fields.report(.badCertificate, "\(error)", at: path.place)
            return nil
        }
        return (.authorities(pem), pem.text)
    }
}

/// Identifiers that go into requests.
enum EntraIdentifier {
    /// A tenant's ID or one of its domains: letters, digits, `-` and `.`, since it goes into the URL's path.
    static func tenant(_ scalar: Scalar) throws(ValueError) -> String {
        let text = try String.parse(scalar)
        let isPlain = text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        guard isPlain, text.utf8.count <= 253, text != ".", text != ".." else {
            throw ValueError(
                .badIdentifier, "is not a tenant", help: "a tenant is its ID, or a domain of it such as `contoso.com`")
        }
        return text
    }

    /// An app's ID, or that of an identity.
    static func client(_ scalar: Scalar) throws(ValueError) -> String {
        let text = try String.parse(scalar)
        guard text.utf8.count <= 256, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw ValueError(.badIdentifier, "is not an identifier", help: "copy it from the portal, without blanks")
        }
        return text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte >= 0x30 && byte <= 0x39
    }
}
