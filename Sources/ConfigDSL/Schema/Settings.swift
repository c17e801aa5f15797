/// What `defaults` says; the values here are those of a file without `defaults`.
public struct Settings: Equatable, Sendable {
    /// How long each step may take.
    public var timeouts = Timeouts()
    /// How large bodies may be.
    public var body = BodyLimits()
    /// How often a request is sent.
    public var retries = RetryLimits()
    /// What one connection and one head may ask for.
    public var limits = ConnectionLimits()

    /// The defaults of the language.
    public init() {}
}

/// How long each step of an exchange may take; each more than zero and at most 24 hours.
public struct Timeouts: Equatable, Sendable {
    /// TCP and TLS for one address; also the wait for a first token.
    public var connect = Duration.seconds(3)
    /// From the first byte, or the accept, to the end of the head.  Absolute.  A listener's.
    public var requestHead = Duration.seconds(10)
    /// The longest pause between reads of a request's body.
    public var requestBody = Duration.seconds(30)
    /// From the last byte of the request to the end of the answer's head.
    public var responseHead = Duration.seconds(30)
    /// The longest pause between reads of an answer's body.
    public var responseBody = Duration.seconds(30)
    /// Between requests on one connection.  A listener's.
    public var idle = Duration.seconds(75)
    /// From the end of the request's head to the last byte of the answer.
    public var total = Duration.seconds(300)

    /// The defaults of the language.
    public init() {}
}

/// How large request bodies may be, in bytes.
public struct BodyLimits: Equatable, Sendable {
    /// One body; above it: 413.
    public var maxBytes = 12 << 20
    /// One body that must be held; above it the rest is spooled to an unlinked file.
    public var memoryBytes = 256 << 10
    /// All held bytes in memory, of all requests; spooled bytes are not counted.
    public var totalBytes = 256 << 20

    /// The defaults of the language.
    public init() {}
}

/// How often one request may be sent to its resource.
public struct RetryLimits: Equatable, Sendable {
    /// Sends, the first included: 1 to 10, where 1 turns retries off.
    public var attempts = 2

    /// The defaults of the language.
    public init() {}
}

/// What one connection and one head may ask for.
public struct ConnectionLimits: Equatable, Sendable {
    /// Open connections of a listener.
    public var connections = 16384
    /// Open connections from one address.
    public var connectionsPerAddress = 16384
    /// Requests on one connection.
    public var requestsPerConnection = 1_000_000
    /// Bytes in a request line; above: 414.
    public var requestLineBytes = 8 << 10
    /// Bytes in one field line; above: 431.
    public var fieldLineBytes = 8 << 10
    /// Bytes in a whole head; above: 431.
    public var headBytes = 64 << 10
    /// Field lines in a head; above: 431.
    public var fieldCount = 100

    /// The defaults of the language.
    public init() {}
}
