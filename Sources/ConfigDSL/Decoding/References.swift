internal import Bytes

/// One reference: `${env:NAME}`, `${env:NAME:-text}`, `${file:PATH}` or `${cred:NAME}`.
struct Reference: Equatable {
    /// Where its value comes from.
    enum Source: String, CaseIterable {
        /// The process's own environment.
        case env
        /// A file, relative to the one that names it.
        case file
        /// `$CREDENTIALS_DIRECTORY/NAME`, else `/run/secrets/NAME`.
        case cred
    }

    var source: Source
    var name: String
    /// What holds when the variable is not set or empty; `env` alone has one.
    var fallback: String?

    /// As it is written, without its default.
    var shown: String { "${\(source.rawValue):\(Shown.short(name))}" }
}

/// A text cut into its references and what stands between them.
struct ReferenceText: Equatable {
    /// A piece of the text.
    enum Part: Equatable {
        case literal(String)
        case reference(Reference)
    }

    /// Pieces in order; no two literals meet, none is empty.
    private(set) var parts: [Part] = []

    /// True when the text is one reference and nothing else.
    var wholeReference: Reference? {
        guard parts.count == 1, case .reference(let reference) = parts[0] else { return nil }
        return reference
    }

    /// True when no reference is in it.
    var isLiteral: Bool {
        parts.allSatisfy { part in
            if case .literal = part { return true }
            return false
        }
    }

    /// The text with each reference replaced by what `resolve` gives for it.
    func resolved<Failure: Error>(
        _ resolve: (Reference) throws(Failure) -> String
    ) throws(Failure) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let piece): text += piece
            case .reference(let reference): text += try resolve(reference)
            }
        }
        return text
    }

    /// Cuts `text`; `$${` stands for a literal `${`, any other `$` for itself.
    init(_ text: String) throws(ValueError) {
        var literal = ""
        var rest = text.utf8[...]
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            literal += String(Substring(rest[..<dollar]))
            rest = rest[dollar...]
            if rest.starts(with: "$${".utf8) {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.starts(with: "${".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw Self.unclosed }
                flush(&literal)
                parts.append(.reference(try Self.reference(String(Substring(rest[..<end].dropFirst(2))))))
                rest = rest[end...].dropFirst()
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        literal += String(Substring(rest))
        flush(&literal)
    }

    private mutating func flush(_ literal: inout String) {
        if !literal.isEmpty { parts.append(.literal(literal)) }
        literal = ""
    }

    /// What stands between `${` and `}`.
    private static func reference(_ text: String) throws(ValueError) -> Reference {
        let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard pieces.count == 2, let source = Reference.Source(rawValue: pieces[0]) else {
            throw unknownSource(pieces[0], isVariable: pieces.count == 1 && isVariableName(text))
        }
        var reference = Reference(source: source, name: pieces[1])
        switch source {
        case .env:
            if let mark = reference.name.firstRange(of: ":-") {
                reference.fallback = String(reference.name[mark.upperBound...])
                reference.name = String(reference.name[..<mark.lowerBound])
            }
            if reference.fallback?.contains("${") == true {
                throw ValueError(
                    .badReference, "has a reference within a reference", help: "a default is text, without `${`")
            }
            guard isVariableName(reference.name) else {
                throw badName("an environment variable has letters, digits and `_`")
            }
        case .file:
            guard !reference.name.isEmpty else { throw badName("a path goes behind `file:`") }
        case .cred:
            guard isCredentialName(reference.name) else {
                throw badName("a credential's name has letters, digits, `.`, `_` and `-`")
            }
        }
        return reference
    }

    private static func isVariableName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, !ASCII.isDigit(first) else { return false }
        return bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isCredentialName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard !bytes.isEmpty, name != ".", name != ".." else { return false }
        return bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "._-".utf8.contains($0) }
    }

    private static let escape = "for the text `${` itself write `$${`"

    private static let unclosed = ValueError(.badReference, "has a `${` that no `}` closes", help: escape)

    private static func badName(_ help: String) -> ValueError {
        ValueError(.badReference, "has a reference without a proper name", help: help)
    }

    private static func unknownSource(_ word: String, isVariable: Bool) -> ValueError {
        let known = "`${env:NAME}`, `${file:PATH}` or `${cred:NAME}`"
        if isVariable {
            return ValueError(.badReference, "has a reference that does not say where to look", help: "write \(known)")
        }
        let close = Suggestion.closest(to: word, among: Reference.Source.allCases.map(\.rawValue))
        let help = close.map { "did you mean `${\($0):…}`?" } ?? "write \(known); \(escape)"
        return ValueError(.badReference, "has a reference of an unknown kind", help: help)
    }
}
