internal import Transport

/// The daemon: loads, serves, reloads, drains.
enum Run {
    /// How often the daemon tidies up while nothing else wakes it.
    private static let tidyInterval = Duration.seconds(600)

    /// Serves until a signal ends it; throws when the first configuration cannot be served.
    static func serve(configPath: String, pidFile: String?) throws(CommandError) -> ExitStatus {
        // Before any other thread, so that all of them leave the signals to this one.
        let signals = SignalWait()
        let descriptors = ProcessLimits.raiseDescriptorLimit()
        let server = try Server(configPath: configPath, console: SystemConsole(), descriptors: descriptors)
        // Not before it serves, since the file may be that of a gateway which is in this one's way; and before the line
        // that says so, since whoever reads that may want the process id.
        try pidFile.map(writeProcessID)
        defer { pidFile.map(removeProcessID) }
        server.announce()
        while true {
            switch signals.next(timeout: tidyInterval) {
            case .reload: server.reload()
            case .reopenLogs: server.reopenLogs()
            case .end:
                server.drain(signals)
                return .success
            case nil: server.tidy()
            }
        }
    }

    /// Unless another process has put its own there since.
    private static func removeProcessID(_ path: String) {
        let content = (try? WholeFile.read(path, limitBytes: 64))?.bytes
        if content == Array("\(ProcessLimits.processID)\n".utf8) { ProcessLimits.removeFile(path) }
    }

    private static func writeProcessID(_ path: String) throws(CommandError) {
        do throws(SystemError) {
            try WholeFile.write(Array("\(ProcessLimits.processID)\n".utf8).span, to: path, mode: 0o644, replacing: true)
        } catch {
            throw CommandError("the process id cannot be written to `\(path)`: \(error.reason)")
        }
    }
}
