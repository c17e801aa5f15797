internal import Bytes

/// How scalars become text.
extension FieldReader {
    /// A referenced file is at most this large: no setting needs more, and a device must not fill the memory.
    static let referenceLimitBytes = 1 << 20

    /// The text of `node` with its references resolved; `subject` begins the sentence that tells what is wrong.
    mutating func scalar(_ node: Node, _ subject: String) -> Scalar? {
        guard case .scalar(let text, let isPlain) = node.content, !node.isNull else {
            diagnostics.report(node.wrongType(subject, wanted: "text"))
            return nil
        }
        do throws(ValueError) {
            if isPlain { try Self.refuseLeadingZero(text) }
            let parts = try ReferenceText(text)
            let context = self.context
            let resolved = try parts.resolved { reference throws(ValueError) in
                try Self.text(of: reference, context)
            }
            if resolved.utf8.contains(0) { throw ValueError(.badForm, "has a NUL character", help: "take it out") }
            let isLiteral = parts.isLiteral
            return Scalar(text: resolved, shown: text, isPlain: isPlain && isLiteral, isLiteral: isLiteral)
        } catch {
            tell(error, of: subject, at: node.place)
            return nil
        }
    }

    /// YAML 1.1 reads `0660` as 432, YAML 1.2 as 660: unquoted, no one can know which was meant.  The same before a
    /// unit, a fraction or an exponent.
    private static func refuseLeadingZero(_ text: String) throws(ValueError) {
        var digits = text.utf8[...]
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            digits = digits.dropFirst()
        }
        guard digits.popFirst() == UInt8(ascii: "0") else { return }
        // `0o660` is meant like `"0660"`, all else as it stands.
        let isOctal = digits.first == UInt8(ascii: "o")
        if isOctal { digits = digits.dropFirst() }
        guard let next = digits.first, ASCII.isDigit(next) || next == UInt8(ascii: "_") else { return }
        let rest = digits.drop { ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
        guard rest.isEmpty || isUnit(rest) || isFraction(rest) else { return }
        let meant = isOctal ? "0" + String(Substring(digits)) : text
        throw ValueError(
            .leadingZero, "is a number with a leading zero, which YAML reads as octal",
            help: "as text write `\"\(Shown.short(meant))\"`; as a number leave the zero out")
    }

    /// What stands behind a duration or a size, or is mistaken for it.
    private static func isUnit(_ text: Substring.UTF8View) -> Bool {
        let word = String(decoding: text.prefix(4).map(ASCII.lowercased), as: UTF8.self)
        return ["ms", "s", "m", "h", "d", "b", "kib", "mib", "gib", "kb", "mb", "gb", "k", "g"].contains(word)
    }

    /// `.5`, `.5e3` or `e3`.
    private static func isFraction(_ text: Substring.UTF8View) -> Bool {
        var rest = text
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop(while: ASCII.isDigit) }
        guard let mark = rest.popFirst() else { return true }
        guard mark | 0x20 == UInt8(ascii: "e") else { return false }
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(ASCII.isDigit)
    }

    /// The text that `reference` stands for.
    private static func text(of reference: Reference, _ context: ReadingContext) throws(ValueError) -> String {
        switch reference.source {
        case .env:
            return try variable(reference, context, isSecret: false)
        case .file, .cred:
            let content = try file(of: reference, context)
            let bytes = content.bytes[..<endWithoutNewline(content.bytes)]
            guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
                throw .sentence(.referenceNotText, "file of `\(reference.shown)` is not UTF-8 text")
            }
            return text
        }
    }

    static func variable(
        _ reference: Reference, _ context: ReadingContext, isSecret: Bool
    ) throws(ValueError) -> String {
        let value = context.environment.variable(reference.name)
        if let fallback = reference.fallback { return value.flatMap { $0.isEmpty ? nil : $0 } ?? fallback }
        if let value { return value }
        let help = isSecret ? "set it for the gateway's own process" : "set it, or give a default: `${env:NAME:-text}`"
        throw .sentence(.unsetVariable, "environment variable `\(Shown.short(reference.name))` is not set", help: help)
    }

    /// The file that `reference` names.
    static func file(
        of reference: Reference, _ context: ReadingContext
    ) throws(ValueError) -> FileContent {
        var paths = [context.resolve(reference.name)]
        if reference.source == .cred {
            let directory = context.environment.variable("CREDENTIALS_DIRECTORY").map { $0 + "/" }
            paths = [directory, "/run/secrets/"].compactMap { $0.map { $0 + reference.name } }
        }
        var failure = FileFailure.notFound
        for path in paths where failure == .notFound {
            do throws(FileFailure) {
                return try context.environment.readFile(path, referenceLimitBytes)
            } catch {
                failure = error
            }
        }
        // `$CREDENTIALS_DIRECTORY` came from the environment: its value is not shown.
        let help =
            reference.source == .cred
            ? "looked in `$CREDENTIALS_DIRECTORY` and `/run/secrets`" : "looked for `\(Shown.short(paths[0]))`"
        throw .sentence(
            .unreadableReference, "file of `\(reference.shown)` cannot be read: \(failure.sentence(limit: "1 MiB"))",
            help: help)
    }

    /// Where a file's value ends: editors put a newline behind it that nobody means.
    static func endWithoutNewline(_ bytes: [UInt8]) -> Int {
        guard bytes.last == 0x0A else { return bytes.count }
        return bytes.dropLast().last == 0x0D ? bytes.count - 2 : bytes.count - 1
    }
}

extension FileFailure {
    /// The reason, behind a colon.
    public func sentence(limit: String) -> String {
        switch self {
        case .notFound: "there is no such file"
        case .notPermitted: "this process may not read it"
        case .notAFile: "it is not a file"
        case .tooLarge: "it is larger than \(limit)"
        case .failed(let reason): reason
        }
    }
}
