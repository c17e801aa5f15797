/// Two listeners with one address: the second could never be bound.
///
/// `0.0.0.0` and `::` are every address of their family.  Port 0 is another port each time.
struct BindCheck {
    private struct Port: Hashable {
        var number: UInt16
        var isVersion6: Bool
    }

    private var exact: [BindAddress: ListenerConfig] = [:]
    /// The first listener on a port, and the first on all addresses of it.
    private var first: [Port: ListenerConfig] = [:]
    private var wildcard: [Port: ListenerConfig] = [:]

    /// Tells each listener whose address an earlier one has.
    static func run(_ listeners: [ListenerConfig], into diagnostics: inout Diagnostics) {
        var check = BindCheck()
        for listener in listeners {
            guard let other = check.take(listener) else { continue }
            diagnostics.report(
                .sameBind, "listener `\(Shown.short(listener.name))` has an address that is taken",
                at: listener.bindPlace,
                help: "`\(Shown.short(other.name))` has it at \(other.bindPlace.lineText)")
        }
    }

    /// The earlier listener that is in the way of `listener`.
    private mutating func take(_ listener: ListenerConfig) -> ListenerConfig? {
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
