/// Why a fetch gave no token.  Nothing in it is a secret.
public struct TokenFailure: Error, Equatable, Sendable {
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
        retryAfter: Duration? = nil, traceID: String? = nil, correlationID: String? = nil
    ) {
        (self.code, self.sentence, self.advice) = (code, sentence, advice)
        (self.isRetryable, self.retryAfter) = (isRetryable, retryAfter)
        (self.traceID, self.correlationID) = (traceID, correlationID)
    }
}

extension TokenFailure: CustomStringConvertible {
    /// Sentence and advice on one line.
    public var description: String { advice.map { "\(sentence); \($0)" } ?? sentence }
}
