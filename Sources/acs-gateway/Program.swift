/// Everything between the command line and the exit status.
enum Program {
    /// The name that an operator types.
    static let name = "acs-gateway"

    /// The commands, in the order in which help tells them.
    static let commands: [any Command.Type] = [
        RunCommand.self, CheckCommand.self, SignCommand.self, DevCertCommand.self, EmulateCommand.self,
        VersionCommand.self,
    ]

    private static var names: [String] { commands.map { $0.syntax.name } }

    /// Runs the command that `words` (without the program's name) ask for.
    static func run(_ words: [String], console: some Console) -> ExitStatus {
        do throws(UsageError) {
            guard let first = words.first else {
                throw UsageError("no command is given; the commands are \(listed(names))")
            }
            if first == "--help" || first == "-h" { return finish(Outcome(output: Help.program(commands)), console) }
            if first == "--version" { return finish(VersionCommand.outcome, console) }
            guard let command = commands.first(where: { $0.syntax.name == first }) else {
                throw UsageError(unknownCommand: first, known: names)
            }
            return try run(command, Array(words.dropFirst()), console)
        } catch {
            console.complain("\(name): \(error.message); see `\(name) --help`\n")
            return .usage
        }
    }

    private static func run(
        _ command: any Command.Type, _ words: [String], _ console: some Console
    ) throws(UsageError) -> ExitStatus {
        let title = "\(name) \(command.syntax.name)"
        let prepared: any Command
        do throws(UsageError) {
            guard !Arguments.askForHelp(words) else {
                return finish(Outcome(output: Help.command(command.syntax)), console)
            }
            prepared = try command.init(Arguments(words, for: command.syntax))
        } catch {
            console.complain("\(title): \(error.message); see `\(title) --help`\n")
            return .usage
        }
        do throws(CommandError) {
            return finish(try prepared.run(), console)
        } catch {
            console.complain("\(title): \(error.message)\n")
            return .failed
        }
    }

    /// Writes what a command left.  Output that cannot be written turns success into failure: whoever reads the
    /// exit status must not believe that the output is whole.
    private static func finish(_ outcome: Outcome, _ console: some Console) -> ExitStatus {
        if !outcome.complaint.isEmpty { console.complain(outcome.complaint) }
        guard !outcome.output.isEmpty, let reason = console.write(outcome.output) else { return outcome.status }
        console.complain("\(name): cannot write to standard output: \(reason)\n")
        return .outputFailed
    }
}

/// What the process tells whoever started it.
enum ExitStatus: Int32 {
    case success = 0
    /// Bad configuration, or whatever else a command could not do.
    case failed = 1
    /// The command line is wrong.
    case usage = 2
    /// `check --strict` found warnings and no errors.
    case warnings = 3
    /// Standard output is full or closed.
    case outputFailed = 4
}

/// One command: its grammar, how it reads its arguments, and what it does.
protocol Command: SendableMetatype {
    /// Its name, operands and options; parsing and help both follow it.
    static var syntax: Syntax { get }
    /// Takes what the command line says; throws when a value makes no sense.
    init(_ arguments: Arguments) throws(UsageError)
    /// Does it.
    func run() throws(CommandError) -> Outcome
}

/// What a command leaves: text for standard output and standard error, and the exit status.
struct Outcome: Equatable {
    var output = ""
    var complaint = ""
    var status = ExitStatus.success
}

/// Why a command could not do its work, in one line without the program's name; ends with status 1.
struct CommandError: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}

/// Where a command's text goes.
protocol Console {
    /// Writes all of `text` to standard output; gives the reason when it cannot.
    func write(_ text: String) -> String?
    /// Writes `text` to standard error as well as it can.
    func complain(_ text: String)
}

/// `a, b and c`
func listed(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
}
