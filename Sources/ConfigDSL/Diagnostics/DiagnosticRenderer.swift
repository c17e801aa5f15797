/// Diagnostics as a person reads them, and as a program does.
extension Diagnostics {
    /// Each finding with its line and carets, then how many there are; empty when there is none.
    ///
    ///     gateway.yaml:47:5: error[E101]: unknown key `alow` in route `billing-mail`
    ///        47 |     alow: [billing]
    ///           |     ^^^^ did you mean `allow`?
    ///     1 error, 0 warnings
    public var text: String {
        if isEmpty { return "" }
        var excerpts = ExcerptMaker(sources, masks)
        var text = ""
        for diagnostic in sorted {
            text += Self.headline(diagnostic)
            text += excerpts.lines(for: diagnostic)
        }
        if omittedCount > 0 { text += "and \(omittedCount) more that are not shown\n" }
        return text + summary + "\n"
    }

    /// How many errors and warnings there are: `2 errors, 0 warnings`.
    public var summary: String {
        let errors = errorCount == 1 ? "error" : "errors"
        let warnings = warningCount == 1 ? "warning" : "warnings"
        return "\(errorCount) \(errors), \(warningCount) \(warnings)"
    }

    /// One JSON object a line: `severity`, `id`, `message`, `file`, `line`, `column`, `help`.
    ///
    /// `line` and `column` are `null` for the file as a whole, `help` when there is none.
    public var jsonLines: String {
        sorted.map { diagnostic in
            let place = diagnostic.place
            return Self.jsonLine(
                severity: diagnostic.severity.rawValue, id: diagnostic.id.code, diagnostic.message, file: place.file,
                at: place.line == 0 ? nil : (place.line, place.column), help: diagnostic.help)
        }.joined()
    }

    /// One line of ``jsonLines``, also for findings that are of another kind.
    public static func jsonLine(
        severity: String, id: String, _ message: String, file: String, at position: (line: Int, column: Int)? = nil,
        help: String? = nil
    ) -> String {
        let members = [
            "\"severity\":\(json(severity))", "\"id\":\(json(id))", "\"message\":\(json(message))",
            "\"file\":\(json(file))", "\"line\":\(position.map { String($0.line) } ?? "null")",
            "\"column\":\(position.map { String($0.column) } ?? "null")", "\"help\":\(help.map(json) ?? "null")",
        ]
        return "{\(members.joined(separator: ","))}\n"
    }

    private static func headline(_ diagnostic: Diagnostic) -> String {
        let place = diagnostic.place
        let position = place.line == 0 ? place.file : "\(place.file):\(place.line):\(place.column)"
        return "\(position): \(diagnostic.severity.rawValue)[\(diagnostic.id.code)]: \(diagnostic.message)\n"
    }

    private static func json(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x5C }
        if isPlain { return "\"\(text)\"" }
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\t": json += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
