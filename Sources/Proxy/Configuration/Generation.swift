public import Admission
internal import Bytes
public import Credentials
public import Crypto
public import HTTP1
public import Telemetry
public import Transport
public import Upstream

/// One loaded configuration, as the data plane uses it: immutable, shared by all workers, made beside the one that
/// serves and swapped in whole.  Names are resolved to indices, durations to nanoseconds, texts to bytes.
public final class Generation: Sendable {
    /// Counts the configurations of this process, from 1.
    public let number: Int
    /// The configuration's `revision`.
    public let revision: String
    /// Number and revision, as access lines tell them.
    let logConstants: AccessLogConstants
    /// Where clients come in, in the file's order.
    public let listeners: [ListenerSettings]
    /// What may be asked, in the file's order.
    public let routes: [RouteSettings]
    /// Where requests go.
    public let resources: [ResourceSettings]
    /// Who we are there.
    public let credentials: [CredentialSettings]
    /// Bytes of request bodies held in memory, in all workers together.
    public let heldBodyLimitBytes: Int
    /// Where bodies go that memory should not hold.
    public let spoolDirectory: String
    /// Where access lines go; `nil` for nowhere.
    public let accessLog: LogFile?
    /// The operator's log.
    public let log: Logger

    let router: Router

    /// A generation of these parts; `conditions` belong to `routes`, one each.
    init(
        number: Int, revision: String, listeners: [ListenerSettings], routes: [RouteSettings],
        conditions: [RouteCondition], resources: [ResourceSettings], credentials: [CredentialSettings],
        shared: SharedSettings
    ) {
        precondition(routes.count == conditions.count, "a route without its condition")
        (self.number, self.revision, self.listeners, self.routes) = (number, revision, listeners, routes)
        (self.resources, self.credentials) = (resources, credentials)
        logConstants = AccessLogConstants([(.revision, revision)], numbers: [(.generation, number)])
        heldBodyLimitBytes = shared.heldBodyBytes
        spoolDirectory = shared.spoolDirectory
        accessLog = shared.accessLog
        log = shared.log
        router = Router(conditions)
    }

    /// Nothing at all: what a worker has before its first configuration.
    static func none(log: Logger) -> Generation {
        Generation(
            number: 0, revision: "", listeners: [], routes: [], conditions: [], resources: [], credentials: [],
            shared: SharedSettings(
                heldBodyBytes: 0, spoolDirectory: "/tmp", accessLog: nil, log: log))
    }
}

/// What a generation says beside its parts.
public struct SharedSettings: Sendable {
    /// In all workers together.
    public var heldBodyBytes: Int
    /// For spooled bodies.
    public var spoolDirectory: String
    /// Where access lines go; `nil` for nowhere.
    public var accessLog: LogFile?
    /// The operator's log.
    public var log: Logger

    /// See the fields.
    public init(heldBodyBytes: Int, spoolDirectory: String, accessLog: LogFile?, log: Logger) {
        self.heldBodyBytes = heldBodyBytes
        (self.spoolDirectory, self.accessLog, self.log) = (spoolDirectory, accessLog, log)
    }
}

/// One listener's settings.
public final class ListenerSettings: Sendable {
    /// Its name in the file.
    public let name: String
    /// What the file says it binds; a listener whose bind stays is never closed.
    public let bindKey: String
    /// TLS towards clients.
    public let tls: TLSContext?
    /// How clients name us, such as `https://acs.internal`; empty for the scheme and the `Host` of each request.
    public let publicBase: [UInt8]
    /// Limits of heads.
    public let headLimits: HeadLimits
    /// Nanoseconds from the first byte, or the accept, to the end of the head.
    public let requestHead: Int64
    /// Nanoseconds between requests.
    public let idle: Int64
    /// Requests on one connection.
    public let requestsPerConnection: Int
    /// Connections in all workers.
    public let connectionLimit: Int
    /// Connections from one address, in all workers.
    public let connectionLimitPerHost: Int
    /// Its part of each access log line.
    let logConstants: AccessLogConstants

