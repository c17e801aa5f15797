internal import Crypto

/// Entra's token endpoint, `POST /{tenant}/oauth2/v2.0/token`, for applications: client credentials only.
///
/// Source: "Microsoft identity platform and the OAuth 2.0 client credentials flow".
struct EntraEndpoint {
    /// The longest JSON of a claims challenge.
    private static let claimsLimitBytes = 4096
    private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    private let principals: [KnownPrincipal]
    private let isLenient: Bool
    private var assertions: AssertionCheck

    init(principals: [KnownPrincipal], isLenient: Bool) {
        self.principals = principals
        self.isLenient = isLenient
        assertions = AssertionCheck(isLenient: isLenient)
    }

    /// What `request` may have, and by which proof.
    ///
    /// - Parameters:
    ///   - tenant: as the path names it.
    ///   - tokenURL: the whole address, which is an assertion's audience.
    ///   - lifetimeSeconds: of the token.
    mutating func grant(
        _ request: EmulatedRequest, tenant: String, tokenURL: String, lifetimeSeconds: Int
    ) throws(EntraFault) -> (order: EntraTokens.Order, proof: String) {
        guard request.method == "POST" else { throw .wrongMethod }
        let known = principals.filter { $0.tenant.asciiLowercased == tenant.asciiLowercased }
        guard let directory = known.first?.tenant else { throw .unknownTenant(tenant) }
        let form = try EntraForm(request)
        guard try form.required("grant_type") == "client_credentials" else { throw .unsupportedGrant }
        let client = try form.required("client_id")
        guard let principal = known.first(where: { $0.clientID.asciiLowercased == client.asciiLowercased }) else {
            throw .unknownApplication
        }
        let proof = try proof(of: principal, client, form, tokenURL: tokenURL, atSeconds: request.receivedAtSeconds)
        try checkScope(form)
        let order = EntraTokens.Order(
            tenant: directory, application: principal.clientID, object: principal.objectID,
            lifetimeSeconds: lifetimeSeconds, claims: try claims(form))
        return (order, proof)
    }

    // MARK: The steps

    /// What proves that the caller is `principal`: `client secret 1`, `certificate 2`, `federated token 1`.
    private mutating func proof(
        of principal: KnownPrincipal, _ client: String, _ form: EntraForm, tokenURL: String, atSeconds now: Int
    ) throws(EntraFault) -> String {
        switch (try form.optional("client_secret"), try form.optional("client_assertion")) {
        case (nil, nil): throw .noProof
        case (_?, _?): throw .malformed("client_assertion", "two proofs")
        case (let secret?, nil):
            guard let number = principal.secrets.number(of: secret) else { throw .wrongSecret }
            return "client secret \(number)"
        case (nil, let text?):
            guard try form.required("client_assertion_type") == Self.assertionType else {
                throw .malformed("client_assertion_type", "wrong client_assertion_type")
            }
            let trimmed = isLenient ? text.trimmed : text
            if let number = principal.federatedTokens.number(of: trimmed) { return "federated token \(number)" }
            let assertion = try ClientAssertion(trimmed, isLenient: isLenient)
            // Somebody else's token is not the application's own: then it is about federation.
            guard assertion.claims.iss == client || principal.federatedTokens.isEmpty else { throw .noFederation }
            let number = try assertions.verify(
                assertion, client: client, certificates: principal.certificates, tokenURL: tokenURL, atSeconds: now)
            return "certificate \(number)"
        }
    }

    private func checkScope(_ form: EntraForm) throws(EntraFault) {
        let scope = try form.required("scope")
        guard scope.hasSuffix("/.default"), !scope.contains(" ") else { throw .wrongScope }
        guard scope == EntraTokens.scope else { throw .unknownResource(String(scope.dropLast("/.default".count))) }
    }

    private func claims(_ form: EntraForm) throws(EntraFault) -> String? {
        guard let text = try form.optional("claims") else { return nil }
        guard text.utf8.count <= Self.claimsLimitBytes, let claims = JSONValue(parsing: text), case .object = claims
        else { throw .malformed("claims", "claims is not a JSON object") }
        return text
    }
}

/// A service principal, ready to check with.
struct KnownPrincipal {
    var tenant: String
    var clientID: String
    /// The id of its object in the directory: made up, the same in each run.
    var objectID: String
    var secrets: [Secret]
    var certificates: [VerifyingCertificate]
    var federatedTokens: [Secret]

    init(_ principal: EmulatedServicePrincipal) throws(TLSSetupError) {
        tenant = principal.tenant
        clientID = principal.clientID
        secrets = principal.secrets
        certificates = try principal.certificates.map { pem throws(TLSSetupError) in try VerifyingCertificate(pem) }
        federatedTokens = principal.federatedTokens
        let digest = SHA256.digest(of: "\(tenant) \(clientID)".utf8.span).hex
        objectID = "\(digest.prefix(8))-\(digest.dropFirst(8).prefix(4))-4000-8000-\(digest.suffix(12))"
    }
}

/// The content of a token request.
private struct EntraForm {
    private let pairs: [EmulatedField]

    init(_ request: EmulatedRequest) throws(EntraFault) {
        let mediaType = request.values(of: "content-type").first?.split(separator: ";").first.map(String.init) ?? ""
        // Entra reads nothing from other content, and misses the first parameter.
        guard mediaType.asciiLowercased == "application/x-www-form-urlencoded",
            let text = String(validating: request.body, as: UTF8.self)
        else { throw .missing("grant_type") }
        do throws(ServiceError) {
            pairs = try FormText.pairs(text)
        } catch {
            throw .malformed("grant_type", "malformed form")
        }
    }

    /// The value of `name`; nothing when it is not there or empty.
    func optional(_ name: String) throws(EntraFault) -> String? {
        let values = pairs.filter { $0.name == name }.map(\.value)
        guard values.count <= 1 else { throw .malformed(name, "repeated \(name)") }
        return values.first.flatMap { $0.isEmpty ? nil : $0 }
    }

    func required(_ name: String) throws(EntraFault) -> String {
        guard let value = try optional(name) else { throw .missing(name) }
        return value
    }
}

extension [Secret] {
    /// The place of the one that is `text`, counted from 1; all are looked at.
    fileprivate func number(of text: String) -> Int? {
        var number: Int?
        for (index, secret) in enumerated() where secret.withBytes({ constantTimeEqual($0, text.utf8.span) }) {
            number = number ?? index + 1
        }
        return number
    }
}

extension String {
    /// Without blanks and line ends around it.
    fileprivate var trimmed: String {
        let blanks: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
        let start = drop { blanks.contains($0) }
        return String(start.reversed().drop { blanks.contains($0) }.reversed())
    }
}
