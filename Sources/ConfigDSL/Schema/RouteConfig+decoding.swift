/// What reading a route needs to know of the rest of the file.
struct RouteSurroundings {
    var defaults: Settings
    var names: Names
    /// The credential of each resource that names one.
    var resourceCredentials: [String: String]
}

extension RouteConfig {
    /// Reads one route; `nil` when what it matches cannot be told.
    init?(decoding fields: inout FieldReader, within surroundings: RouteSurroundings) {
        let name = fields.required("name", example: "sms", Names.parse)
        let match = fields.requiredSection("match", example: "{ path_prefix: / }") {
            RouteMatch(decoding: &$0, names: surroundings.names)
        }
        allow = Self.allow(&fields)
        resource = fields.required("resource", example: "NAME", surroundings.names.resources.parse) ?? ""
        let credential = fields.optional("credential", surroundings.names.credentials.parse)
        let stripped = match.flatMap(\.segments)
        rewrite = fields.section("rewrite") {
            PathRewrite(decoding: &$0, demanded: stripped, isMatchKnown: match != nil)
        }
        timeouts = surroundings.defaults.timeouts
        timeouts.read(
            &fields, Timeouts.Key.ofRoute, elsewhere: "set it on a listener or in `defaults`: no route is known yet")
        body = surroundings.defaults.body
        body.read(&fields, isRoute: true)
        retries = surroundings.defaults.retries
        retries.read(&fields)
        fields.refuse(["limits"], help: "set them on a listener or in `defaults`: no route is known yet")

        guard let match else { return nil }
        self.name = name ?? ""
        self.match = match
        self.credential = credential ?? surroundings.resourceCredentials[resource] ?? ""
        place = fields.place
        places = RoutePlaces(
            name: fields.valuePlace(of: "name"), allow: fields.valuePlace(of: "allow"),
            resource: fields.valuePlace(of: "resource"),
            credential: fields.has("credential") ? fields.valuePlace(of: "credential") : nil)
    }

    private static func allow(_ fields: inout FieldReader) -> RouteAllow {
        guard fields.node("allow") != nil else {
            fields.reportAbsence(
                of: ["allow"],
                Diagnostic(
                    .noAllow, "\(fields.owner) does not say who may use it", at: fields.place,
                    help: "add `allow`; `allow: [anonymous]` lets everyone in"))
            return .callers([])
        }
        let callers = fields.optionalList("allow") { scalar throws(ValueError) in
            if scalar.text == "anonymous" { return scalar.text }
            let isClose = scalar.isLiteral && Suggestion.closest(to: scalar.text, among: ["anonymous"]) != nil
            throw .sentence(
                .unknownCaller, "caller `\(scalar.shown)` is not defined",
                help: isClose ? "did you mean `anonymous`?" : "this version knows `anonymous` alone")
        }
        return callers == nil ? .callers([]) : .anonymous
    }
}

extension RouteMatch {
    /// Reads a `match`; `nil` when a part of it is wrong, so that nothing is concluded from it.
    init?(decoding fields: inout FieldReader, names: Names) {
        self.init()
        let errors = fields.diagnostics.errorCount
        path = fields.optional("path", CanonicalPath.parse)
        pathPrefix = fields.optional("path_prefix", CanonicalPath.parse)
        methods = fields.optionalList("methods", Method.parse) ?? []
        host = fields.optional("host", MatchHost.parse)
        listener = fields.optional("listener", names.listeners.parse)
        fields.notYetSupported("operations")
        if fields.diagnostics.errorCount > errors { return nil }

        if self == RouteMatch() {
            fields.reportAbsence(
                of: ["path", "path_prefix", "methods", "host", "listener"],
                Diagnostic(
                    .emptyMatch, "\(fields.owner) demands nothing", at: fields.place,
                    help: "to take every request write `match: { path_prefix: / }`"))
            return nil
        }
        if let path, let pathPrefix, !path.hasPrefix(pathPrefix) {
            fields.report(
                .contradictoryMatch, "`path` is not below `path_prefix`, so no request can have both",
                at: fields.valuePlace(of: "path"), help: "one of them is enough")
            return nil
        }
    }

    /// The path whose leading segments every request has; `nil` when it may have any.
    var segments: CanonicalPath? { path ?? pathPrefix }
}

extension PathRewrite {
    /// Reads a `rewrite`; `demanded` is the path that every request of the route begins with.
    init?(decoding fields: inout FieldReader, demanded: CanonicalPath?, isMatchKnown: Bool) {
        stripPrefix = fields.optional("strip_prefix", Self.prefix)
        addPrefix = fields.optional("add_prefix", Self.prefix)?.written
        if !fields.has("strip_prefix"), !fields.has("add_prefix") {
            fields.report(
                .keysConflict, "\(fields.owner) changes nothing", at: fields.place,
                help: "it takes `strip_prefix`, `add_prefix` or both")
        }
        guard isMatchKnown, let stripPrefix, demanded?.hasPrefix(stripPrefix) != true else { return }
        let help =
            demanded == nil
            ? "the route needs a `path` or `path_prefix` that begins so"
            : "it is what `path` or `path_prefix` begins with, in whole segments"
        fields.report(
            .stripNotCovered, "`strip_prefix` is not what each request of this route begins with",
            at: fields.valuePlace(of: "strip_prefix"), help: help)
    }

    /// A path of one or more whole segments, without a `/` at its end or twice in a row.
    private static func prefix(_ scalar: Scalar) throws(ValueError) -> CanonicalPath {
        let path = try CanonicalPath.parse(scalar)
        let pieces = path.written.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if path.segments.isEmpty {
            throw ValueError(.badRewrite, "has no segment", help: "leave it out, or write one like `/eu`")
        }
        guard pieces.dropFirst().allSatisfy({ !$0.isEmpty }) else {
            throw ValueError(.badRewrite, "has a `/` too many", help: "write it like `/eu` or `/acs/eu`")
        }
        return path
    }
}
