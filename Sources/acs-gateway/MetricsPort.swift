internal import ConfigDSL
internal import Proxy
internal import Telemetry
internal import Transport

/// Where metrics are asked for, over reloads: an address that stays is never closed.
struct MetricsPort {
    fileprivate struct Bound {
        var bind: BindAddress
        var mode: UInt16
        var socket: ListeningSocket
        var server: MetricsServer
    }

    private var bound: Bound?
    private let ask: MetricsServer.Ask

    /// Nowhere yet.
    init(ask: @escaping MetricsServer.Ask) { self.ask = ask }

    /// What a load has opened; nothing when the address stays, or is given up.
    struct Fresh {
        fileprivate var bound: Bound?
    }

    /// Where it is now.
    var address: SocketAddress? { bound?.socket.address }

    /// Begins to serve where `config` says, beside the old address; a failure is told at its place.  `listeners` are
    /// those that serve now.
    func open(
        _ config: MetricsConfig?, besides listeners: ListeningSockets, diagnostics: inout Diagnostics
    ) -> Fresh? {
        guard let config, config.bind != bound?.bind else { return Fresh() }
        do throws(SystemError) {
            let socket = try ListeningSockets.bind(config.bind, mode: config.mode, count: 1)[0]
            do throws(SystemError) {
                let server = try MetricsServer(socket, ask: ask)
                return Fresh(bound: Bound(bind: config.bind, mode: config.mode, socket: socket, server: server))
            } catch {
                socket.close()
                socket.unlink()
                throw error
            }
        } catch {
            diagnostics.report(
                .cannotListen, "`telemetry.metrics` cannot listen there: \(error.reason)",
                at: config.bindPlace,
                help: error.listeningHelp(ifOurs: listeners.hold(config.bind) ? "a listener is" : nil))
            return nil
        }
    }

    /// `config` serves now: what it does not name any more is closed.  Gives the address if it is new.
    mutating func adopt(_ fresh: Fresh, _ config: MetricsConfig?) -> SocketAddress? {
        guard let config else {
            bound?.socket.unlink()
            bound = nil
            return nil
        }
        if let new = fresh.bound {
            bound?.socket.unlink()
            bound = new
            return new.socket.address
        }
        if case .unix(let path) = config.bind, bound?.mode != config.mode, ProcessLimits.setMode(path, config.mode) {
            bound?.mode = config.mode
        }
        return nil
    }

    /// Removes a unix socket's file at the end.
    func removeFile() { bound?.socket.unlink() }
}
