internal import Bytes

/// Why a fetch gave no token.  Nothing in it is a secret.
public struct TokenFailure: Error, Equatable, Sendable {
    /// Where it went wrong.
    public enum Kind: String, Sendable {
        /// Nobody answered.
        case unreachable
        /// An answer did not come in time.
        case timeout
        /// The endpoint answered that there is no token.
        case refused
        /// The endpoint's answer makes no sense.
        case unusable
        /// Before anything was asked: a file or a certificate.
        case local
    }

    /// Where it went wrong.
    public var kind: Kind
    /// `AADSTS7000215`, or the word that stands in its place: `invalid_client`.
    public var code: String?
    /// What happened, as one sentence without its end mark.
    public var sentence: String
    /// What to do about it; a sentence without its end mark.
    public var advice: String?
    /// True when the same request may succeed later, without anyone doing anything.
    public var isRetryable: Bool
    /// How long the endpoint wants to be left alone.
    public var retryAfter: Duration?
    /// For a call to Microsoft's support.
    public var traceID: String?
    /// For a call to Microsoft's support.
    public var correlationID: String?

    /// See the fields.
    public init(
        code: String? = nil, _ sentence: String, advice: String? = nil, isRetryable: Bool = false,
        retryAfter: Duration? = nil, traceID: String? = nil, correlationID: String? = nil,
        kind: Kind = .unusable
    ) {
        (self.kind, self.code, self.sentence, self.advice) = (kind, code, sentence, advice)
        (self.isRetryable, self.retryAfter) = (isRetryable, retryAfter)
        (self.traceID, self.correlationID) = (traceID, correlationID)
    }
}

extension TokenFailure: CustomStringConvertible {
    /// Sentence and advice on one line.
    public var description: String { advice.map { "\(sentence); \($0)" } ?? sentence }
}

extension TokenFailure {
    /// One word of few, for metrics: `AADSTS` and its number, a word of OAuth 2.0 (RFC 6749 §5.2, and Entra's own), or
    /// the kind.  An endpoint cannot make up others.
    public var word: String {
        guard let code else { return kind.rawValue }
        if Self.oauthWords.contains(code) { return code }
        let digits = code.utf8.dropFirst(6)
        let isNumbered = code.hasPrefix("AADSTS") && 1...8 ~= digits.count && digits.allSatisfy(ASCII.isDigit)
        return isNumbered ? code : kind.rawValue
    }

    private static let oauthWords: Set<String> = [
        "access_denied", "interaction_required", "invalid_client", "invalid_grant", "invalid_request",
        "invalid_resource", "invalid_scope", "server_error", "temporarily_unavailable", "unauthorized_client",
        "unsupported_grant_type",
    ]
}
