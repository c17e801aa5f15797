public import Crypto

/// One Communication Services resource: a host that may be dialled.
public struct ResourceConfig: Sendable {
    /// Its key under `resources`.
    public var name: String
    /// The origin that is dialled, signed for and sent as Host.
    public var endpoint: Endpoint
    /// Where `endpoint` has its value.
    public var endpointPlace: SourcePlace
    /// The credential of routes that name none.
    public var credential: String?
    /// True when `credential` is there, right or wrong.
    var hasCredential: Bool
    /// What differs from the system's trust.
    public var tls: ResourceTLSConfig?
    /// The proxy that stands between, if one does.
    public var proxy: ResourceProxyConfig?
    /// Lower-case `x-ms-*` names that may pass.
    public var forwardFields: [String]
    /// Idle connections that one worker keeps.
    public var idleMax: Int
    /// How long an idle connection is kept.
    public var idleTimeout: Duration
    /// True when an Entra token may go to a host that is not Azure's (`any_host: allow`).
    public var anyHostAllowed: Bool
    /// Where its name stands.
    public var place: SourcePlace
}

/// How a resource's certificate is checked, where it differs from the system's way.
public struct ResourceTLSConfig: Sendable {
    /// PEM file with the only authorities that are believed.
    public var ca: ConfigPath?
    /// The name that is sent (SNI) and checked instead of the endpoint's host.
    public var serverName: String?
}

/// An HTTP proxy through which a resource is reached, with `CONNECT`.
public struct ResourceProxyConfig: Sendable {
    /// Scheme `http`, its port given in the file.
    public var endpoint: Endpoint
    /// What it wants to know of us (`Basic`, RFC 7617): a name without a colon, neither with control characters.
    public var credential: (username: String, password: Secret)?
}
