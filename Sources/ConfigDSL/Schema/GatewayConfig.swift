/// A whole configuration file as typed, checked values.
///
/// Made by ``ConfigLoader`` only.  Names that one part gives to another (a route's resource, a resource's credential)
/// are defined; what a route or listener sets again is merged in already, so no one looks at `defaults` twice.
/// Lists keep the file's order.
public struct GatewayConfig: Sendable {
    /// The version of the language: 1.
    public var version = 1
    /// Free text for logs and metrics.
    public var revision = ""
    /// How many workers serve.
    public var workers = WorkerCount.auto
    /// What holds where nothing else is said.
    public var defaults = Settings()
    /// At least one.
    public var listeners: [ListenerConfig] = []
    /// Outbound credentials, each still raw for the strategy that it names.
    public var credentials: [CredentialConfig] = []
    /// The only hosts that are ever dialled.
    public var resources: [ResourceConfig] = []
    /// The first that matches wins.
    public var routes: [RouteConfig] = []
    /// Where the gateway writes what it does.
    public var telemetry = TelemetryConfig()
    /// True when a secret may stand in the file itself.
    public var allowInlineSecrets = false

    init() {}
}

/// How many workers serve.
public enum WorkerCount: Equatable, Sendable {
    /// One for each CPU that this process may use.
    case auto
    /// 1 to 256.
    case count(Int)
}
