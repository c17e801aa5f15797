/// Two listeners with one address, the one for metrics among them: the second could never be bound.
///
/// `0.0.0.0` and `::` are every address of their family.  Port 0 is another port each time.
struct BindCheck {
    private struct Port: Hashable {
        var number: UInt16
        var isVersion6: Bool
    }

    /// Whoever wants an address: a listener, or the metrics.
    private struct Taker {
        var sentence: String
        var name: String
        var bind: BindAddress
        var place: SourcePlace
    }

    private var exact: [BindAddress: Taker] = [:]
    /// The first on a port, and the first on all addresses of it.
    private var first: [Port: Taker] = [:]
    private var wildcard: [Port: Taker] = [:]

    /// Tells each listener whose address an earlier one has, and the metrics last.
    static func run(_ config: GatewayConfig, into diagnostics: inout Diagnostics) {
        var takers = config.listeners.map { listener in
            let name = Shown.short(listener.name)
            return Taker(sentence: "listener `\(name)`", name: name, bind: listener.bind, place: listener.bindPlace)
        }
        if let metrics = config.telemetry.metrics {
            let name = "telemetry.metrics"
            takers.append(Taker(sentence: "`\(name)`", name: name, bind: metrics.bind, place: metrics.bindPlace))
        }
        var check = BindCheck()
        for taker in takers {
            guard let other = check.take(taker) else { continue }
            diagnostics.report(
                .sameBind, "\(taker.sentence) has an address that is taken", at: taker.place,
                help: "`\(other.name)` has it at \(other.place.lineText)")
        }
    }

    /// The earlier one that is in the way of `listener`.
    private mutating func take(_ listener: Taker) -> Taker? {
        if case .tcp(_, port: 0) = listener.bind { return nil }
        if let same = exact[listener.bind] { return same }
        exact[listener.bind] = listener
        guard case .tcp(let host, let number) = listener.bind, let address = IPAddress(host) else { return nil }
        let port = Port(number: number, isVersion6: address.isVersion6)
        let other = address.isUnspecified ? first[port] : wildcard[port]
        if first[port] == nil { first[port] = listener }
        if address.isUnspecified { wildcard[port] = listener }
        return other
    }
}
