import Testing

@testable import acs_gateway

@Suite("The program")
struct ProgramTests {
    @Test("it tells its version")
    func version() {
        for words in [["version"], ["--version"]] {
            let console = RecordingConsole()
            #expect(Program.run(words, console: console) == .success)
            #expect(console.output == "acs-gateway 0.1.0\n" && console.complaints == "")
        }
    }

    @Test("every command explains itself, and the program explains them all")
    func help() {
        let console = RecordingConsole()
        #expect(Program.run(["--help"], console: console) == .success)
        for command in Program.commands {
            #expect(console.output.contains("\n  \(command.syntax.name) "))
            for word in ["--help", "-h"] {
                let own = RecordingConsole()
                #expect(Program.run([command.syntax.name, word], console: own) == .success)
                #expect(own.output.hasPrefix("usage: acs-gateway \(command.syntax.name)"))
                #expect(own.output.hasSuffix("\n") && own.output.contains("--help"))
                #expect(own.output.split(separator: "\n").allSatisfy { $0.count <= 120 })
                for option in command.syntax.options { #expect(own.output.contains("--\(option.name)")) }
            }
        }
    }

    @Test(
        "wrong usage is one line on standard error and status 2",
        arguments: [
            ([], "acs-gateway: no command is given; the commands are "),
            (["vesrion"], "acs-gateway: unknown command `vesrion`; did you mean `version`?; see `acs-gateway --help`"),
            (["explain"], "acs-gateway: unknown command `explain`; the commands are "),
            (["--confg"], "acs-gateway: unknown command `--confg`; the commands are "),
            (
                ["run", "--confg", "x"],
                "acs-gateway run: unknown option `--confg`; did you mean `--config`?; see `acs-"
            ),
            (["run", "now"], "acs-gateway run: `now` is one word too many; see `acs-gateway run --help`"),
            (["version", "now"], "acs-gateway version: `now` is one word too many; see"),
        ])
    func usage(words: [String], line: String) {
        let console = RecordingConsole()
        #expect(Program.run(words, console: console) == .usage)
        #expect(console.output == "")
        #expect(console.complaints.hasPrefix(line), "\(console.complaints)")
        #expect(console.complaints.split(separator: "\n").count == 1 && console.complaints.hasSuffix("\n"))
    }

    @Test("output that cannot be written is told, and is no success")
    func brokenOutput() {
        let console = RecordingConsole(failure: "No space left on device")
        #expect(Program.run(["version"], console: console) == .outputFailed)
        #expect(console.complaints == "acs-gateway: cannot write to standard output: No space left on device\n")
    }
}

/// A console that remembers, or whose output is broken.
final class RecordingConsole: Console {
    private(set) var output = ""
    private(set) var complaints = ""
    private let failure: String?

    init(failure: String? = nil) {
        self.failure = failure
    }

    func write(_ text: String) -> String? {
        if failure == nil { output += text }
        return failure
    }

    func complain(_ text: String) { complaints += text }
}
