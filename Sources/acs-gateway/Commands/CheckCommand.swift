internal import ConfigDSL
internal import Proxy
internal import Telemetry

/// `acs-gateway check`: the loader itself; nothing is opened but files, and nothing is started.
struct CheckCommand: Command {
    private static let config = Option("config", "FILE", help: "the configuration (default: config.yaml)")
    private static let strict = Option("strict", help: "warnings, too, give a status other than 0")
    private static let live = Option(
        "live", help: "also fetch a token for each credential, and ask each resource one harmless thing")
    private static let format = Option(
        "format", "FORMAT", help: "`text`, or `json` for one object a line (default: text)")

    static let syntax = Syntax(
        name: "check", summary: "tell every mistake of a configuration", options: [config, strict, live, format],
        notes: [
            """
            It reads the same files and the same environment as `run`, so run it where, and as whom, the gateway runs.
            Findings go to standard output.
            """,
            "exit status: 0 good, 1 errors, 2 wrong usage, 3 warnings under --strict",
        ])

    /// How findings are written.
    private enum Format: String, CaseIterable {
        case text, json
    }

    private let path: String
    private let isStrict: Bool
    private let isLive: Bool
    private let format: Format

    init(_ arguments: Arguments) throws(UsageError) {
        path = arguments[Self.config] ?? defaultConfigPath
        isStrict = arguments.has(Self.strict)
        isLive = arguments.has(Self.live)
        format = try arguments.parsed(Self.format, Format.parse) ?? .text
    }

    func run() throws(CommandError) -> Outcome {
        var loaded = LoadedConfiguration(path: path)
        let generation = loaded.provision(.forChecking)
        let diagnostics = loaded.result.diagnostics
        var outcome = Outcome()
        switch format {
        case .json: outcome.output = diagnostics.jsonLines
        case .text:
            outcome.output = diagnostics.text
            if let generation { outcome.output += "\(shown(path)) is good: \(contents(generation))\n" }
        }
        if generation == nil {
            outcome.status = .failed
        } else if isStrict, diagnostics.warningCount > 0 {
            outcome.status = .warnings
        }
        if isLive, generation != nil {
            let findings = try LiveCheck.run(loaded)
            switch format {
            case .json: outcome.output += findings.map { $0.jsonLine(file: path) }.joined()
            case .text: outcome.output += findings.map(\.line).joined()
            }
            if !findings.allSatisfy(\.isGood) { outcome.status = .failed }
        }
        return outcome
    }

    private func contents(_ generation: Generation) -> String {
        let counts = [
            (generation.listeners.count, "listener"), (generation.resources.count, "resource"),
            (generation.routes.count, "route"),
        ]
        return listed(counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" })
    }
}

extension Provisioner.Surroundings {
    /// For a generation that will never serve.
    fileprivate static var forChecking: Provisioner.Surroundings {
        let silence = Logger(level: .error, now: { Timestamp(unixMilliseconds: 0) }, sink: { _ in })
        return Provisioner.Surroundings(number: 0, accessLog: nil, log: silence, spoolDirectory: "/tmp")
    }
}
