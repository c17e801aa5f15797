internal import ConfigDSL
internal import Proxy
internal import Transport

/// The sockets that the process listens on, by what the file says they bind.  A bind that stays is never closed.
struct ListeningSockets {
    fileprivate struct Bound {
        var address: SocketAddress
        var mode: UInt16
        /// A Unix socket's.
        var file: SocketFile?

        /// False when a Unix socket's file was taken away: nobody can connect any more.
        var isInPlace: Bool { file?.isInPlace ?? true }
    }

    private var bound: [String: Bound] = [:]

    /// False when a Unix socket's file was removed or replaced from outside: the next reload binds it again.
    var areInPlace: Bool { bound.values.allSatisfy(\.isInPlace) }

    /// Sockets for binds that are new, or whose file is gone, one for each worker.
    struct Fresh {
        var sockets: [String: [ListeningSocket]] = [:]
        fileprivate var bound: [String: Bound] = [:]

        /// Takes them back: the load they were made for failed.
        func close() {
            for socket in sockets.values.joined() { socket.close() }
            for (_, sockets) in sockets { sockets.first?.unlink() }
        }
    }

    /// Binds what `config` listens on and is not bound yet; a failure is told at its place, and then nothing is kept.
    /// `metrics` is the address where metrics are asked for now.
    func open(
        _ config: GatewayConfig, workers: Int, besides metrics: SocketAddress?, diagnostics: inout Diagnostics
    ) -> Fresh? {
        var fresh = Fresh()
        for listener in config.listeners where bound[listener.bindKey]?.isInPlace != true {
            do throws(SystemError) {
                let sockets = try Self.bind(listener.bind, mode: listener.mode, count: workers)
                fresh.sockets[listener.bindKey] = sockets
                fresh.bound[listener.bindKey] = Bound(
                    address: sockets[0].address, mode: listener.mode, file: sockets[0].file)
            } catch {
                diagnostics.report(
                    .cannotListen,
                    "listener `\(listener.name)` cannot listen there: \(error.reason)",
                    at: listener.bindPlace,
                    help: error.listeningHelp(ifOurs: owner(of: listener.bind, metrics)))
            }
        }
        guard diagnostics.hasErrors else { return fresh }
        fresh.close()
        return nil
    }

    /// What of ours is in the way of `bind`, which is taken: metrics, or a listener that serves at the same port in
    /// another spelling.
    private func owner(of bind: BindAddress, _ metrics: SocketAddress?) -> String? {
        if bind.isAt(metrics) { return "`telemetry.metrics` is" }
        guard case .tcp(_, let port) = bind, port != 0 else { return hold(bind) ? "a listener is" : nil }
        return bound.values.contains { $0.address.port == port } ? "a listener is" : nil
    }

    /// `config` serves now: what it does not listen on any more is forgotten, and socket files are removed.
    mutating func adopt(_ fresh: Fresh, _ config: GatewayConfig) {
        bound.merge(fresh.bound) { _, new in new }
        let kept = Set(config.listeners.map(\.bindKey))
        for (key, entry) in bound where !kept.contains(key) {
            entry.file?.remove()
            bound[key] = nil
        }
        for listener in config.listeners {
            guard case .unix(let path) = listener.bind, bound[listener.bindKey]?.mode != listener.mode else { continue }
            if ProcessLimits.setMode(path, listener.mode) { bound[listener.bindKey]?.mode = listener.mode }
        }
    }

    /// Whether a listener of the configuration that serves is on `bind`.
    func hold(_ bind: BindAddress) -> Bool { bound.values.contains { bind.isAt($0.address) } }

    /// The addresses really bound, in the file's order.
    func addresses(_ config: GatewayConfig) -> [String] {
        config.listeners.compactMap { bound[$0.bindKey].map { "\($0.address)" } }
    }

    /// Removes socket files at the end.
    func removeFiles() {
        for entry in bound.values { entry.file?.remove() }
    }

    /// Binds `bind` for `count` loops.
    static func bind(_ bind: BindAddress, mode: UInt16, count: Int) throws(SystemError) -> [ListeningSocket] {
        switch bind {
        case .tcp(let host, let port):
            return try ListeningSocket.bindTCP(try address(host, port), count: count)
        case .unix(let path):
            let socket = try ListeningSocket.bindUnix(path, mode: mode)
            var sockets = [socket]
            for _ in 1..<max(count, 1) { sockets.append(try socket.duplicated()) }
            return sockets
        }
    }

    private static func address(_ host: String, _ port: UInt16) throws(SystemError) -> SocketAddress {
        do throws(NameError) {
            return try NameResolution.addresses(of: host, port: port)[0]
        } catch {
            throw SystemError.addressNotAvailable
        }
    }
}

extension BindAddress {
    /// True when it is `address` in the same spelling; a name is told apart only by resolving it.
    fileprivate func isAt(_ address: SocketAddress?) -> Bool {
        switch self {
        case .tcp(let host, let port): address == SocketAddress(numeric: host, port: port) && address != nil
        case .unix(let path): address == .unix(path)
        }
    }
}

extension DiagnosticID {
    /// An address cannot be listened on.
    static let cannotListen = DiagnosticID("E507")
}

extension SystemError {
    /// What to do when an address cannot be listened on; `owner` begins a sentence that says what of the serving
    /// configuration is there.
    func listeningHelp(ifOurs owner: String?) -> String? {
        guard isAddressInUse else { return nil }
        guard let owner else { return "another process listens there; end it or choose another port" }
        return "\(owner) there until this configuration serves; move it to a free port with one reload, then to its "
            + "place with another"
    }
}
