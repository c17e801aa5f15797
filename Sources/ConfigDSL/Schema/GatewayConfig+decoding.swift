extension GatewayConfig {
    /// The version of the language that is read.
    private static let knownVersion = 1

    /// Reads the whole tree and checks its parts against each other.
    ///
    /// Total: where something is wrong, which is told, a default or a gap stands in the result.
    static func decode(
        _ root: Node, context: ReadingContext, into diagnostics: inout Diagnostics
    ) -> GatewayConfig {
        var context = context
        context.allowsInlineSecrets = isPlainTrue(root["allow_inline_secrets"])
        var config = GatewayConfig()
        let wasRead: Void? = FieldReader.read(
            root, of: "", at: .whole(root.place.file), context: context, into: &diagnostics
        ) { fields in
            fields.notYetSupported("callers", "admin")
            config.read(&fields, Names(root))
        }
        if wasRead == nil { return config }
        BindCheck.run(config, into: &diagnostics)
        CredentialCheck.run(config, into: &diagnostics)
        ExposureCheck.run(config, into: &diagnostics)
        ReachabilityCheck.run(config, into: &diagnostics)
        return config
    }

    /// `true` or `false`; a reference would decide over secrets from outside the file.
    private static func permission(_ scalar: Scalar) throws(ValueError) -> Bool {
        if scalar.isLiteral { return try Bool.parse(scalar) }
        throw ValueError(.notBoolean, "must not be a reference", help: "write `true` or `false`")
    }

    private static func isPlainTrue(_ node: Node?) -> Bool {
        if case .scalar("true", isPlain: true)? = node?.content { return true }
        return false
    }

    private mutating func read(_ fields: inout FieldReader, _ names: Names) {
        version = fields.required("version", example: "1", Self.version) ?? version
        revision = fields.optional("revision", default: "", Self.revision)
        workers = fields.optional("workers", default: .auto, WorkerCount.parse)
        allowInlineSecrets = fields.optional("allow_inline_secrets", default: false, Self.permission)
        if allowInlineSecrets {
            fields.report(
                .inlineSecretsAllowed, "secrets may stand in this file", at: fields.place(of: "allow_inline_secrets"),
                help: "for trying things out; elsewhere use `${file:PATH}`, `${cred:NAME}` or `${env:NAME}`")
        }
        defaults = fields.section("defaults") { Settings(decoding: &$0) } ?? defaults
        if fields.requiredNode("listeners", example: "{ app: { bind: \"127.0.0.1:8080\" } }") != nil {
            readListeners(&fields)
        }
        credentials = fields.entities("credentials", "credential") { CredentialConfig($0, decoding: &$1) }
        resources = fields.entities("resources", "resource") { ResourceConfig($0, decoding: &$1, names: names) }
        if fields.requiredNode("routes") != nil { readRoutes(&fields, names) }
        telemetry = fields.section("telemetry") { TelemetryConfig(decoding: &$0) } ?? telemetry
    }

    private mutating func readListeners(_ fields: inout FieldReader) {
        let defaults = defaults
        listeners = fields.entities("listeners", "listener") { name, listener in
            ListenerConfig(name, decoding: &listener, defaults: defaults)
        }
        if case .mapping(let entries)? = fields.node("listeners")?.content, entries.isEmpty {
            fields.report(
                .badList, "`listeners` names no listener", at: fields.place(of: "listeners"),
                help: "without one, nothing can be served")
        }
    }

    private mutating func readRoutes(_ fields: inout FieldReader, _ names: Names) {
        guard let node = fields.node("routes"), let items = fields.listItems(node, "routes", 1...100_000) else {
            return
        }
        var surroundings = RouteSurroundings(defaults: defaults, names: names, resourceCredentials: [:])
        for resource in resources { surroundings.resourceCredentials[resource.name] = resource.credential }
        var places: [String: SourcePlace] = [:]
        for (index, item) in items.enumerated() {
            let owner = Self.owner(of: item, index)
            guard let route = fields.read(item, of: owner, { RouteConfig(decoding: &$0, within: surroundings) }) else {
                continue
            }
            if let first = places[route.name], !route.name.isEmpty {
                fields.report(
                    .duplicateRoute, "two routes are called `\(route.name)`", at: route.places.name,
                    help: "the first is at \(first.lineText)")
            }
            places[route.name] = places[route.name] ?? route.places.name
            routes.append(route)
        }
    }

    /// What sentences call a route: by its name, or by its number when that is none.
    private static func owner(of item: Node, _ index: Int) -> String {
        if case .scalar(let name, _)? = item["name"]?.content, (try? Names.check(name)) != nil {
            return "route `\(name)`"
        }
        return "route \(index + 1)"
    }

    /// Stamped on each line of a log: short.
    private static func revision(_ scalar: Scalar) throws(ValueError) -> String {
        let text = try String.parseFreeText(scalar)
        if text.utf8.count > 128 {
            throw ValueError(.badForm, "is longer than 128 bytes", help: "a commit's id is enough")
        }
        return text
    }

    private static func version(_ scalar: Scalar) throws(ValueError) -> Int {
        let version = try Int.parse(within: 0...Int.max)(scalar)
        guard version == knownVersion else {
            throw ValueError(
                .unknownVersion, "is not a version that this program reads", help: "write `version: \(knownVersion)`")
        }
        return version
    }
}

extension WorkerCount {
    /// `auto` or 1 to 256.
    static func parse(_ scalar: Scalar) throws(ValueError) -> WorkerCount {
        if scalar.text == "auto" { return .auto }
        if !scalar.text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            throw ValueError(.badForm, "is neither `auto` nor a number", help: "`auto` is one for each CPU")
        }
        return .count(try Int.parse(within: 1...256)(scalar))
    }
}

extension CredentialConfig {
    /// Reads what is common to all credentials; `nil` without a strategy.
    ///
    /// The mapping itself is kept raw: its other keys count as read.
    init?(_ name: String, decoding fields: inout FieldReader) {
        let strategy = fields.required("strategy", example: "access_key", String.parse)
        self.name = name
        // A key that looks like the missing `strategy` is told as unknown: nobody else will.
        self.fields = fields.leaveRaw(but: fields.has("strategy") ? nil : "strategy")
        place = fields.place
        context = fields.context
        strategyPlace = fields.valuePlace(of: "strategy")
        guard let strategy else { return nil }
        self.strategy = strategy
    }
}
