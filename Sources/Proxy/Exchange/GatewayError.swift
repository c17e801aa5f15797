internal import HTTP1

/// Why the gateway itself answers (config language, section 6): the code decides status and shape.
enum ErrorCode: UInt8, Sendable, CaseIterable {
    case badRequest, bodyDigestMismatch, callerNotAuthenticated, callerNotAllowed, noRoute, methodNotAllowed
    case requestTimeout, bodyTooLarge, targetTooLong, expectationFailed, headTooLarge, versionNotSupported
    case internalError, notImplemented, upstreamFailed, upstreamRefusedCredential, credentialUnavailable
    case upstreamUnavailable, overloaded, upstreamTimeout

    /// The status that goes with it.
    var status: Int { entry.status }
    /// As in `x-ms-error-code` and the body.
    var name: StaticString { entry.name }
    /// As in `x-acs-gateway-reason`: the name in kebab-case.
    var reason: StaticString { entry.reason }

    private var entry: (status: Int, name: StaticString, reason: StaticString) {
        switch self {
        case .badRequest: (400, "BadRequest", "bad-request")
        case .bodyDigestMismatch: (400, "BodyDigestMismatch", "body-digest-mismatch")
        case .callerNotAuthenticated: (401, "CallerNotAuthenticated", "caller-not-authenticated")
        case .callerNotAllowed: (403, "CallerNotAllowed", "caller-not-allowed")
        case .noRoute: (404, "NoRoute", "no-route")
        case .methodNotAllowed: (405, "MethodNotAllowed", "method-not-allowed")
        case .requestTimeout: (408, "RequestTimeout", "request-timeout")
        case .bodyTooLarge: (413, "BodyTooLarge", "body-too-large")
        case .targetTooLong: (414, "TargetTooLong", "target-too-long")
        case .expectationFailed: (417, "ExpectationFailed", "expectation-failed")
        case .headTooLarge: (431, "HeadTooLarge", "head-too-large")
        case .internalError: (500, "InternalError", "internal-error")
        case .notImplemented: (501, "NotImplemented", "not-implemented")
        case .upstreamFailed: (502, "UpstreamFailed", "upstream-failed")
        case .upstreamRefusedCredential: (502, "UpstreamRefusedCredential", "upstream-refused-credential")
        case .credentialUnavailable: (503, "CredentialUnavailable", "credential-unavailable")
        case .upstreamUnavailable: (503, "UpstreamUnavailable", "upstream-unavailable")
        case .overloaded: (503, "Overloaded", "overloaded")
        case .upstreamTimeout: (504, "UpstreamTimeout", "upstream-timeout")
        case .versionNotSupported: (505, "VersionNotSupported", "version-not-supported")
        }
    }
}

/// One answer of the gateway's own: what it is, and what the client is told.  ``ErrorResponse`` writes it.
struct GatewayError: Error {
    /// What stands in the message beside the fixed sentence: names of the configuration, never the client's bytes.
    enum Detail {
        case none
        /// The resource's name.
        case resource(String)
        /// The value of `allow`.
        case methods([String])
        /// What the resource said when it refused our credential, and its id of that request.
        case refusal(resource: String, code: String, requestID: String)
    }

    var code: ErrorCode
    /// One sentence; with a detail, how it begins.
    var sentence: StaticString
    var detail = Detail.none
    /// True when the connection cannot carry another request.
    var closes = false

    /// The answer to a message that broke a rule of HTTP.
    init(_ error: ParseError) {
        switch error.status {
        case 414: code = .targetTooLong
        case 431: code = .headTooLarge
        case 501: code = .notImplemented
        case 505: code = .versionNotSupported
        case 413: code = .bodyTooLarge
        case _: code = .badRequest
        }
        sentence = error.rule.sentence
        closes = true
    }

    init(_ code: ErrorCode, _ sentence: StaticString, _ detail: Detail = .none, closes: Bool = false) {
        (self.code, self.sentence, self.detail, self.closes) = (code, sentence, detail, closes)
    }

    /// When it is known better than a second.
    var knownRetryAfterSeconds: Int?

    /// `retry-after` in seconds, for answers that say "nothing was sent, try again".
    var retryAfterSeconds: Int? {
        switch code {
        case .credentialUnavailable, .upstreamUnavailable, .overloaded: max(1, knownRetryAfterSeconds ?? 1)
        case .badRequest, .bodyDigestMismatch, .callerNotAuthenticated, .callerNotAllowed, .noRoute,
            .methodNotAllowed, .requestTimeout, .bodyTooLarge, .targetTooLong, .expectationFailed, .headTooLarge,
            .versionNotSupported, .internalError, .notImplemented, .upstreamFailed, .upstreamRefusedCredential,
            .upstreamTimeout:
            nil
        }
    }
}
