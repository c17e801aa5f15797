internal import ConfigDSL
internal import Crypto
internal import Proxy
internal import Telemetry
internal import Transport
internal import Upstream

/// The daemon: one configuration after the other, and the workers that serve by it.  All on the main thread.
final class Server {
    private let configPath: String
    private let console: SystemConsole
    private let log: Logger
    private let workers: WorkerGroup
    private let resolver: Resolver
    private let tokens: TokenService
    private let board = StatusBoard()
    private var sockets = ListeningSockets()
    private var metrics: MetricsPort
    private var accessLog = AccessLog(target: .off, file: nil)
    private var serving: (number: Int, fingerprint: String, generation: Generation)?

    private var announcement = ""

    /// How long requests in flight may take to end.
    private static let drainTimeout = Duration.seconds(30)

    /// Loads the file at `configPath` and serves by it; throws, with everything told, when it cannot.
    ///
    /// - Parameter descriptors: how many the process may have open.
    init(configPath: String, console: SystemConsole, descriptors: Int) throws(CommandError) {
        self.configPath = configPath
        self.console = console
        var loaded = LoadedConfiguration(path: configPath)
        log = try Logger.standard(loaded.result.draft.telemetry.logLevel)
        resolver = Resolver()
        tokens = TokenService(log: log)
        let count = loaded.result.draft.workers.number
        let free = descriptors - ProcessLimits.openDescriptors
        do throws(SystemError) {
            try resolver.start()
            workers = try WorkerGroup(
                count: count,
                services: WorkerServices(
                    resolver: resolver, log: log,
                    connections: ConnectionBook(descriptors: free, workers: count), tokens: tokens.desk,
                    processID: UInt32(truncatingIfNeeded: WallClock.current() >> 20)))
        } catch {
            throw CommandError("the workers cannot be started: \(error)")
        }
        tokens.connect(workers)
        metrics = MetricsPort { [board, workers, tokens] answer in
            Task { answer(board.page(workers, await tokens.figures())) }
        }
        let outcome = takeOver(&loaded)
        if !loaded.report.isEmpty { console.tell(loaded.report) }
        guard outcome == .serves else { throw CommandError("the configuration cannot be served") }
    }

    /// `SIGHUP`: the new file is loaded beside the running one, and swapped in whole or refused whole.
    func reload() {
        var loaded = LoadedConfiguration(path: configPath)
        let stays = serving?.number ?? 0
        let outcome = takeOver(&loaded)
        if !loaded.report.isEmpty { console.tell(loaded.report) }
        switch outcome {
        case .serves:
            board.reloaded(.ok)
            announce()
        case .isUnchanged:
            board.reloaded(.unchanged)
            console.tell("acs-gateway: reload unchanged, generation \(stays)\n")
        case .isRefused:
            board.reloaded(.refused)
            console.tell("acs-gateway: reload refused, generation \(stays) stays\n")
        }
    }

    /// What became of a loaded configuration.
    private enum Outcome {
        /// It serves now.
        case serves
        /// Nothing that it was read from differs from what serves.
        case isUnchanged
        /// Something is wrong with it; what served serves on.
        case isRefused
    }

