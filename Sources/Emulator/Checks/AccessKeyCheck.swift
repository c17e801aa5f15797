internal import Bytes
internal import Crypto

/// Whether a request is signed with an access key of the emulated resource: over what was received, byte for byte.
///
/// Signed text: `METHOD ⏎ target ⏎ date;host;digest`, where `date` is `x-ms-date` or, in the older form, `date`.
/// Source: Azure Communication Services REST reference, "Authentication", "Signing an HTTP Request".
struct AccessKeyCheck: Sendable {
    /// The clocks' largest difference, both ways.  The service's own is not documented; this is what Azure App
    /// Configuration documents for the same scheme.
    static let clockToleranceSeconds = 15 * 60

    private let keys: [HMACKey]

    /// A check with `keys`, the resource's primary and perhaps its secondary.
    init(keys: [HMACKey]) { self.keys = keys }

    /// The proof that `request` is signed, or what is wrong with it; the first fault found is told.
    func verify(_ request: EmulatedRequest) throws(CredentialFault) -> VerifiedSignature {
        try refuseRepeats(in: request)
        try Self.refuseLeftovers(in: request)
        let claim = try SignatureClaim(request.theOnly("authorization"))
        let date = try request.theOnly(claim.dateField)
        let host = try request.theOnly("host")
        let digest = try request.theOnly("x-ms-content-sha256")

        guard let signedAt = ServiceTime.seconds(ofIMFFixdate: date) else { throw .malformedDate }
        guard abs(request.receivedAtSeconds - signedAt) <= Self.clockToleranceSeconds else { throw .skewedDate }
        let bodyDigest = SHA256.digest(of: request.body.span)
        guard let claimed = SHA256Digest(base64: digest.utf8.span), claimed == bodyDigest else { throw .digestDiffers }

        let text = "\(request.method)\n\(request.target)\n\(date);\(host);\(digest)"
        var proof: VerifiedSignature?
        // Every key is tried, whichever fits, so that the time does not tell which.
        for (index, key) in keys.enumerated() where key.sign(text.utf8.span) == claim.signature {
            proof = proof ?? VerifiedSignature(keyNumber: index + 1)
        }
        guard let proof else { throw .wrongSignature }
        return proof
    }

    /// Two dates, digests or hosts: whoever signed kept what the client sent beside its own.
    private func refuseRepeats(in request: EmulatedRequest) throws(CredentialFault) {
        for name in Self.singletons where request.values(of: name).count > 1 { throw .repeated(name) }
    }

    private static let singletons = [
        "authorization", "host", "x-ms-date", "date", "x-ms-content-sha256", "content-type", "content-length",
    ]

    /// A credential of somebody else beside the signature, or the token, means that whoever added that forwarded what
    /// it should have removed.
    static func refuseLeftovers(in request: EmulatedRequest) throws(CredentialFault) {
        for name in request.fields.map(\.lowercasedName) where ForeignCredential.refused.contains(name.withoutMarks) {
            throw .leftover(name)
        }
    }
}

/// The proof of an access-key signature; only ``AccessKeyCheck`` makes one.
struct VerifiedSignature: Equatable, Sendable {
    /// 1 for the first configured key, 2 for the second.
    let keyNumber: Int

    fileprivate init(keyNumber: Int) { self.keyNumber = keyNumber }
}

/// Why a request's credential does not count.
enum CredentialFault: Error, Equatable {
    /// A field that is needed is not there.
    case missing(String)
    /// A field that may stand once stands more often.
    case repeated(String)
    /// A field that carries somebody else's credential, or overrides what is signed.
    case leftover(String)
    /// `Authorization` is not exactly of the scheme's shape.
    case malformedAuthorization
    /// The signed date is not an IMF-fixdate.
    case malformedDate
    /// The signed date is too far from the time of receipt.
    case skewedDate
    /// `x-ms-content-sha256` is not the digest of the content that came.
    case digestDiffers
    /// No access key gives this signature.
    case wrongSignature
    /// The bearer is not a valid token of a user of this resource.
    case invalidUserToken
    /// The bearer is not a valid token for this resource; in a word, why.
    case invalidToken(String)
    /// The token is valid but must be asked for anew, with these claims (JSON).
    case insufficientClaims(String)

