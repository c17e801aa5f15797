/// The text fields of an access log line, `path` aside, which has a rule of its own.
public enum AccessLogText: CaseIterable, Sendable {
    /// The request's method.
    case method
    /// The route's name.
    case route
    /// The resource's name.
    case resource
    /// The listener's name.
    case listener
    /// The caller's name, once a caller was recognized.
    case caller
    /// The peer's address as the socket tells it; never taken from a field of the request.
    case peer
    /// Our own id of the exchange.
    case requestID
    /// `x-ms-client-request-id` as the client sent it.
    case clientRequestID
    /// `x-ms-request-id` as the resource sent it: what Azure's support asks for.
    case upstreamRequestID
    /// Why the gateway itself answered, in kebab-case: the value of `x-acs-gateway-reason`.
    case reason
    /// The configuration's `revision`.
    case revision

    /// What stands before the value: comma, name in quotes, colon, quote.
    @inlinable var opening: StaticString {
        switch self {
        case .method: ",\"method\":\""
        case .route: ",\"route\":\""
        case .resource: ",\"resource\":\""
        case .listener: ",\"listener\":\""
        case .caller: ",\"caller\":\""
        case .peer: ",\"peer\":\""
        case .requestID: ",\"request_id\":\""
        case .clientRequestID: ",\"client_request_id\":\""
        case .upstreamRequestID: ",\"upstream_request_id\":\""
        case .reason: ",\"reason\":\""
        case .revision: ",\"revision\":\""
        }
    }
}

/// The number fields of an access log line.
public enum AccessLogNumber: CaseIterable, Sendable {
    /// The status that the client was sent.
    case status
    /// Bytes of the request's body as received.
    case requestBytes
    /// Bytes of the answer's body as sent.
    case responseBytes
    /// How often the request was sent to the resource; 0 when it never was.
    case attempts
    /// The generation that the exchange began with.
    case generation

    /// What stands before the value: comma, name in quotes, colon.
    @inlinable var opening: StaticString {
        switch self {
        case .status: ",\"status\":"
        case .requestBytes: ",\"request_bytes\":"
        case .responseBytes: ",\"response_bytes\":"
        case .attempts: ",\"attempts\":"
        case .generation: ",\"generation\":"
        }
    }
}

/// The durations of an access log line, in milliseconds.
public enum AccessLogDuration: CaseIterable, Sendable {
    /// From the request's first byte to the answer's last one.
    case total
    /// From the first byte sent to the resource to the last one received from it.
    case upstream

    /// What stands before the value: comma, name in quotes, colon.
    @inlinable var opening: StaticString {
        switch self {
        case .total: ",\"total_ms\":"
        case .upstream: ",\"upstream_ms\":"
        }
    }
}
