internal import Bytes

/// Parsers of plain values, for ``FieldReader``.
extension String {
    /// Text that is not empty.  `true` and `false` are booleans: as text they need quotes.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> String {
        if scalar.text.isEmpty { throw ValueError(.noValue, "is empty") }
        if scalar.isPlain, scalar.text == "true" || scalar.text == "false" {
            throw ValueError(.wrongType, "is a boolean, not text", help: "as text write `\"\(scalar.shown)\"`")
        }
        return scalar.text
    }

    /// Text, also none.
    public static func parseFreeText(_ scalar: Scalar) throws(ValueError) -> String {
        scalar.text.isEmpty ? "" : try parse(scalar)
    }
}

extension Bool {
    /// `true` or `false`, unquoted; nothing else.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> Bool {
        let isValue = scalar.isPlain || !scalar.isLiteral
        if isValue, scalar.text == "true" { return true }
        if isValue, scalar.text == "false" { return false }
        throw ValueError(.notBoolean, "is neither `true` nor `false`", help: cure(for: scalar))
    }

    private static func cure(for scalar: Scalar) -> String? {
        guard scalar.isLiteral else { return nil }
        let word = String(decoding: scalar.text.utf8.map(ASCII.lowercased), as: UTF8.self)
        if ["true", "yes", "on", "y", "1"].contains(word) { return "did you mean `true`?" }
        if ["false", "no", "off", "n", "0"].contains(word) { return "did you mean `false`?" }
        return nil
    }
}

extension Int {
    /// A whole number within `bounds`, in decimal digits, unquoted.
    public static func parse(
        within bounds: ClosedRange<Int>
    ) -> (Scalar) throws(ValueError) -> Int {
        { (scalar: Scalar) throws(ValueError) -> Int in
            if scalar.isLiteral, !scalar.isPlain {
                throw ValueError(.wrongType, "is text, not a number", help: "leave the quotes out")
            }
            guard let number = Int(decimal: scalar.text) else {
                throw ValueError(.badForm, "is not a whole number", help: "write digits alone")
            }
            guard bounds.contains(number) else {
                let wanted = "\(bounds.lowerBound) to \(bounds.upperBound)"
                throw ValueError(.outOfRange, "is out of bounds", help: "it takes \(wanted)")
            }
            return number
        }
    }

    /// The number that `text` writes in decimal digits alone, `Int.max` when it is larger; `nil` for anything else.
    init?(decimal text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
        self = Int(text) ?? .max
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    /// One of the words of an enumeration.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> Self {
        if let value = Self(rawValue: scalar.text) { return value }
        throw ValueError.notAChoice(scalar, of: allCases.map(\.rawValue))
    }
}

extension ValueError {
    /// The value is none of `words`.
    public static func notAChoice(_ scalar: Scalar, of words: [String]) -> ValueError {
        let known = words.map { "`\($0)`" }.joined(separator: ", ")
        if words.count == 1 { return ValueError(.notAChoice, "can only be \(known)", help: "write \(known)") }
        let close = scalar.isLiteral ? Suggestion.closest(to: scalar.text, among: words) : nil
        return ValueError(
            .notAChoice, "is none of \(known)", help: close.map { "did you mean `\($0)`?" } ?? "write one of them")
    }
}

/// A setting whose only value is `allow`: it opens something that is closed by default.
enum Permission: String, CaseIterable {
    case allow
}
