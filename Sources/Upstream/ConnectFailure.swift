public import Transport

/// Why no connection could be opened; nothing was sent to the target.
public enum ConnectFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name has no address now.
    case noAddress(host: String)
    /// The system refused, or the peer did.
    case refused(SystemError, SocketAddress)
    /// Neither yes nor no within `timeouts.connect`.
    case timedOut(SocketAddress)
    /// The proxy answered CONNECT with this status.
    case proxyRefused(status: Int, SocketAddress, gaveCredential: Bool)
    /// The proxy ended the connection, or what it said is no answer.
    case proxyFailed(SocketAddress, String)
    /// The handshake failed: a certificate, a name, a version.
    case tls(String)

    /// Which of the reasons it is, without its particulars.
    public enum Kind: Hashable, Sendable {
        /// The case of that name.
        case noAddress, refused, timedOut, proxyRefused, proxyFailed, tls
    }

    /// Which of the reasons it is.
    public var kind: Kind {
        switch self {
        case .noAddress: .noAddress
        case .refused: .refused
        case .timedOut: .timedOut
        case .proxyRefused: .proxyRefused
        case .proxyFailed: .proxyFailed
        case .tls: .tls
        }
    }

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .noAddress: "its name has no address"
        case .refused(let error, let address): "\(address): \(error)"
        case .timedOut(let address): "\(address): no connection in time"
        case .proxyRefused(407, let address, gaveCredential: false):
            "the proxy at \(address) answered 407: it wants `proxy.username` and `proxy.password`"
        case .proxyRefused(407, let address, gaveCredential: true):
            "the proxy at \(address) answered 407: it does not take `proxy.username` and `proxy.password`"
        case .proxyRefused(let status, let address, _): "the proxy at \(address) answered \(status) to CONNECT"
        case .proxyFailed(let address, let sentence): "the proxy at \(address) \(sentence)"
        case .tls(let sentence): "TLS: \(sentence)"
        }
    }
}
