internal import Bytes

/// A kind of quantity: its units and what people write instead of them.
private struct Units {
    /// `duration`, `size`: for sentences.
    let noun: String
    /// Units from small to large with their worth in the smallest.
    let worth: [(unit: String, value: Int)]
    /// Lower-case words that are not units, and the unit that was meant.
    let meant: [String: String]
    /// How such a quantity is written.
    let examples: String

    static let durations = Units(
        noun: "duration", worth: [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)],
        meant: [
            "msec": "ms", "millis": "ms", "milliseconds": "ms", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
            "min": "m", "mins": "m", "minute": "m", "minutes": "m", "hr": "h", "hour": "h", "hours": "h",
        ],
        examples: "`250ms`, `30s`, `5m` or `1h`")

    static let sizes = Units(
        noun: "size", worth: [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)],
        meant: [
            "byte": "B", "bytes": "B", "k": "KiB", "kb": "KiB", "ki": "KiB", "m": "MiB", "mb": "MiB", "mi": "MiB",
            "g": "GiB", "gb": "GiB", "gi": "GiB",
        ],
        examples: "`512B`, `64KiB` or `12MiB`")

    /// The quantity in the smallest unit; `bare` guesses the unit of a number without one.
    func parse(_ scalar: Scalar, bare: (Int) -> String) throws(ValueError) -> Int {
        let digits = scalar.text.utf8.prefix(while: ASCII.isDigit)
        let unit = String(scalar.text.utf8.dropFirst(digits.count)) ?? ""
        guard let number = Int(decimal: String(digits) ?? ""), unit.utf8.allSatisfy(ASCII.isLetter) else {
            throw ValueError(.badForm, "is not a \(noun)", help: "write one whole number and its unit: \(examples)")
        }
        if let known = worth.first(where: { $0.unit == unit }) {
            let (product, overflow) = number.multipliedReportingOverflow(by: known.value)
            return overflow ? .max : product
        }
        let word = String(decoding: unit.utf8.map(ASCII.lowercased), as: UTF8.self)
        let sameLetters = worth.first { $0.unit.utf8.map(ASCII.lowercased) == Array(word.utf8) }
        let guess = unit.isEmpty ? bare(number) : (sameLetters?.unit ?? meant[word]).map { "\(number)\($0)" }
        let help = scalar.isLiteral ? guess.map { "did you mean `\($0)`?" } : nil
        throw ValueError(
            .badUnit, unit.isEmpty ? "has no unit" : "has an unknown unit",
            help: help ?? "a \(noun) is written like \(examples)")
    }

    /// `amount` in the largest unit that divides it.
    func text(_ amount: Int) -> String {
        let fitting = worth.last { amount >= $0.value && amount % $0.value == 0 }
        return fitting.map { "\(amount / $0.value)\($0.unit)" } ?? "\(amount)\(worth[0].unit)"
    }

    func check(_ amount: Int, within bounds: ClosedRange<Int>) throws(ValueError) {
        if bounds.contains(amount) { return }
        let help = "it takes `\(text(bounds.lowerBound))` to `\(text(bounds.upperBound))`"
        throw ValueError(.outOfRange, amount < bounds.lowerBound ? "is too small" : "is too large", help: help)
    }
}

extension Duration {
    /// What a timeout may be: `1ms` to `24h`.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> Duration {
        try parse(within: 1...86_400_000)(scalar)
    }

    /// A duration like `250ms`, `30s`, `5m` or `1h` of as many milliseconds as `bounds` allow.
    public static func parse(
        within bounds: ClosedRange<Int>
    ) -> (Scalar) throws(ValueError) -> Duration {
        { (scalar: Scalar) throws(ValueError) -> Duration in
            let amount = try Units.durations.parse(scalar) { $0 >= 1_000 ? "\($0)ms" : "\($0)s" }
            try Units.durations.check(amount, within: bounds)
            return .milliseconds(amount)
        }
    }
}

/// Numbers of bytes.
public enum ByteSize {
    /// A size like `512B`, `64KiB` or `12MiB` of as many bytes as `bounds` allow.
    public static func parse(within bounds: ClosedRange<Int>) -> (Scalar) throws(ValueError) -> Int {
        { (scalar: Scalar) throws(ValueError) -> Int in
            let amount = try Units.sizes.parse(scalar) { $0 < 1_024 ? "\($0)KiB" : Units.sizes.text($0) }
            try Units.sizes.check(amount, within: bounds)
            return amount
        }
    }

    /// `bytes` in the largest unit that divides it: `64KiB`.
    static func text(_ bytes: Int) -> String { Units.sizes.text(bytes) }
}
