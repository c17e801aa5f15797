/// `acs-gateway version`: the name and the version on one line.
struct VersionCommand: Command {
    static let syntax = Syntax(name: "version", summary: "print the version")
    static let outcome = Outcome(output: "\(Program.name) \(Version.current)\n")

    init(_ arguments: Arguments) {}

    func run() -> Outcome { Self.outcome }
}
