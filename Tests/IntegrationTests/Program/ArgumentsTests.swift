import Testing

@testable import acs_gateway

@Suite("The words behind a command")
struct ArgumentsTests {
    private static let file = Option("file", "FILE", help: "")
    private static let host = Option("host", "NAME", .repeated, help: "")
    private static let strict = Option("strict", help: "")
    private static let syntax = Syntax(
        name: "try", summary: "", operands: [Operand(name: "METHOD", help: ""), Operand(name: "URL", help: "")],
        options: [file, host, strict])

    @Test("options and operands may stand in any order, with a blank or an equals sign")
    func anyOrder() throws {
        for words in [
            ["GET", "/x", "--file", "f", "--strict", "--host", "a", "--host=b"],
            ["--host", "a", "GET", "--file=f", "/x", "--host", "b", "--strict"],
            ["--strict", "--host=a", "--host=b", "--file=f", "--", "GET", "/x"],
        ] {
            let arguments = try Arguments(words, for: Self.syntax)
            #expect(arguments.operands == ["GET", "/x"])
            #expect(arguments[Self.file] == "f")
            #expect(arguments.all(Self.host) == ["a", "b"])
            #expect(arguments.has(Self.strict))
        }
    }

    @Test("what is not given is nil, empty and false")
    func nothing() throws {
        let arguments = try Arguments(["GET", "/x"], for: Self.syntax)
        #expect(arguments[Self.file] == nil && arguments.all(Self.host) == [] && !arguments.has(Self.strict))
        #expect(throws: UsageError("`--file FILE` is missing")) { try arguments.required(Self.file) }
    }

    @Test("a value may hold an equals sign, be a single dash, or start with dashes when it is attached")
    func values() throws {
        for (words, value) in [
            (["--file=a=b"], "a=b"), (["--file", "-"], "-"), (["--file=--strict"], "--strict"),
            (["--file", "a=b"], "a=b"),
        ] {
            #expect(try Arguments(["GET", "/x"] + words, for: Self.syntax)[Self.file] == value)
        }
        #expect(try Arguments(["GET", "--", "--file"], for: Self.syntax).operands == ["GET", "--file"])
        #expect(try Arguments(["GET", "-"], for: Self.syntax).operands == ["GET", "-"])
    }

    @Test(
        "each mistake has its line",
        arguments: [
            (["--fiel", "f"], "unknown option `--fiel`; did you mean `--file`?"),
            (["--fiel=f"], "unknown option `--fiel`; did you mean `--file`?"),
            (["-f", "f"], "unknown option `-f`; the options are --file, --host, --strict and --help"),
            (["--file"], "`--file` needs a value, FILE"),
            (["--file="], "`--file` needs a value, FILE"),
            (
                ["--file", "--strict"],
                "`--file` needs a value, FILE; one that begins with `-` is written `--file=-…`"
            ),
            (["--file", "a", "--file", "b"], "`--file` is given twice"),
            (["--strict=yes"], "`--strict` takes no value"),
            (["--strict", "--strict"], "`--strict` is given twice"),
            ([], "METHOD is missing"),
            (["GET"], "URL is missing"),
            (["GET", "/x", "y", "z"], "`y` is one word too many"),
            (["--\u{1B}[31m\n"], "unknown option `--?[31m?`; the options are --file, --host, --strict and --help"),
        ])
    func mistakes(words: [String], message: String) {
        #expect(throws: UsageError(message)) { try Arguments(words, for: Self.syntax) }
    }

    @Test(
        "help is asked for wherever an option may stand",
        arguments: [
            (["--help"], true), (["-h"], true), (["GET", "--help"], true), (["--fiel", "--help"], true),
            (["GET", "--", "--help"], false), ([], false), (["help"], false),
        ])
    func help(words: [String], expected: Bool) {
        #expect(Arguments.askForHelp(words) == expected)
    }
}
