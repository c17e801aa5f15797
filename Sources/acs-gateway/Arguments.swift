internal import ConfigDSL

/// The grammar of one command: what may stand behind its name.
struct Syntax {
    /// The command's name.
    let name: String
    /// What it does, in one line without an end mark.
    let summary: String
    /// What stands by position; all are required.
    var operands: [Operand] = []
    /// What stands by name, in any order.
    var options: [Option] = []
    /// Paragraphs for `--help`, each already broken into lines.
    var notes: [String] = []
}

/// A required word by position, such as `METHOD`.
struct Operand {
    let name: String
    let help: String
}

/// `--name VALUE`, or the switch `--name`.
struct Option {
    /// Without the dashes.
    let name: String
    /// What the value is called in help; `nil` makes it a switch.
    let value: String?
    /// What it does, with its default, in one line.
    let help: String
    /// How often it may stand.
    let times: Times

    /// How often an option may stand.
    enum Times { case optional, required, repeated }

    init(_ name: String, _ value: String? = nil, _ times: Times = .optional, help: String) {
        (self.name, self.value, self.help, self.times) = (name, value, help, times)
    }
}

/// The words behind a command's name, sorted by its ``Syntax``.
///
/// `--name value` and `--name=value` mean the same; `--` ends the options; a single `-` is an operand or a value.
struct Arguments {
    private var values: [String: [String]] = [:]
    /// As many as the syntax has.
    private(set) var operands: [String] = []

    /// True when `--help` or `-h` stands where an option can stand: then nothing else is looked at.
    static func askForHelp(_ words: [String]) -> Bool {
        words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    }

    init(_ words: [String], for syntax: Syntax) throws(UsageError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            if word.hasPrefix("-"), word != "-" {
                try take(option: word, from: &rest, syntax)
            } else {
                operands.append(word)
            }
        }
        try checkOperands(syntax)
    }

    /// The value of an option that is given at most once.
    subscript(option: Option) -> String? { values[option.name]?.first }

    /// The value of an option that must be given.
    func required(_ option: Option) throws(UsageError) -> String {
        guard let value = self[option] else { throw UsageError("`--\(option.name) \(option.value ?? "")` is missing") }
        return value
    }

    /// The value of an option as `parse` reads it, by the same rules as in a configuration.
    func parsed<Value>(
        _ option: Option, _ parse: (Scalar) throws(ValueError) -> Value
    ) throws(UsageError) -> Value? {
        guard let text = self[option] else { return nil }
        do throws(ValueError) {
            return try parse(Scalar(literal: text, isPlain: true))
        } catch {
            throw UsageError("`--\(option.name)` \(error.message)" + (error.help.map { "; \($0)" } ?? ""))
        }
    }

    /// The value of an option that is a share of all, 0 to 1.
    func share(_ option: Option) throws(UsageError) -> Double? {
        guard let text = self[option] else { return nil }
        guard let share = Double(text), (0...1).contains(share) else {
            throw UsageError("`--\(option.name)` is not a share; it takes 0 to 1, such as 0.1")
        }
        return share
    }

    /// All values of an option that may be repeated, in order.
    func all(_ option: Option) -> [String] { values[option.name] ?? [] }

    /// True when the switch is given.
    func has(_ option: Option) -> Bool { values[option.name] != nil }

    private mutating func take(
        option word: String, from rest: inout ArraySlice<String>, _ syntax: Syntax
    ) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let typed = String(parts[0])
        guard let option = syntax.options.first(where: { "--" + $0.name == typed }) else {
            throw UsageError(unknownOption: typed, known: syntax.options.map { "--" + $0.name } + ["--help"])
        }
        if values[option.name] != nil, option.times != .repeated { throw UsageError("`\(typed)` is given twice") }
        var attached = parts.count > 1 ? String(parts[1]) : nil
        guard let valueName = option.value else {
            guard attached == nil else { throw UsageError("`\(typed)` takes no value") }
            values[option.name] = []
            return
        }
        if attached == nil, let next = rest.first {
            guard next == "-" || !next.hasPrefix("-") else {
                throw UsageError(
                    "`\(typed)` needs a value, \(valueName); one that begins with `-` is written `\(typed)=-…`")
            }
            attached = rest.popFirst()
        }
        guard let value = attached, !value.isEmpty else { throw UsageError("`\(typed)` needs a value, \(valueName)") }
        values[option.name, default: []].append(value)
    }

    private func checkOperands(_ syntax: Syntax) throws(UsageError) {
        guard operands.count <= syntax.operands.count else {
            let extra = operands[syntax.operands.count]
            throw UsageError("`\(shown(extra))` is one word too many")
        }
        guard operands.count == syntax.operands.count else {
            throw UsageError("\(syntax.operands[operands.count].name) is missing")
        }
        // Most often a variable of the shell that is not set.
        if let empty = operands.firstIndex(of: "") { throw UsageError("\(syntax.operands[empty].name) is empty") }
    }
}

/// What is wrong with a command line, in one line without the program's name; ends with status 2.
struct UsageError: Error, Equatable {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    init(unknownCommand word: String, known: [String]) {
        let cure =
            Suggestion.closest(to: word, among: known).map { "did you mean `\($0)`?" }
            ?? "the commands are \(listed(known))"
        self.init("unknown command `\(shown(word))`; \(cure)")
    }

    init(unknownOption word: String, known: [String]) {
        let cure =
            Suggestion.closest(to: word, among: known).map { "did you mean `\($0)`?" }
            ?? "the options are \(listed(known))"
        self.init("unknown option `\(shown(word))`; \(cure)")
    }
}

/// A word from the command line as a message may repeat it: one line, at most 80 characters.
func shown(_ word: String) -> String {
    var text = ""
    for scalar in word.unicodeScalars.prefix(80) {
        text += scalar.properties.generalCategory == .control ? "?" : String(scalar)
    }
    return word.unicodeScalars.count > 80 ? text + "…" : text
}
