/// `acs-gateway run`: serves until `SIGTERM`.
struct RunCommand: Command {
    private static let config = Option("config", "FILE", help: "the configuration (default: config.yaml)")
    private static let pidFile = Option(
        "pid-file", "FILE", help: "write the process id there, and remove it at the end")

    static let syntax = Syntax(
        name: "run", summary: "serve as the configuration says", options: [config, pidFile],
        notes: [
            """
            signals:
              SIGHUP           load the configuration again; a bad one is refused and the old one serves on
              SIGTERM, SIGINT  let requests in flight end (at most 30 s), then end; a second one ends at once
              SIGUSR1          open the log files again, for rotation
            """,
            "exit status: 0 ended by a signal, 1 bad configuration, 2 wrong usage",
        ])

    private let configPath: String
    private let pidFilePath: String?

    init(_ arguments: Arguments) {
        configPath = arguments[Self.config] ?? defaultConfigPath
        pidFilePath = arguments[Self.pidFile]
    }

    func run() throws(CommandError) -> Outcome {
        Outcome(status: try Run.serve(configPath: configPath, pidFile: pidFilePath))
    }
}

/// What `--config` means when it is not given.
let defaultConfigPath = "config.yaml"
