public import Crypto

/// What of a request can be signed, exactly as it will be sent.  It borrows the bytes that it shows.
public struct OutboundRequest: ~Copyable, ~Escapable {
    /// The method, upper case.
    public let method: Span<UInt8>
    /// The request target: path and query, byte for byte as in the request line, never empty.
    public let target: Span<UInt8>
    /// The value of the Host field: the port only when it is not the scheme's own.
    public let host: Span<UInt8>
    /// This attempt's date, an IMF-fixdate (RFC 9110 §5.6.7).
    public let date: Span<UInt8>
    /// The SHA-256 of the body as sent, of no bytes when there is none.
    public let bodyDigest: SHA256Digest

    /// A request of these parts.
    @_lifetime(copy method, copy target, copy host, copy date)
    public init(
        method: Span<UInt8>, target: Span<UInt8>, host: Span<UInt8>, date: Span<UInt8>, bodyDigest: SHA256Digest
    ) {
        self.method = method
        self.target = target
        self.host = host
        self.date = date
        self.bodyDigest = bodyDigest
    }
}
