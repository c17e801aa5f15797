internal import Crypto

/// Why Entra gives no token, in its own shape.
///
/// Source: "Microsoft Entra authentication & authorization error codes", and recorded answers.
struct EntraFault: Error, Equatable {
    /// The number behind `AADSTS`.
    var code: Int
    /// OAuth's word for it (RFC 6749 §5.2).
    var error: String
    /// The status code.
    var status = 400
    /// For a person, without an end mark; never holds what the client sent as proof.
    var message: String
    /// What exactly was wrong, in a few words: Entra would not tell.
    var reason: String

    static func unknownTenant(_ tenant: String) -> EntraFault {
        EntraFault(
            code: 90002, error: "invalid_request", message: "Tenant '\(tenant)' not found",
            reason: "unknown tenant")
    }

    static func missing(_ parameter: String) -> EntraFault {
        EntraFault(
            code: 900_144, error: "invalid_request",
            message: "The request body must contain the following parameter: '\(parameter)'",
            reason: "missing \(parameter)")
    }

    /// A parameter that is there and makes no sense.
    static func malformed(_ parameter: String, _ reason: String) -> EntraFault {
        EntraFault(
            code: 90100, error: "invalid_request", message: "\(parameter) parameter is empty or not valid",
            reason: reason)
    }

    static let wrongMethod = EntraFault(
        code: 900_561, error: "invalid_request", status: 405, message: "The endpoint only accepts POST requests",
        reason: "not a POST")
    static let unsupportedGrant = EntraFault(
        code: 70003, error: "unsupported_grant_type", message: "The app requested an unsupported grant type",
        reason: "unsupported grant_type")
    static let unknownApplication = EntraFault(
        code: 700_016, error: "unauthorized_client", message: "Application not found in the directory",
        reason: "unknown client_id")
    static let noProof = EntraFault(
        code: 7_000_218, error: "invalid_client", status: 401,
        message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'",
        reason: "no proof")
    static let wrongSecret = EntraFault(
        code: 7_000_215, error: "invalid_client", status: 401, message: "Invalid client secret provided",
        reason: "wrong client_secret")

    static func malformedAssertion(_ reason: String) -> EntraFault {
        EntraFault(code: 50027, error: "invalid_request", message: "JWT token is invalid or malformed", reason: reason)
    }

    static func unknownCertificate(_ reason: String) -> EntraFault {
        EntraFault(
            code: 700_027, error: "invalid_client", status: 401,
            message:
                "The certificate with identifier used to sign the client assertion is not registered on application",
            reason: reason)
    }

    static let wrongSignature = EntraFault(
        code: 700_027, error: "invalid_client", status: 401,
        message: "Client assertion failed signature validation", reason: "wrong signature")
    static let wrongIssuer = EntraFault(
        code: 700_021, error: "invalid_client", status: 401,
        message: "Client assertion application identifier doesn't match 'client_id' parameter",
        reason: "iss or sub is not client_id")
    static let wrongAudience = EntraFault(
        code: 700_023, error: "invalid_client", status: 401,
        message: "Client assertion audience claim does not match Realm issuer", reason: "aud is not the token URL")

    static func outsideValidity(_ reason: String) -> EntraFault {
        EntraFault(
            code: 700_024, error: "invalid_client", status: 401,
            message: "Client assertion is not within its valid time range", reason: reason)
    }

    static let usedAssertion = EntraFault(
        code: 50013, error: "invalid_grant", message: "Assertion failed validation: it was used before",
        reason: "jti used before")
    static let noFederation = EntraFault(
        code: 700_213, error: "invalid_client", status: 401,
        message: "No matching federated identity record found for presented assertion subject",
        reason: "unknown federated token")
    static let wrongScope = EntraFault(
        code: 70011, error: "invalid_scope",
        message: "The provided request must include a 'scope' input parameter that ends with /.default",
        reason: "scope is not one resource with /.default")

    static func unknownResource(_ resource: String) -> EntraFault {
        EntraFault(
            code: 500_011, error: "invalid_resource",
            message: "The resource principal named \(resource) was not found in the tenant",
            reason: "unknown resource")
    }

    static let throttled = EntraFault(
        code: 90055, error: "temporarily_unavailable", status: 429,
        message: "The tenant is throttled because too many requests have been received", reason: "throttled")
    static let transient = EntraFault(
        code: 90033, error: "temporarily_unavailable", status: 500,
        message: "A transient error has occurred. Please try again", reason: "failed on purpose")
    static let unavailable = EntraFault(
        code: 90033, error: "temporarily_unavailable", status: 503,
        message: "A transient error has occurred. Please try again", reason: "taken down")

    /// The answer that tells it, with ids of its own for a call to support.
    func answer(to request: EmulatedRequest, randomness: RandomBytes) -> EmulatedAnswer {
        let trace = UUIDText(from: randomness).description
        let given = request.values(of: "client-request-id").first
        let correlation = given.flatMap { $0.isUUID ? $0 : nil } ?? UUIDText(from: randomness).description
        let time = ServiceTime(secondsSince1970: request.receivedAtSeconds).entra
        let content = Content(
            error: error,
            errorDescription:
                "AADSTS\(code): \(message). Trace ID: \(trace) Correlation ID: \(correlation) Timestamp: \(time)",
            errorCodes: [code], timestamp: time, traceId: trace, correlationId: correlation,
            errorUri: "https://login.microsoftonline.com/error?code=\(code)")
        var answer = EmulatedAnswer(status: status, snakeCaseJSON: content)
        answer.fields.append(EmulatedField("x-ms-request-id", trace))
        if status == 405 { answer.fields.append(EmulatedField("allow", "POST")) }
        return answer
    }

    private struct Content: Encodable {
        var error, errorDescription: String
        var errorCodes: [Int]
        var timestamp, traceId, correlationId, errorUri: String
    }
}
