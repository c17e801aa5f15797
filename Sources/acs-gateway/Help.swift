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
        var usage = "usage: \(Program.name) \(syntax.name)"
        for operand in syntax.operands { usage += " \(operand.name)" }
        for option in syntax.options {
            switch option.times {
            case .required: usage += " \(form(option))"
            case .optional: usage += " [\(form(option))]"
            case .repeated: usage += " [\(form(option))]…"
            }
        }
        var parts = ["\(usage)\n\n\(syntax.summary)\n"]
        if !syntax.operands.isEmpty { parts.append(columns(syntax.operands.map { ($0.name, $0.help) }) + "\n") }
        let options = syntax.options + [Option("help", help: "this text")]
        parts.append("options:\n" + columns(options.map { (form($0), $0.help) }) + "\n")
        parts += syntax.notes.map { $0 + "\n" }
        return parts.joined(separator: "\n")
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
