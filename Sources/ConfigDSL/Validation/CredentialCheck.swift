/// Resources without a credential, used by routes that name none: nothing goes out unauthorized.
enum CredentialCheck {
    static func run(_ config: GatewayConfig, into diagnostics: inout Diagnostics) {
        var routes: [String: RouteConfig] = [:]
        for route in config.routes where route.places.credential == nil && routes[route.resource] == nil {
            routes[route.resource] = route
        }
        for resource in config.resources where !resource.hasCredential {
            guard let route = routes[resource.name] else { continue }
            diagnostics.report(
                .noCredential, "resource `\(Shown.short(resource.name))` has no `credential`", at: resource.place,
                help: "route `\(route.name)` at \(route.place.lineText) names none either")
        }
    }
}
