internal import Bytes
internal import Crypto

/// Makes the assertions by which an app shows that it has the key of its certificate (RFC 7523).
///
/// A JWT of ten minutes; its header names the certificate by `x5t#S256` (or, for old authorities that want RS256, by
/// `x5t`), and holds the whole chain when the authority knows the certificate by its subject only.
/// Source: Microsoft identity platform, "Application authentication certificate credentials".
struct ClientAssertion: Sendable {
    /// What the form says of it.
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    /// How long one is believed.
    static let lifetimeSeconds = 600
    /// Clocks differ: it is believed from so long before now.
    static let leewaySeconds = 30

    let certificate: SigningCertificate
    let algorithm: SignatureVerifier.Algorithm
    /// `x5c`: the certificate and those that lead to its authority.
    let sendsChain: Bool

    /// What makes a difference for the token.
    var identity: [TokenIdentity.Part] {
        [.text(certificate.sha256.hex), .text(algorithm.rawValue), .text("\(sendsChain)")]
            + (sendsChain ? certificate.chain.map { .text(Base64.text(of: $0.span)) } : [])
    }

    /// An assertion of `client` for `audience`, which is the address that it is sent to.
    func signed(
        client: String, audience: String, at now: TokenInstant, random: RandomBytes
    ) throws(SigningCertificateError) -> Secret {
        let second = Int(now.unixSeconds)
        let claims: JSONValue = .object([
            ("aud", .text(audience)), ("iss", .text(client)), ("sub", .text(client)),
            ("jti", .text(UUIDText(from: random).description)), ("iat", .number("\(second)")),
            ("nbf", .number("\(second - Self.leewaySeconds)")), ("exp", .number("\(second + Self.lifetimeSeconds)")),
        ])
        var text = ByteBuffer()
        defer { text.wipe() }
        header.written.withBytes { Base64.encode($0, .url, into: &text) }
        text.append(".")
        claims.written.withBytes { Base64.encode($0, .url, into: &text) }
        let signature = try certificate.sign(text.span, by: algorithm)
        text.append(".")
        Base64.encode(signature.span, .url, into: &text)
        return Secret(copying: text.span)
    }

    private var header: JSONValue {
        var members: [(name: String, value: JSONValue)] = [
            ("alg", .text(algorithm.rawValue)), ("typ", .text("JWT")), thumbprint,
        ]
        if sendsChain {
            let items = certificate.chain.map { JSONValue.text(Base64.text(of: $0.span)) }
            members.append(("x5c", .list(items)))
        }
        return .object(members)
    }

    private var thumbprint: (name: String, value: JSONValue) {
        switch algorithm {
        case .rs256:
            let digest = certificate.sha1
            return ("x5t", .text(Base64.text(of: digest.span, .url)))
        case .ps256:
            let digest = certificate.sha256
            return ("x5t#S256", .text(Base64.text(of: digest.span, .url)))
        }
    }
}
