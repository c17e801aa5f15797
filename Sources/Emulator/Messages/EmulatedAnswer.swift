internal import Crypto
internal import FoundationEssentials

/// What the emulator answers, before it is written as HTTP.
struct EmulatedAnswer: Equatable, Sendable {
    /// The status code.
    var status: Int
    /// The field lines in order, without those of the framing (`content-length`, `connection`) and without `date`.
    var fields: [EmulatedField]
    /// The content; empty for 204.
    var body: [UInt8]
    /// How long to hold the answer back, as `--latency` says.
    var delay: Duration = .zero

    /// An answer without content.
    init(status: Int, fields: [EmulatedField] = []) {
        self.status = status
        self.fields = fields
        body = []
    }

    /// An answer with `content` as JSON.
    init(status: Int, json content: some Encodable, fields: [EmulatedField] = []) {
        self.status = status
        self.fields = fields + [EmulatedField("content-type", "application/json; charset=utf-8")]
        body = encodedJSON(content)
    }

    /// An answer of a token endpoint, which writes `accessToken` as `access_token` and may not be kept by anyone.
    init(status: Int, snakeCaseJSON content: some Encodable) {
        self.status = status
        fields = [
            EmulatedField("content-type", "application/json; charset=utf-8"),
            EmulatedField("cache-control", "no-store, no-cache"), EmulatedField("pragma", "no-cache"),
        ]
        body = encodedJSON(content, keys: .convertToSnakeCase)
    }

    /// The first value of the field named `name` (in lower case).
    func value(of name: String) -> String? {
        fields.first { $0.lowercasedName == name }?.value
    }
}

/// A refusal in the service's own shape: `{"error":{"code","message"}}`.
///
/// Source: azure-rest-api-specs, `Identity/models.tsp`, `CommunicationErrorResponse`.
struct ServiceError: Error, Equatable {
    /// The status code.
    var status: Int
    /// The stable word, sent as `x-ms-error-code` as well.
    var code: String
    /// For a person; never holds what the client sent as credential.
    var message: String
    /// What else the answer says: `retry-after`, `allow`.
    var fields: [EmulatedField] = []

    static let notFound = ServiceError(
        status: 404, code: "NotFound", message: "The requested resource could not be found.")
    static let denied = ServiceError(
        status: 401, code: "Denied", message: "Denied by the resource provider.")
    static let digestDiffers = ServiceError(
        status: 401, code: "Denied",
        message: "Request 'x-ms-content-sha256' differs from generated content hash.")
    static let unauthorizedUser = ServiceError(
        status: 401, code: "Unauthorized", message: "Request is not authorized.")
    static let internalError = ServiceError(
        status: 500, code: "InternalServerError", message: "The server has encountered an internal error.")

    static func badRequest(_ message: String, code: String = "BadRequest") -> ServiceError {
        ServiceError(status: 400, code: code, message: message)
    }

    /// 401 with a claims challenge (OpenID Connect Core §5.5; Microsoft identity platform, "Claims challenges").
    static func insufficientClaims(_ claims: String) -> ServiceError {
        let text = Base64.text(of: Array(claims.utf8).span)
        return ServiceError(
            status: 401, code: "Denied", message: "Denied by the resource provider.",
            fields: [
                EmulatedField(
                    "www-authenticate",
                    #"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", "#
                        + #"error="insufficient_claims", claims="\#(text)""#)
            ])
    }

    static func methodNotAllowed(allowed: [String]) -> ServiceError {
        ServiceError(
            status: 405, code: "MethodNotAllowed", message: "The requested resource does not support this method.",
            fields: [EmulatedField("allow", allowed.joined(separator: ", "))])
    }

    static func tooManyRequests(retryAfterSeconds: Int) -> ServiceError {
        ServiceError(
            status: 429, code: "TooManyRequests", message: "Rate limit exceeded.",
            fields: [EmulatedField("retry-after", String(retryAfterSeconds))])
    }

    /// The answer that tells it.
    var answer: EmulatedAnswer {
        let envelope = Envelope(error: Detail(code: code, message: message))
        return EmulatedAnswer(
            status: status, json: envelope, fields: fields + [EmulatedField("x-ms-error-code", code)])
    }

    private struct Envelope: Encodable { var error: Detail }
    private struct Detail: Encodable { var code, message: String }
}

/// `content` as JSON with sorted keys, so that equal states give equal bytes.
///
/// Our own structs of texts and numbers always encode; a failure is a mistake in this room, and is told as one.
func encodedJSON(
    _ content: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys
) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return [UInt8](try encoder.encode(content))
    } catch {
        preconditionFailure("an answer of the emulator does not encode: \(error)")
    }
}

extension EmulatedRequest {
    /// The content decoded as JSON, or 400 with the place that does not fit, or 415.
    func json<Content: Decodable>(_ type: Content.Type) throws(ServiceError) -> Content {
        let mediaType = values(of: "content-type").first?.split(separator: ";").first.map(String.init) ?? ""
        guard mediaType.asciiLowercased == "application/json" else {
            throw ServiceError(
                status: 415, code: "UnsupportedMediaType", message: "The content must be `application/json`.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch let error as DecodingError {
            throw .badRequest("The JSON value could not be converted. Path: $\(error.path)")
        } catch {
            throw .badRequest("The content is not JSON.")
        }
    }
}

extension DecodingError {
    /// Where it happened, as `.smsRecipients[0].to`; empty for the whole text.
    var path: String {
        let keys: [any CodingKey] =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context): context.codingPath + [key]
            @unknown default: []
            }
        return keys.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
    }
}
