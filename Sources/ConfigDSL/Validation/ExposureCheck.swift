/// Routes that everyone may use, on listeners that others than this machine can reach: a warning each.
enum ExposureCheck {
    static func run(_ config: GatewayConfig, into diagnostics: inout Diagnostics) {
        let open = config.listeners.filter { !$0.bind.isLocal }.map(\.name)
        if open.isEmpty { return }
        for route in config.routes where route.allow == .anonymous {
            let reachable = route.match.listener.map { name in open.filter { $0 == name } } ?? open
            if reachable.isEmpty { continue }
            let names = reachable.prefix(3).map { "`\(Shown.short($0))`" }.joined(separator: ", ")
            diagnostics.report(
                .anonymousExposed, "everyone who reaches this machine may use route `\(route.name)`",
                at: route.places.allow,
                help: "listener \(names)\(reachable.count > 3 ? ", …" : "") is not loopback or a unix socket")
        }
    }
}
