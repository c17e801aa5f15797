internal import Admission
internal import Bytes
public import ConfigDSL
public import Credentials
internal import Crypto
internal import HTTP1
public import Telemetry
public import Transport
internal import Upstream

/// Turns a decoded configuration into a ``Generation``: names become indices, files become TLS contexts.
///
/// The second stage of a load, the same for `check`, the first start and each reload.  It opens no socket and starts
/// nothing; what is wrong is told as diagnostics at the place that names it.
public struct Provisioner {
    /// What a generation needs from outside the file.
    public struct Surroundings: Sendable {
        /// Counts generations.
        public var number: Int
        /// Where access lines go.
        public var accessLog: LogFile?
        /// The operator's log.
        public var log: Logger
        /// Where bodies go that memory should not hold.
        public var spoolDirectory: String
        /// What serves now: the keys of its session tickets are taken over where they may be.
        public var previous: Generation?

        /// See the fields.
        public init(
            number: Int, accessLog: LogFile?, log: Logger, spoolDirectory: String, previous: Generation? = nil
        ) {
            (self.number, self.accessLog, self.log) = (number, accessLog, log)
            (self.spoolDirectory, self.previous) = (spoolDirectory, previous)
        }
    }

    let environment: LoadEnvironment
    private let strategies: [String: any CredentialStrategy]
    /// The system's authorities, read once and shared by all resources.
    private var systemTrust: TLSContext?
    var diagnostics: Diagnostics

    private init(
        environment: LoadEnvironment, strategies: [String: any CredentialStrategy], diagnostics: Diagnostics
    ) {
        (self.environment, self.strategies, self.diagnostics) = (environment, strategies, diagnostics)
    }

    /// Makes the generation that `config` describes, with `strategies` by their credentials' names; `nil` when there is
    /// an error among `diagnostics` afterwards.
    public static func provision(
        _ config: GatewayConfig, strategies: [String: any CredentialStrategy], in environment: LoadEnvironment,
        _ surroundings: Surroundings, diagnostics: inout Diagnostics
    ) -> Generation? {
        var maker = Provisioner(environment: environment, strategies: strategies, diagnostics: diagnostics)
        let generation = maker.generation(config, surroundings)
        diagnostics = maker.diagnostics
        return diagnostics.hasErrors ? nil : generation
    }

    private mutating func generation(_ config: GatewayConfig, _ surroundings: Surroundings) -> Generation? {
        let listeners = config.listeners.map { listener($0, after: surroundings.previous) }
        let resources = config.resources.enumerated().map { resource($1, index: $0) }
        let credentials = config.credentials.enumerated().compactMap { index, config in
            strategies[config.name].map { CredentialSettings(index: index, name: config.name, strategy: $0) }
        }
        guard !diagnostics.hasErrors, credentials.count == config.credentials.count else { return nil }
        let known = (
            resources: Dictionary(uniqueKeysWithValues: resources.map { ($0.name, $0) }),
            credentials: Dictionary(uniqueKeysWithValues: credentials.map { ($0.name, $0) })
        )
        let places = Dictionary(uniqueKeysWithValues: config.listeners.enumerated().map { ($1.name, $0) })
        var routes: [RouteSettings] = []
        var conditions: [RouteCondition] = []
        for route in config.routes {
            guard let resource = known.resources[route.resource],
                let credential = known.credentials[route.credential]
            else { return nil }  // dangling names were told when the file was decoded
            routes.append(Self.route(route, resource, credential))
            conditions.append(RouteCondition(route.match, listeners: places))
        }
        let shared = SharedSettings(
            heldBodyBytes: config.defaults.body.totalBytes,
            spoolDirectory: surroundings.spoolDirectory,
            accessLog: surroundings.accessLog, log: surroundings.log)
        return Generation(
            number: surroundings.number, revision: config.revision, listeners: listeners, routes: routes,
            conditions: conditions, resources: resources, credentials: credentials, shared: shared)
    }

    // MARK: Resources and routes

