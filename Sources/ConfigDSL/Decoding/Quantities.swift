internal import Bytes

/// A kind of quantity: its units, and what people write instead of them.
private struct Units {
    /// For sentences.
    let noun: String
    /// Units from small to large with their worth in the smallest.
    let units: [(name: String, worth: Int)]
    /// Other words, in lower case, with theirs.
    let words: [String: Int]
    /// How such a quantity is written.
    let examples: String

    private static let second = 1_000
    private static let minute = 60_000
    private static let hour = 3_600_000
    private static let day = 86_400_000

    static let durations = Units(
        noun: "duration", units: [("ms", 1), ("s", second), ("m", minute), ("h", hour)],
        words: [
            "msec": 1, "millis": 1, "milliseconds": 1, "sec": second, "secs": second, "second": second,
            "seconds": second, "min": minute, "mins": minute, "minute": minute, "minutes": minute, "hr": hour,
            "hour": hour, "hours": hour, "d": day, "day": day, "days": day,
        ],
        examples: "`250ms`, `30s`, `5m` or `1h`")

    static let sizes = Units(
        noun: "size", units: [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)],
        words: [
            "byte": 1, "bytes": 1, "k": 1 << 10, "kb": 1 << 10, "ki": 1 << 10, "m": 1 << 20, "mb": 1 << 20,
            "mi": 1 << 20, "g": 1 << 30, "gb": 1 << 30, "gi": 1 << 30, "t": 1 << 40, "tb": 1 << 40, "tib": 1 << 40,
        ],
        examples: "`512B`, `64KiB` or `12MiB`")

    /// The quantity in the smallest unit, within `bounds`; `bare` guesses what a number without a unit means.
    func parse(
        _ scalar: Scalar, within bounds: ClosedRange<Int>, bare: (Int) -> String
    ) throws(ValueError) -> Int {
        let bytes = scalar.text.utf8
        let digits = String(Substring(bytes.prefix(while: ASCII.isDigit)))
        let unit = String(Substring(bytes.dropFirst(digits.utf8.count)))
        let help = scalar.isLiteral ? guess(scalar.text, bare: bare) : nil
        guard let number = Int(decimal: digits), unit.utf8.allSatisfy(ASCII.isLetter) else {
            let cure = help ?? "write one whole number and its unit: \(examples)"
            throw ValueError(.badForm, "is not a \(noun)", help: cure)
        }
        guard let known = units.first(where: { $0.name == unit }) else {
            let cure = help ?? "a \(noun) is written like \(examples)"
            throw ValueError(.badUnit, unit.isEmpty ? "has no unit" : "has an unknown unit", help: cure)
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: known.worth)
        let amount = overflow ? .max : product
        guard bounds.contains(amount) else {
            let message = amount < bounds.lowerBound ? "is too small" : "is too large"
            let (least, most) = (text(bounds.lowerBound), text(bounds.upperBound))
            throw ValueError(.outOfRange, message, help: "it takes `\(least)` to `\(most)`")
        }
        return amount
    }

    /// What `text` was probably meant to be, asked as a question.
    ///
    /// Knows blanks, other words for units, and decimal fractions: `1.5 sec` is `1500ms`.
    private func guess(_ text: String, bare: (Int) -> String) -> String? {
        var rest = text.utf8.filter { $0 != ASCII.space }[...]
        func digits() -> String {
            let run = rest.prefix(while: ASCII.isDigit)
            rest = rest.dropFirst(run.count)
            return String(decoding: run, as: UTF8.self)
        }
        guard let whole = Int(decimal: digits()), whole < 1 << 52 else { return nil }
        var thousandths = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = digits()
            guard (1...3).contains(fraction.utf8.count) else { return nil }
            thousandths = Int(decimal: fraction + String(repeating: "0", count: 3 - fraction.utf8.count)) ?? 0
        }
        let word = String(decoding: rest.map(ASCII.lowercased), as: UTF8.self)
        if word.isEmpty { return thousandths == 0 ? "did you mean \(bare(whole))?" : nil }
        let unit = units.first { $0.name.utf8.map(ASCII.lowercased) == Array(word.utf8) }
        guard let worth = unit?.worth ?? words[word], worth * thousandths % 1_000 == 0 else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: worth)
        if overflow || product > 1 << 60 { return nil }
        let amount = product + worth * thousandths / 1_000
        let same = thousandths == 0 ? units.first { $0.worth == worth } : nil
        return "did you mean `\(same.map { "\(whole)\($0.name)" } ?? self.text(amount))`?"
    }

    /// `amount` in the largest unit that divides it.
    func text(_ amount: Int) -> String {
        let unit = units.last { amount >= $0.worth && amount % $0.worth == 0 } ?? units[0]
        return "\(amount / unit.worth)\(unit.name)"
    }
}

extension Duration {
    /// What a timeout may be: `1ms` to `24h`.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> Duration {
        try parse(within: 1...86_400_000)(scalar)
    }

    /// A duration like `250ms`, `30s`, `5m` or `1h` of as many milliseconds as `bounds` allow.
    public static func parse(within bounds: ClosedRange<Int>) -> (Scalar) throws(ValueError) -> Duration {
        { (scalar: Scalar) throws(ValueError) -> Duration in
            .milliseconds(
                try Units.durations.parse(scalar, within: bounds) { $0 >= 1_000 ? "`\($0)ms`" : "`\($0)s`" })
        }
    }
}

/// Numbers of bytes.
public enum ByteSize {
    /// A size like `512B`, `64KiB` or `12MiB` of as many bytes as `bounds` allow.
    public static func parse(within bounds: ClosedRange<Int>) -> (Scalar) throws(ValueError) -> Int {
        { (scalar: Scalar) throws(ValueError) -> Int in
            try Units.sizes.parse(scalar, within: bounds) { number in
                number < 1_024 ? "`\(number)KiB` or `\(number)MiB`" : "`\(Units.sizes.text(number))`"
            }
        }
    }
}