    /// See the fields.
    public init(
        name: String, bindKey: String, tls: TLSContext?, publicBase: [UInt8], headLimits: HeadLimits,
        requestHead: Int64, idle: Int64, requestsPerConnection: Int, connectionLimit: Int = .max,
        connectionLimitPerHost: Int = .max
    ) {
        (self.name, self.bindKey, self.tls, self.publicBase) = (name, bindKey, tls, publicBase)
        (self.headLimits, self.requestHead, self.idle) = (headLimits, requestHead, idle)
        self.requestsPerConnection = requestsPerConnection
        (self.connectionLimit, self.connectionLimitPerHost) = (connectionLimit, connectionLimitPerHost)
        logConstants = AccessLogConstants([(.listener, name)])
    }
}

/// One route's settings, its condition aside.
public final class RouteSettings: Sendable {
    /// Its name in the file.
    public let name: String
    /// Who may use it.
    public let rules: AccessRules
    /// Where its requests go.
    public let resource: ResourceSettings
    /// As whom.
    public let credential: CredentialSettings
    /// How many leading segments are taken away.
    let strippedSegments: Int
    /// How paths change, for links that come back.
    let rewrite: FollowUpLinks.Rewrite
    /// Time limits.
    public let times: RouteTimes
    /// A request body's limit.
    public let bodyLimitBytes: Int
    /// Beyond this, a held body goes to a file.
    public let bodyMemoryBytes: Int
    /// Sends to the resource, the first included.
    public let attempts: Int
    /// Its part of each access log line.
    let logConstants: AccessLogConstants

    init(
        name: String, rules: AccessRules, resource: ResourceSettings, credential: CredentialSettings,
        rewrite: FollowUpLinks.Rewrite, times: RouteTimes, body: RouteBody, attempts: Int
    ) {
        (self.name, self.rules) = (name, rules)
        (self.resource, self.credential) = (resource, credential)
        (self.rewrite, self.times, self.attempts) = (rewrite, times, attempts)
        (bodyLimitBytes, bodyMemoryBytes) = (body.limitBytes, body.memoryBytes)
        strippedSegments = rewrite.strippedPrefix.count { $0 == 0x2F }
        logConstants = AccessLogConstants([(.route, name), (.resource, resource.name)])
    }
}

/// A route's limits of request bodies.
public struct RouteBody: Sendable {
    /// More is refused.
    var limitBytes: Int
    /// More is spooled.
    var memoryBytes: Int
}

/// A route's time limits, in nanoseconds.
public struct RouteTimes: Sendable {
    /// For each address; also the wait for a first token.
    public var connect: Duration
    /// Longest pause of the client's body.
    public var requestBody: Int64
    /// From the last request byte to the end of the answer's head.
    public var responseHead: Int64
    /// Longest pause of the answer's body, either side.
    public var responseBody: Int64
    /// From the head's end to the last byte.
    public var total: Int64
}

/// One resource's settings.
public final class ResourceSettings: Sendable {
    /// Its name in the file.
    public let name: String
    /// Where connections go.
    public let target: UpstreamTarget
    /// Its place in the generation.
    let index: Int
    /// The `Host` that is sent and signed.
    let hostField: [UInt8]
    /// `x-ms-…` names, lower case, that may pass.
    let forwardFields: [[UInt8]]
    /// Which links are its own.
    let links: FollowUpLinks

    init(index: Int, name: String, target: UpstreamTarget, hostField: String, forwardFields: [String]) {
        (self.index, self.name, self.target) = (index, name, target)
        self.hostField = Array(hostField.utf8)
        self.forwardFields = forwardFields.map { Array($0.lowercased().utf8) }
        links = FollowUpLinks(host: target.host)
    }
}

/// One credential's settings.
public final class CredentialSettings: Sendable {
    /// Its name in the file.
    public let name: String
    /// Its place in the generation.
    let index: Int
    /// What authorizes.
    public let strategy: any CredentialStrategy
    /// What ``strategy`` says of itself, kept beside it: asking it, every request would count references to it.
    let needsBodyDigest: Bool
    let passesCallerAuthorization: Bool

    init(index: Int, name: String, strategy: any CredentialStrategy) {
        (self.index, self.name, self.strategy) = (index, name, strategy)
        needsBodyDigest = strategy.needsBodyDigest
        passesCallerAuthorization = strategy.passesCallerAuthorization
    }
}
