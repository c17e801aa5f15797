/// Where the gateway listens, and how long and how much a connection there may take.
public struct ListenerConfig: Sendable {
    /// Its key under `listeners`.
    public var name: String
    /// The address.
    public var bind: BindAddress
    /// Permission bits of a unix socket's file.
    public var mode: UInt16
    /// How callers name the gateway; `nil`: the scheme and Host of each request.
    public var publicURL: Endpoint?
    /// True when `plaintext: allow` lets a listener that others can reach go without TLS.
    public var plaintextAllowed: Bool
    /// TLS, when the listener speaks it.
    public var tls: ListenerTLSConfig?
    /// Effective: from the first byte, or the accept, to the end of the head.
    public var requestHead: Duration
    /// Effective: between requests on one connection.
    public var idle: Duration
    /// Effective limits.
    public var limits: ConnectionLimits
    /// Where its name stands.
    public var place: SourcePlace
    /// Where `bind` has its value.
    public var bindPlace: SourcePlace
}

extension ListenerConfig {
    /// What a listener of two generations has in common when its socket stays: the address, or, where the system
    /// chooses the port, the name as well.
    public var bindKey: String {
        switch bind {
        case .tcp(let host, 0): "\(host):0 \(name)"
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// The TLS side of a listener.
public struct ListenerTLSConfig: Sendable {
    /// What it shows, the default first: `certificate` and `key`, then `certificates` in their order.
    public var certificates: [CertificateFiles]
    /// PEM file with the authorities whose clients are believed.
    public var clientCA: ConfigPath?
    /// Whether clients show a certificate.
    public var clientAuth: ClientAuth
    /// The oldest version that is spoken.
    public var minVersion: TLSVersion
}

/// A certificate with its key.
public struct CertificateFiles: Sendable {
    /// PEM file with the certificate and its chain.
    public var certificate: ConfigPath
    /// PEM file with the private key.
    public var key: ConfigPath
}

/// Whether the clients of a TLS listener show a certificate.
public enum ClientAuth: String, CaseIterable, Sendable {
    /// They are not asked for one.
    case none
    /// They are asked, and a bad one ends the handshake; none is fine.
    case optional
    /// Without a good one the handshake fails.
    case required
}

/// A version of TLS.
public enum TLSVersion: String, CaseIterable, Sendable {
    /// RFC 5246.
    case tls12 = "1.2"
    /// RFC 8446.
    case tls13 = "1.3"
}

/// A path as it is opened, and where the configuration names it.
public struct ConfigPath: Equatable, Sendable {
    /// Absolute, or relative to the process's working directory: the file's own directory is put in front already.
    public var path: String
    /// What messages call it: the path, or, when a reference gave it, the reference.
    public var shown: String
    /// For diagnostics about the file's content.
    public var place: SourcePlace
}
