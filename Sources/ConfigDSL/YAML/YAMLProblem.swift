extension YAMLParser.Problem {
    /// What libyaml said, with a cure where its words alone would leave the operator puzzled.
    func diagnostic(in source: SourceText) -> Diagnostic {
        let line = source.line(mark.line)
        let (message, help) = explanation(at: line.dropFirst(mark.column - 1).first, on: line)
        // At the file's end there is nothing to point at: point at what is still open.  A key without a colon is seen
        // on the line below only.
        let isBelow = problem.contains("end of stream") || problem.contains("expected ':'") || line.isEmpty
        let isOpen = context != nil && isBelow
        let mark = isOpen ? contextMark : self.mark
        return Diagnostic(.syntax, message, at: source.place(line: mark.line, column: mark.column), help: help)
    }

    private func explanation(at scalar: Unicode.Scalar?, on line: [Unicode.Scalar]) -> (message: String, help: String?)
    {
        let isOpenFlow = problem.contains("',' or '")
        let text = String(String.UnicodeScalarView(line))
        if isOpenFlow, text.contains("${") {
            return (
                "a reference inside `{ }` or `[ ]` is not in quotes",
                "put it in quotes: `\"${…}\"`"
            )
        }
        if isOpenFlow {
            let bracket = problem.contains("]") ? "[" : "{"
            return (
                "a `,` or the closing bracket is missing",
                "the `\(bracket)` stands at line \(contextMark.line)"
            )
        }
        if problem.contains("cannot start any token") {
            return scalar == "\t"
                ? ("a tab stands where YAML takes spaces only", "indent with spaces")
                : ("a value cannot start with this character", "put it in quotes")
        }
        if problem == "did not find expected key", line.prefix(mark.column - 1).contains(where: { $0 != " " }) {
            return ("something stands behind the end of a value", "put the whole value in quotes")
        }
        if problem == "did not find expected key", scalar == ":" {
            return ("a key is missing before the `:`", "write `key: value`")
        }
        for (words, message, help) in Self.known where problem.contains(words) {
            return (message, help)
        }
        let since = context.map { ", \($0) since line \(contextMark.line)" } ?? ""
        return ("this is not YAML: \(problem)\(since)", nil)
    }

    /// libyaml's words, ours, and the cure.
    private static let known: [(words: String, message: String, help: String)] = [
        (
            "mapping values are not allowed", "a `:` makes a key here, where none can be",
            "put a text with `: ` in quotes, or mend the indentation"
        ),
        ("could not find expected ':'", "a key has no `:` behind it", "write `key: value`"),
        ("did not find expected key", "the indentation fits nothing above", "align keys of one mapping in one column"),
        (
            "did not find expected '-' indicator", "the indentation fits nothing above",
            "align the `-` of one list in one column"
        ),
        (
            "block sequence entries are not allowed", "a list cannot start here",
            "put its first `-` on a line of its own"
        ),
        ("block mapping", "a mapping cannot start here", "put its first key on a line of its own"),
        ("found unexpected end of stream", "a quote is opened here and never closed", "close it with the same quote"),
        ("found unknown escape character", "an escape that YAML does not know", "in single quotes a `\\` is itself"),
        ("undefined tag handle", "tags are not part of this language", "take the `!…` out"),
        ("tab character", "a tab stands where YAML takes spaces only", "indent with spaces"),
        ("did not find expected <document start>", "something stands behind the end of the document", "take it out"),
    ]
}
