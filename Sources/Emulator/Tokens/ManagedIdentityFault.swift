internal import Crypto

/// Why a managed identity gets no token; told in the shape of its source.
struct ManagedIdentityFault: Error, Equatable {
    var status: Int
    /// The source's word for it.
    var code: String
    /// For a person; never holds what the client sent as proof.
    var message: String
    /// What exactly was wrong, in a few words.
    var reason: String
    /// What else the answer says.
    var fields: [EmulatedField] = []

    static func badRequest(_ message: String, _ reason: String, code: String = "invalid_request") -> Self {
        ManagedIdentityFault(status: 400, code: code, message: message, reason: reason)
    }

    static let noMetadata = badRequest("Required metadata header not specified", "missing metadata")
    static let forwarded = badRequest("X-Forwarded-For is not allowed", "forwarded")
    static let wrongSecret = ManagedIdentityFault(
        status: 401, code: "SecretHeaderNotFound", message: "The identity header is missing or wrong",
        reason: "wrong identity header")
    static let unknownIdentity = badRequest("Identity not found", "unknown identity", code: "invalid_request")
    static let throttled = ManagedIdentityFault(
        status: 429, code: "too_many_requests", message: "Too many requests", reason: "throttled")
    static let failed = ManagedIdentityFault(
        status: 500, code: "unknown", message: "Failed to retrieve token", reason: "failed on purpose")
    static let unavailable = ManagedIdentityFault(
        status: 503, code: "unavailable", message: "The service is unavailable", reason: "taken down")

    static func wrongMethod(_ allowed: String) -> Self {
        ManagedIdentityFault(
            status: 405, code: "method_not_allowed", message: "Method not allowed", reason: "wrong method",
            fields: [EmulatedField("allow", allowed)])
    }

    /// The challenge of Azure Arc: the secret is in a file that only this machine's services can read.
    static func challenge(keyFile: String) -> Self {
        ManagedIdentityFault(
            status: 401, code: "unauthorized", message: "Unauthorized", reason: "challenge",
            fields: [EmulatedField("www-authenticate", "Basic realm=\(keyFile)")])
    }

    /// The answer that tells it as `source` does.
    func answer(of source: ManagedIdentitySource, randomness: RandomBytes) -> EmulatedAnswer {
        let correlation = UUIDText(from: randomness).description
        var answer =
            switch source {
            case .imds, .azureArc, .cloudShell:
                EmulatedAnswer(status: status, snakeCaseJSON: OAuth(error: code, errorDescription: message))
            case .appService, .azureML:
                EmulatedAnswer(
                    status: status,
                    json: AppService(statusCode: status, message: message, correlationId: correlation))
            case .serviceFabric:
                EmulatedAnswer(
                    status: status,
                    json: ServiceFabric(
                        error: ServiceFabric.Detail(correlationId: correlation, code: code, message: message)))
            }
        answer.fields += fields
        return answer
    }

    private struct OAuth: Encodable { var error, errorDescription: String }

    private struct AppService: Encodable {
        var statusCode: Int
        var message, correlationId: String
    }

    private struct ServiceFabric: Encodable {
        struct Detail: Encodable { var correlationId, code, message: String }
        var error: Detail
    }
}
