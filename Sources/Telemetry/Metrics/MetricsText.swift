internal import Bytes

/// Writes metrics as Prometheus reads them.
///
/// Source: Prometheus, "Exposition formats", "Text-based format", version 0.0.4.  A family's samples stand together
/// behind its `HELP` and `TYPE`; whoever calls sees to it that no two of them have the same labels.
struct MetricsText: ~Copyable {
    private var text = ByteBuffer()

    /// All that was written.
    consuming func bytes() -> [UInt8] { text.span.array }

    /// Begins `family`: its samples follow.
    mutating func begin(_ family: MetricFamily) {
        text.append("# HELP ")
        text.append(text: family.name)
        text.append(0x20)
        append(escaped: family.help, quotes: false)
        text.append("\n# TYPE ")
        text.append(text: family.name)
        text.append(0x20)
        text.append(text: family.kind.rawValue)
        text.append(0x0A)
    }

    /// A sample of `family`, with a value for each of its labels; `suffix` and `bound` are a histogram's.
    mutating func sample(
        _ family: MetricFamily, _ labels: [String] = [], suffix: StaticString = "", bound: Bound? = nil,
        _ value: Value
    ) {
        precondition(labels.count == family.labels.count, "\(family.name) has other labels")
        text.append(text: family.name)
        text.append(suffix)
        var mark: UInt8 = 0x7B
        for (name, value) in zip(family.labels, labels) {
            text.append(mark)
            text.append(text: name)
            text.append("=\"")
            append(escaped: value, quotes: true)
            text.append(0x22)
            mark = 0x2C
        }
        if let bound {
            text.append(mark)
            text.append("le=\"")
            switch bound {
            case .upTo(let seconds): append(seconds)
            case .infinity: text.append("+Inf")
            }
            text.append(0x22)
            mark = 0x2C
        }
        if mark == 0x2C { text.append(0x7D) }
        text.append(0x20)
        append(value)
        text.append(0x0A)
    }

    /// A number of a sample.
    enum Value {
        case count(UInt64)
        case level(Int)
        case seconds(Seconds)
    }

    /// The upper end of a histogram's bucket.
    enum Bound {
        case upTo(Seconds)
        case infinity
    }

    /// A time, exact to the nanosecond.
    struct Seconds {
        var nanoseconds: UInt64
    }

    private mutating func append(_ value: Value) {
        switch value {
        case .count(let count): text.append(decimal: Int(clamping: count))
        case .level(let level): text.append(decimal: level)
        case .seconds(let seconds): append(seconds)
        }
    }

    /// `0.0025`; without a point when there is nothing behind it.
    private mutating func append(_ seconds: Seconds) {
        let (whole, rest) = seconds.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        text.append(decimal: Int(whole))
        guard rest > 0 else { return }
        text.append(0x2E)
        var (left, unit) = (rest, UInt64(100_000_000))
        while left > 0 {
            text.append(digit(Int(left / unit)))
            (left, unit) = (left % unit, unit / 10)
        }
    }

    /// A backslash and a line feed are escaped, and a quote within quotes.
    private mutating func append(escaped value: String, quotes: Bool) {
        for byte in value.utf8 {
            switch byte {
            case 0x5C: text.append("\\\\")
            case 0x0A: text.append("\\n")
            case 0x22 where quotes: text.append("\\\"")
            case _: text.append(byte)
            }
        }
    }
}
