/// Routes that can never match, since earlier ones take every request of theirs.
///
/// Exact: a route is told when for each listener and each method that it accepts some earlier route accepts the same
/// path and host.  Several earlier routes may share the work.  Paths stand in a tree of segments, so that ten thousand
/// routes cost little more than their letters.
struct ReachabilityCheck {
    /// Routes that end at one place of the tree, by the host that they demand.
    private struct Branch {
        var children: [String: Int] = [:]
        var prefixes: [String?: [Int]] = [:]
        var exact: [String?: [Int]] = [:]
    }

    private let routes: [RouteConfig]
    private let listeners: [String]
    private var branches = [Branch()]

    private init(_ config: GatewayConfig) {
        routes = config.routes
        listeners = config.listeners.map(\.name)
    }

    /// Tells each route that can never match.
    static func run(_ config: GatewayConfig, into diagnostics: inout Diagnostics) {
        var check = ReachabilityCheck(config)
        for (index, route) in check.routes.enumerated() {
            if let takers = check.takers(of: route) {
                diagnostics.report(
                    .unreachableRoute, "route `\(route.name)` can never match", at: route.place,
                    help: "every request it accepts is taken first by \(check.text(takers))")
            } else {
                check.insert(route, index)
            }
        }
    }

    /// The earlier routes that together take all of `route`; `nil` when something is left for it.
    private func takers(of route: RouteConfig) -> [Int]? {
        let candidates = candidates(for: route.match)
        if candidates.isEmpty { return nil }
        var takers: [Int] = []
        // Without a method list a route accepts more methods than any list can name.
        let methods: [String?] = route.match.methods.isEmpty ? [nil] : route.match.methods
        for listener in route.match.listener.map({ [$0] }) ?? listeners {
            for method in methods {
                guard let taker = candidates.first(where: { accepts($0, listener, method) }) else { return nil }
                if !takers.contains(taker) { takers.append(taker) }
            }
        }
        return takers.isEmpty ? nil : takers.sorted()
    }

    private func accepts(_ index: Int, _ listener: String, _ method: String?) -> Bool {
        let match = routes[index].match
        if let demanded = match.listener, demanded != listener { return false }
        return match.methods.isEmpty || method.map(match.methods.contains) ?? false
    }

    /// Earlier routes that accept every path and host that `match` accepts, in order.
    private func candidates(for match: RouteMatch) -> [Int] {
        let segments = match.segments?.segments ?? []
        var found: [Int] = []
        var branch: Int? = 0
        for segment in segments + [nil] {
            guard let current = branch else { break }
            found += Self.routes(branches[current].prefixes, match.host)
            if segment == nil, match.path != nil { found += Self.routes(branches[current].exact, match.host) }
            branch = segment.flatMap { branches[current].children[$0] }
        }
        return found.sorted()
    }

    private static func routes(_ byHost: [String?: [Int]], _ host: String?) -> [Int] {
        let anyHost = byHost[nil] ?? []
        return host == nil ? anyHost : anyHost + (byHost[host] ?? [])
    }

    private mutating func insert(_ route: RouteConfig, _ index: Int) {
        var current = 0
        for segment in route.match.segments?.segments ?? [] {
            if let child = branches[current].children[segment] {
                current = child
            } else {
                branches.append(Branch())
                branches[current].children[segment] = branches.count - 1
                current = branches.count - 1
            }
        }
        if route.match.path == nil {
            branches[current].prefixes[route.match.host, default: []].append(index)
        } else {
            branches[current].exact[route.match.host, default: []].append(index)
        }
    }

    /// The names and places of up to three routes.
    private func text(_ takers: [Int]) -> String {
        let named = takers.prefix(3).map { "`\(routes[$0].name)` at \(routes[$0].place.lineText)" }
        let rest = takers.count > 3 ? " and \(takers.count - 3) more" : ""
        return named.joined(separator: takers.count == 2 ? " and " : ", ") + rest
    }
}