    /// The stages of a load, in order: decode (done), open the log, provision, compare, listen, swap.  Any failure
    /// before the swap leaves what serves untouched.
    private func takeOver(_ loaded: inout LoadedConfiguration) -> Outcome {
        let config = loaded.result.draft
        // Only for what may be served: it makes a file.
        let newLog = loaded.result.diagnostics.hasErrors ? nil : openAccessLog(config, &loaded)
        let number = (serving?.number ?? 0) + 1
        let surroundings = Provisioner.Surroundings(
            number: number, accessLog: newLog?.file,
            log: log.with(level: config.telemetry.logLevel),
            spoolDirectory: ProcessEnvironment.value(of: "TMPDIR") ?? "/tmp", previous: serving?.generation)
        guard let generation = loaded.provision(surroundings), let newLog else { return .isRefused }
        if let serving, serving.fingerprint == loaded.fingerprint, sockets.areInPlace { return .isUnchanged }
        let opened = sockets.open(
            config, workers: workers.count, besides: metrics.address, diagnostics: &loaded.result.diagnostics)
        guard let fresh = opened else { return .isRefused }
        let wantedMetrics = config.telemetry.metrics
        guard let port = metrics.open(wantedMetrics, besides: sockets, diagnostics: &loaded.result.diagnostics) else {
            fresh.close()
            return .isRefused
        }
        accessLog = newLog
        let names = generation.resources.map(\.target.dialled)
        for failure in (try? resolver.watch(names)) ?? [] {
            // By the resource: its host may have come from a reference, which is not shown.
            let those = generation.resources.filter { $0.target.dialled.host == failure.host }.map(\.name)
            log.warning(
                "a resource's name has no address yet",
                [LogField("resource", those.joined(separator: ",")), LogField("error", failure.reason)])
        }
        tokens.prepare(loaded.strategies)
        let isInstalled = (try? workers.install(generation, sockets: fresh.sockets)) ?? false
        if !isInstalled { log.error("a worker did not take over the configuration") }
        sockets.adopt(fresh, config)
        if let address = metrics.adopt(port, wantedMetrics) {
            generation.log.info("metrics served", [LogField("address", "\(address)")])
        }
        if config.workers.number != workers.count {
            log.warning("another number of workers takes effect at the next start")
        }
        resolver.keepOnly(names)
        tokens.serve(loaded.strategies, generation: number)
        serving = (number, loaded.fingerprint, generation)
        board.serves(
            generation, sha256: loaded.result.sha256, accessLog: newLog.file,
            at: Int(WallClock.current() / 1_000_000_000))
        let addresses = sockets.addresses(config).joined(separator: ", ")
        let name = "generation \(number) (sha256 \(loaded.result.sha256.prefix(8))…)"
        announcement = "\(Program.name) \(Version.current) serving \(name) on \(addresses)\n"
        return .serves
    }

    /// Says which generation serves, and where.
    func announce() { console.tell(announcement) }

    /// The access log that `config` wants: the one at hand while its place stays.
    private func openAccessLog(_ config: GatewayConfig, _ loaded: inout LoadedConfiguration) -> AccessLog? {
        let target = config.telemetry.accessLog
        if serving != nil, target == accessLog.target { return accessLog }
        let destination: LogFile.Destination
        var place = SourcePlace.whole(configPath)
        switch target {
        case .off: return AccessLog(target: target, file: nil)
        case .standardOutput: destination = .standardOutput
        case .standardError: destination = .standardError
        case .file(let path): (destination, place) = (.file(path.path), path.place)
        }
        do throws(SystemError) {
            return AccessLog(target: target, file: try LogFile(destination))
        } catch {
            loaded.result.diagnostics.report(
                .unwritableLog, "the access log cannot be opened: \(error.reason)", at: place)
            return nil
        }
    }

    /// Now and then: keys of session tickets whose time is over are overwritten, though nobody connects.
    func tidy() {
        for listener in serving?.generation.listeners ?? [] { listener.tls?.retireTicketKeys() }
    }

    /// `SIGUSR1`: log files are opened anew.
    func reopenLogs() { accessLog.file?.reopen() }

    /// `SIGTERM`: no more connections; returns when requests in flight have ended, after ``drainTimeout``, or at once
    /// on a second signal.
    func drain(_ signals: SignalWait) {
        sockets.removeFiles()
        metrics.removeFile()
        guard let drained = try? workers.drain() else { return }
        let end = MonotonicTime.current().advanced(by: Self.drainTimeout.wholeNanoseconds)
        while !drained.wait(timeout: .milliseconds(20)), MonotonicTime.current() < end {
            if signals.next(timeout: .zero) == .end { break }
        }
        workers.stop()
        accessLog.file?.flush()
    }
}

/// Where access lines go, as the file says it and as it was opened.
private struct AccessLog {
    var target: AccessLogTarget
    var file: LogFile?
}

extension DiagnosticID {
    /// The access log cannot be opened.
    fileprivate static let unwritableLog = DiagnosticID("E701")
}

extension WorkerCount {
    /// How many threads that is on this machine.
    fileprivate var number: Int {
        switch self {
        case .auto: Thread.usableCPUs
        case .count(let number): number
        }
    }
}