    /// The fault as words of a log: `repeated x-ms-date`.
    var reason: String {
        switch self {
        case .missing(let name): "missing \(name)"
        case .repeated(let name): "repeated \(name)"
        case .leftover(let name): "leftover \(name)"
        case .malformedAuthorization: "malformed authorization"
        case .malformedDate: "malformed date"
        case .skewedDate: "skewed date"
        case .digestDiffers: "digest differs"
        case .wrongSignature: "wrong signature"
        case .invalidUserToken: "invalid user token"
        case .invalidToken(let why): "\(why) token"
        case .insufficientClaims: "insufficient claims"
        }
    }
}

/// `Authorization` taken apart: exactly `HMAC-SHA256 SignedHeaders=…;host;x-ms-content-sha256&Signature=…`.
private struct SignatureClaim {
    /// The field whose value was signed as the date.
    let dateField: String
    let signature: SHA256Digest

    init(_ authorization: String) throws(CredentialFault) {
        for dateField in ["x-ms-date", "date"] {
            let start = "HMAC-SHA256 SignedHeaders=\(dateField);host;x-ms-content-sha256&Signature="
            guard authorization.utf8.starts(with: start.utf8) else { continue }
            let text = Array(authorization.utf8.dropFirst(start.utf8.count))
            guard let signature = SHA256Digest(base64: text.span) else { throw .malformedAuthorization }
            (self.dateField, self.signature) = (dateField, signature)
            return
        }
        throw .malformedAuthorization
    }
}

/// Fields that belong to a client's credential and must not reach the service beside a signature.
///
/// The names are written down here once more, and not taken from the gateway's own table: this is what checks it.
enum ForeignCredential {
    /// Never sent by an Azure SDK for what this emulator does, so they make a request invalid.  The host override is
    /// among them: it would move what is signed to a host that somebody else chose.
    static let refused: Set<String> = [
        "api-key", "authentication-info", "cookie", "cookie2", "ocp-apim-subscription-key", "ocp-apim-trace",
        "proxy-authenticate", "proxy-authorization", "www-authenticate", "x-access-token", "x-amz-security-token",
        "x-api-key", "x-auth-token", "x-forwarded-authorization", "x-functions-key", "x-goog-api-key", "x-ms-host",
        "x-original-authorization",
    ]
    /// The service's own fields that a client may send beside those of the signature.
    private static let welcome: Set<String> = [
        "x-ms-client-request-id", "x-ms-content-sha256", "x-ms-date", "x-ms-return-client-request-id",
        "x-ms-useragent",
    ]

    /// What a signature needs and a token does not.
    private static let signature: Set<String> = ["date", "x-ms-content-sha256", "x-ms-date"]

    /// Sent by the .NET and Java SDKs themselves beside a signature, or by unknown ones: only noted in the journal.
    static func isNoted(_ name: String, beside authorization: String) -> Bool {
        if EntraTokens.isBearer(authorization), signature.contains(name.withoutMarks) { return true }
        let isOlderForm = authorization.utf8.starts(with: "HMAC-SHA256 SignedHeaders=date;".utf8)
        if name == "date" { return !isOlderForm }
        return name.withoutMarks.utf8.starts(with: "x-ms-".utf8) && !welcome.contains(name)
    }
}

extension EmulatedRequest {
    /// The value of the field named `name` when it stands exactly once.
    func theOnly(_ name: String) throws(CredentialFault) -> String {
        let values = values(of: name)
        guard let value = values.first else { throw .missing(name) }
        guard values.count == 1 else { throw .repeated(name) }
        return value
    }

    /// The fields, in lower case, that a gateway ought to have removed.
    var leftovers: [String] {
        let authorization = values(of: "authorization").first ?? ""
        return fields.map(\.lowercasedName).filter { name in
            ForeignCredential.refused.contains(name.withoutMarks)
                || ForeignCredential.isNoted(name, beside: authorization)
        }
    }
}

extension String {
    /// `_` and `.` read as `-`, as servers behind CGI-like interfaces read them: `x_ms_host` is `x-ms-host` to them.
    fileprivate var withoutMarks: String {
        String(decoding: utf8.map { $0 == 0x5F || $0 == 0x2E ? 0x2D : $0 }, as: UTF8.self)
    }
}
