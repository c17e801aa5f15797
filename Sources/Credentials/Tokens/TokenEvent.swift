/// What ``TokenStore`` tells those who authorize requests.
public enum TokenEvent: Sendable {
    /// From now on this is the token; also the answer to a question, when nothing changed.
    case token(TokenIdentity, AccessToken)
    /// There is none, and will be none for about so many seconds: requests that wait for it are answered.
    case unavailable(TokenIdentity, retryAfterSeconds: Int, sentence: String)
}

/// How one credential's token is doing, for metrics and for people.
public struct TokenStatus: Equatable, Sendable {
    /// The credential's name in the configuration.
    public var credential: String
    /// Its `strategy`.
    public var strategy: String
    /// Where its tokens come from.
    public var source: String
    /// Since the token was asked for; `nil` when there is none.
    public var ageSeconds: Int?
    /// Until the token may not be used any more; `nil` when there is none.
    public var secondsToExpiry: Int?
    /// Fetches that gave a token.
    public var fetchesSucceeded: Int
    /// Fetches that did not, retries within one not counted.
    public var fetchesFailed: Int
    /// What was wrong with the last fetch; `nil` when it succeeded.
    public var lastFailure: TokenFailure?
}
