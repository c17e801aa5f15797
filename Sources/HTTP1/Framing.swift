/// Where a request's body ends (http rules CL-1 to TE-5).
public enum RequestFraming: Equatable, Sendable {
    /// No body.
    case none
    /// This many bytes.
    case length(Int)
    /// Chunks (RFC 9112 §7.1).
    case chunked
}

/// Where an answer's body ends (RFC 9112 §6.3).
public enum ResponseFraming: Equatable, Sendable {
    /// No body: an answer to HEAD, 1xx, 204 and 304, whatever the fields say (http rule ME-4).
    case none
    /// This many bytes.
    case length(Int)
    /// Chunks (RFC 9112 §7.1).
    case chunked
    /// All that comes until the origin closes (http rule UP-5).
    case untilClose
}
