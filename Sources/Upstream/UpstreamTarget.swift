public import Crypto
public import Transport

/// Where requests for one resource go, and how: what a ``Pool`` is made for.
///
/// Two targets that are equal share warm connections across a reload, so everything that a connection depends on takes
/// part in the comparison; TLS settings by ``tlsIdentity``, since a context has no equality of its own.
public struct UpstreamTarget: Sendable {
    /// Name or address to connect to, without brackets.
    public var host: String
    /// Its port.
    public var port: UInt16
    /// TLS to speak, or `nil` for plain TCP.
    public var tls: TLSContext?
    /// What makes two TLS settings the same: the CA's text and the like.
    public var tlsIdentity: String
    /// The name that the certificate must carry, and SNI.
    public var serverName: String
    /// Idle connections kept, for each worker.
    public var idleLimit: Int
    /// How long an idle connection is kept.
    public var idleTimeout: Duration

    /// A target; see the fields.
    public init(
        host: String, port: UInt16, tls: TLSContext?, tlsIdentity: String, serverName: String, idleLimit: Int = 64,
        idleTimeout: Duration = .seconds(60)
    ) {
        (self.host, self.port, self.tls, self.tlsIdentity) = (host, port, tls, tlsIdentity)
        (self.serverName, self.idleLimit, self.idleTimeout) = (serverName, idleLimit, idleTimeout)
    }

    /// True when connections made for one may serve the other.
    public func sharesConnections(with other: UpstreamTarget) -> Bool {
        host == other.host && port == other.port && (tls == nil) == (other.tls == nil)
            && tlsIdentity == other.tlsIdentity && serverName == other.serverName && idleLimit == other.idleLimit
            && idleTimeout == other.idleTimeout
    }
}

/// Why no connection could be opened; nothing was sent.
public enum ConnectFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name has no address now.
    case noAddress(host: String)
    /// The system refused, or the peer did.
    case refused(SystemError, SocketAddress)
    /// Neither yes nor no within `timeouts.connect`.
    case timedOut(SocketAddress)
    /// The handshake failed: a certificate, a name, a version.
    case tls(String)

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .noAddress(let host): "the name `\(host)` has no address"
        case .refused(let error, let address): "\(address): \(error)"
        case .timedOut(let address): "\(address): no connection in time"
        case .tls(let sentence): "TLS: \(sentence)"
        }
    }
}
