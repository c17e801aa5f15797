internal import Crypto

/// Whether a client assertion is signed with a certificate of the application, for this token URL, now, and once.
///
/// Source: "Microsoft identity platform application authentication certificate credentials"; RFC 7523 §3.
struct AssertionCheck {
    /// The clocks' largest difference.
    static let clockToleranceSeconds = 300
    /// The longest life from now; Microsoft recommends ten minutes, and its libraries take up to thirty.
    static let lifetimeLimitSeconds = 86_400
    /// Ids remembered, and the longest of them in bytes.
    private static let rememberedLimit = 10_000
    private static let idLimitBytes = 256

    private let isLenient: Bool
    /// The ids of assertions, until they expire.
    private var used = BoundedTable<Int>(capacity: rememberedLimit)

    init(isLenient: Bool) { self.isLenient = isLenient }

    /// Refuses `assertion` unless it proves `client` at `tokenURL`; which certificate it was, counted from 1.
    mutating func verify(
        _ assertion: ClientAssertion, client: String, certificates: [VerifyingCertificate], tokenURL: String,
        atSeconds now: Int
    ) throws(EntraFault) -> Int {
        guard assertion.header.crit == nil else { throw .malformedAssertion("crit is not understood") }
        guard assertion.header.typ.map({ $0.asciiLowercased == "jwt" }) ?? true else {
            throw .malformedAssertion("typ is not JWT")
        }
        guard let algorithm = SignatureVerifier.Algorithm(rawValue: assertion.header.alg) else {
            throw .malformedAssertion("alg is neither RS256 nor PS256")
        }
        let number = try signer(of: assertion.header, among: certificates)
        let isSigned = certificates[number - 1].verifier.isValid(
            assertion.signature.span, of: assertion.signedText.span, by: algorithm)
        guard isSigned else { throw .wrongSignature }
        guard assertion.claims.iss == client, assertion.claims.sub == client else { throw .wrongIssuer }
        guard assertion.claims.aud == tokenURL else { throw .wrongAudience }
        try checkTimes(assertion.claims, now)
        try remember(assertion.claims, now)
        return number
    }

    /// The number of the certificate that `header` names in all ways that it does, counted from 1.
    private func signer(
        of header: ClientAssertion.Header, among certificates: [VerifyingCertificate]
    ) throws(EntraFault) -> Int {
        guard header.x5t != nil || header.x5tS256 != nil || header.x5c != nil else {
            throw .unknownCertificate("neither x5t nor x5t#S256 nor x5c")
        }
        var choices = Array(certificates.indices)
        if let x5t = header.x5t {
            guard let digest = ClientAssertion.bytes(x5t, isLenient) else { throw .malformedAssertion("malformed x5t") }
            choices.removeAll { certificates[$0].sha1 != digest }
        }
        if let x5tS256 = header.x5tS256 {
            guard let digest = ClientAssertion.bytes(x5tS256, isLenient) else {
                throw .malformedAssertion("malformed x5t#S256")
            }
            choices.removeAll { certificates[$0].sha256 != SHA256Digest(digest.span) }
        }
        if let x5c = header.x5c {
            let chain = try x5c.map { text throws(EntraFault) in try der(text) }
            choices.removeAll { certificates[$0].der != chain.first }
        }
        guard let choice = choices.first else { throw .unknownCertificate("certificate not registered") }
        return choice + 1
    }

    /// A certificate of `x5c`, which is standard base64, unlike all else (RFC 7515 §4.1.6).
    private func der(_ text: String) throws(EntraFault) -> [UInt8] {
        let characters = Array(text.utf8).filter { !isLenient || ($0 != 0x0A && $0 != 0x0D) }
        guard let der = try? Base64.decode(characters.span) else { throw .malformedAssertion("malformed x5c") }
        return der
    }

    private func checkTimes(_ claims: ClientAssertion.Claims, _ now: Int) throws(EntraFault) {
        guard isLenient || !claims.times.contains(where: \.hasFraction) else {
            throw .malformedAssertion("a time with a fraction")
        }
        let tolerance = Self.clockToleranceSeconds
        guard now - tolerance < claims.exp.seconds else { throw .outsideValidity("exp has passed") }
        guard claims.exp.seconds <= now + Self.lifetimeLimitSeconds else {
            throw .outsideValidity("exp is too far off")
        }
        for start in [claims.nbf, claims.iat].compactMap(\.self) where start.seconds > now + tolerance {
            throw .outsideValidity("nbf or iat has not come")
        }
    }

    private mutating func remember(_ claims: ClientAssertion.Claims, _ now: Int) throws(EntraFault) {
        guard !claims.jti.isEmpty, claims.jti.utf8.count <= Self.idLimitBytes else {
            throw .malformedAssertion("jti is empty or too long")
        }
        guard used[claims.jti] == nil || isLenient else { throw .usedAssertion }
        used[claims.jti] = now
    }
}