    private mutating func resource(_ config: ResourceConfig, index: Int) -> ResourceSettings {
        let (tls, identity) = config.endpoint.scheme == .https ? clientContext(config) : (nil, "")
        let target = UpstreamTarget(
            host: config.endpoint.host, port: UInt16(clamping: config.endpoint.port), tls: tls,
            tlsIdentity: identity, serverName: config.tls?.serverName ?? config.endpoint.host,
            proxy: config.proxy.map { proxy in
                UpstreamProxy(
                    host: proxy.endpoint.host, port: UInt16(clamping: proxy.endpoint.port),
                    to: (config.endpoint.host, UInt16(clamping: config.endpoint.port)), credential: proxy.credential)
            },
            idleLimit: config.idleMax, idleTimeout: config.idleTimeout)
        return ResourceSettings(
            index: index, name: config.name, target: target, hostField: config.endpoint.authority,
            forwardFields: config.forwardFields)
    }

    private mutating func clientContext(_ config: ResourceConfig) -> (TLSContext?, String) {
        do throws(TLSSetupError) {
            guard let path = config.tls?.ca else {
                if systemTrust == nil { systemTrust = try TLSContext(trusting: .system) }
                return (systemTrust, "system")
            }
            guard let authorities = pem(path) else { return (nil, "") }
            let digest = authorities.text.withBytes { SHA256.digest(of: $0) }
            return (try TLSContext(trusting: .only(authorities)), digest.hex)
        } catch {
            diagnostics.report(.unreadableFileSetting, "\(error)", at: config.tls?.ca?.place ?? config.endpointPlace)
            return (nil, "")
        }
    }

    private static func route(
        _ config: RouteConfig, _ resource: ResourceSettings, _ credential: CredentialSettings
    ) -> RouteSettings {
        let times = config.timeouts
        return RouteSettings(
            name: config.name, rules: .anyone, resource: resource, credential: credential,
            rewrite: FollowUpLinks.Rewrite(
                strippedPrefix: config.rewrite?.stripPrefix.map(Self.writtenPrefix) ?? [],
                addedPrefix: Array((config.rewrite?.addPrefix ?? "").utf8)),
            times: RouteTimes(
                connect: times.connect, requestBody: times.requestBody.wholeNanoseconds,
                responseHead: times.responseHead.wholeNanoseconds, responseBody: times.responseBody.wholeNanoseconds,
                total: times.total.wholeNanoseconds),
            body: RouteBody(limitBytes: config.body.maxBytes, memoryBytes: config.body.memoryBytes),
            attempts: config.retries.attempts)
    }

    /// The prefix as the file spells it, without a slash at its end.
    private static func writtenPrefix(_ path: ConfigDSL.CanonicalPath) -> [UInt8] {
        var bytes = Array(path.written.utf8)
        while bytes.last == 0x2F { bytes.removeLast() }
        return bytes
    }

    // MARK: Files

    mutating func pem(_ path: ConfigPath) -> PEM? {
        do throws(FileFailure) {
            let content = try environment.readFile(path.path, PEM.fileLimitBytes)
            return PEM(named: path.shown, Secret(copying: content.bytes.span))
        } catch {
            // Most often it was told already, when the file was decoded.
            if !diagnostics.hasError(at: path.place) {
                diagnostics.report(.unreadableFileSetting, "`\(path.shown)` \(error.sentence)", at: path.place)
            }
            return nil
        }
    }
}

extension FileFailure {
    /// What to say behind the file's name.
    fileprivate var sentence: String {
        switch self {
        case .notFound: "is not there"
        case .notPermitted: "may not be read by this process"
        case .notAFile: "is not a file"
        case .tooLarge: "is too large"
        case .failed(let reason): "cannot be read: \(reason)"
        }
    }
}

extension RouteCondition {
    fileprivate init(_ match: ConfigDSL.RouteMatch, listeners: [String: Int]) {
        if let exact = match.path {
            path = .exactly(exact.segments.isEmpty ? [] : Array(exact.text.utf8))
        } else if let prefix = match.pathPrefix {
            path = .below(prefix.segments.isEmpty ? [] : Array(prefix.text.utf8))
        } else {
            path = .any
        }
        methods = match.methods.isEmpty ? nil : Methods(match.methods)
        host = match.host.map { Array($0.utf8) }
        listener = match.listener.flatMap { listeners[$0] }
    }
}
