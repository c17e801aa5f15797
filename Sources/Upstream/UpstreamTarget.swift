public import Crypto

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
    /// What stands in between, if anything does.
    public var proxy: UpstreamProxy?
    /// Idle connections kept, for each worker.
    public var idleLimit: Int
    /// How long an idle connection is kept.
    public var idleTimeout: Duration

    /// A target; see the fields.
    public init(
        host: String, port: UInt16, tls: TLSContext?, tlsIdentity: String, serverName: String,
        proxy: UpstreamProxy? = nil, idleLimit: Int = 64, idleTimeout: Duration = .seconds(60)
    ) {
        (self.host, self.port, self.tls, self.tlsIdentity) = (host, port, tls, tlsIdentity)
        (self.serverName, self.proxy) = (serverName, proxy)
        (self.idleLimit, self.idleTimeout) = (idleLimit, idleTimeout)
    }

    /// What is really dialled, and whose name is looked up: the proxy if there is one.
    public var dialled: (host: String, port: UInt16) {
        if let proxy { (proxy.host, proxy.port) } else { (host, port) }
    }

    /// What a connection to it takes.
    var way: UpstreamStateMachine.Way { UpstreamStateMachine.Way(hasProxy: proxy != nil, hasTLS: tls != nil) }

    /// True when connections made for one may serve the other.
    public func sharesConnections(with other: UpstreamTarget) -> Bool {
        host == other.host && port == other.port && (tls == nil) == (other.tls == nil)
            && tlsIdentity == other.tlsIdentity && serverName == other.serverName
            && proxy?.identity == other.proxy?.identity && idleLimit == other.idleLimit
            && idleTimeout == other.idleTimeout
    }
}
