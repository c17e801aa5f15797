/// One entry of `routes`: which requests it takes, who may make them, and where they go.
public struct RouteConfig: Sendable {
    /// Unique among the routes.
    public var name: String
    /// All that is given must hold.
    public var match: RouteMatch
    /// Who may use it.
    public var allow: RouteAllow
    /// The name of a resource.
    public var resource: String
    /// The name of the credential in effect: the route's own, else its resource's.  Empty in a draft alone.
    public var credential: String
    /// What is taken from and put before the path.
    public var rewrite: PathRewrite?
    /// Effective; `requestHead` and `idle` are the listener's and stand here unused.
    public var timeouts: Timeouts
    /// Effective.
    public var body: BodyLimits
    /// Effective.
    public var retries: RetryLimits
    /// Where its mapping starts.
    public var place: SourcePlace
    /// Where its values stand.
    public var places: RoutePlaces
}

/// Where a route's values stand, for findings about them.
public struct RoutePlaces: Equatable, Sendable {
    /// The value of `name`.
    public var name: SourcePlace
    /// The value of `allow`.
    public var allow: SourcePlace
    /// The value of `resource`.
    public var resource: SourcePlace
    /// The value of `credential`, when the route has one of its own.
    public var credential: SourcePlace?
}

/// What a request must be like; what is `nil` or empty accepts all.
public struct RouteMatch: Equatable, Sendable {
    /// The exact path.
    public var path: CanonicalPath?
    /// The path's first whole segments.
    public var pathPrefix: CanonicalPath?
    /// Upper-case methods; `GET` does not include HEAD.
    public var methods: [String] = []
    /// The host's name, lower case, without port; an IPv6 address in brackets.
    public var host: String?
    /// A listener's name.
    public var listener: String?

    /// Accepts every request.
    public init() {}
}

/// Who may use a route.
public enum RouteAllow: Equatable, Sendable {
    /// Everyone who can connect (`allow: [anonymous]`).
    case anonymous
    /// The callers with these names.
    case callers([String])
}

/// How a path is changed on its way: `strip_prefix` first, then `add_prefix`.
public struct PathRewrite: Equatable, Sendable {
    /// Whole leading segments that the route's `path` or `path_prefix` demands.
    public var stripPrefix: CanonicalPath?
    /// Starts with `/`, has no trailing `/`; put in front byte for byte.
    public var addPrefix: String?
}
