/// The texts of `--help`, made from each command's ``Syntax``.
enum Help {
    /// What the program is and which commands it has.
    static func program(_ commands: [any Command.Type]) -> String {
        let table = columns(commands.map { ($0.syntax.name, $0.syntax.summary) })
        return """
            \(Program.name) \(Version.current): a declarative auth gateway for Azure Communication Services

            usage: \(Program.name) COMMAND [options]

            commands:
            \(table)

            `\(Program.name) COMMAND --help` tells the rest of each.

            """
    }

    /// One command: how to call it, what each word means.
    static func command(_ syntax: Syntax) -> String {
        let usage = usageLine(syntax)
        var parts = ["\(usage)\n\n\(syntax.summary)\n"]
        if !syntax.operands.isEmpty { parts.append(columns(syntax.operands.map { ($0.name, $0.help) }) + "\n") }
        let options = syntax.options + [Option("help", help: "this text")]
        parts.append("options:\n" + columns(options.map { (form($0), $0.help) }) + "\n")
        parts += syntax.notes.map { $0 + "\n" }
        return parts.joined(separator: "\n")
    }

    /// All that can stand behind the name; `[options]` for what would not fit on the line.
    private static func usageLine(_ syntax: Syntax) -> String {
        let start = (["usage: \(Program.name) \(syntax.name)"] + syntax.operands.map(\.name))
        let words = syntax.options.map { option in
            switch option.times {
            case .required: form(option)
            case .optional: "[\(form(option))]"
            case .repeated: "[\(form(option))]…"
            }
        }
        let whole = (start + words).joined(separator: " ")
        if whole.count <= 100 { return whole }
        let required = syntax.options.filter { $0.times == .required }.map(form)
        return (start + required + ["[options]"]).joined(separator: " ")
    }

    private static func form(_ option: Option) -> String {
        "--" + option.name + (option.value.map { " " + $0 } ?? "")
    }

    /// Two columns, the second aligned.
    private static func columns(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { left, right in
            "  " + left + String(repeating: " ", count: width - left.count + 2) + right
        }.joined(separator: "\n")
    }
}
