/// What the control plane knows for metrics, beside what workers count.
public struct ControlFigures: Equatable, Sendable {
    /// The program's version.
    public var version: String
    /// Counts the configurations of the process, from 1.
    public var generation = 0
    /// The configuration's `revision`.
    public var revision = ""
    /// The configuration's digest, in hexadecimal.
    public var sha256 = ""
    /// When it took over: seconds since 1970.
    public var loadedAt = 0
    /// Reloads that took over.
    public var reloadsOK = 0
    /// Reloads that found nothing changed.
    public var reloadsUnchanged = 0
    /// Reloads that were refused.
    public var reloadsRefused = 0

    /// Before the first configuration.
    public init(version: String) { self.version = version }
}

/// How one credential's token is doing.
public struct CredentialFigures: Equatable, Sendable {
    /// Its name in the configuration.
    public var credential: String
    /// Its `strategy`.
    public var strategy: String
    /// Where its tokens come from, detected or said.
    public var source: String
    /// Since the token was asked for; `nil` without a usable one.
    public var ageSeconds: Int?
    /// Until it ends; `nil` without a usable one.
    public var remainingSeconds: Int?
    /// Fetches that gave a token.
    public var fetchesOK: Int
    /// Fetches that gave none.
    public var fetchesFailed: Int
    /// What the last fetch failed with, as one word of few; `nil` when it succeeded.
    public var lastError: String?

    /// See the fields.
    public init(
        credential: String, strategy: String, source: String, ageSeconds: Int?, remainingSeconds: Int?,
        fetchesOK: Int, fetchesFailed: Int, lastError: String?
    ) {
        (self.credential, self.strategy, self.source) = (credential, strategy, source)
        (self.ageSeconds, self.remainingSeconds) = (ageSeconds, remainingSeconds)
        (self.fetchesOK, self.fetchesFailed, self.lastError) = (fetchesOK, fetchesFailed, lastError)
    }
}
