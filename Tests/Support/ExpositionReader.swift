/// Reads metrics as strictly as a scraper may, after Prometheus, "Exposition formats", "Text-based format".
public struct ExpositionReader: Sendable {
    /// Each sample's value, by its name and labels as written.
    public private(set) var samples: [String: String] = [:]
    /// Each family's kind, by its name.
    public private(set) var kinds: [String: String] = [:]
    private var families: Set<String> = []
    private var current = ""

    /// What is wrong with a text.
    public struct Mistake: Error, Equatable {
        /// Counted from 1.
        public var line: Int
        /// A few words.
        public var what: String
    }

    /// Reads `text`, or throws its first mistake.
    public init(_ text: String) throws(Mistake) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.popLast() != "" { throw Mistake(line: lines.count, what: "no line feed at the end") }
        for (index, line) in lines.enumerated() {
            if let mistake = read(String(line)) { throw Mistake(line: index + 1, what: mistake) }
        }
    }

    /// The value of the sample that is written so.
    public subscript(_ sample: String) -> Int? { samples[sample].flatMap(Int.init) }

    private mutating func read(_ line: String) -> String? {
        if line.hasPrefix("# HELP ") { return begin(String(line.dropFirst(7))) }
        if line.hasPrefix("# TYPE ") { return type(String(line.dropFirst(7))) }
        if line.hasPrefix("#") || line.isEmpty { return "a line without meaning" }
        return sample(line)
    }

    private mutating func begin(_ rest: String) -> String? {
        let name = String(rest.prefix { $0 != " " })
        guard isName(name) else { return "`\(name)` is no name" }
        guard rest.count > name.count + 1 else { return "no help" }
        guard families.insert(name).inserted else { return "`\(name)` stands twice" }
        current = name
        return nil
    }

    private mutating func type(_ rest: String) -> String? {
        let words = rest.split(separator: " ").map(String.init)
        guard words.count == 2, ["counter", "gauge", "histogram"].contains(words[1]) else { return "no type" }
        guard words[0] == current, kinds[current] == nil else { return "a type apart from its help" }
        kinds[current] = words[1]
        return nil
    }

    private mutating func sample(_ line: String) -> String? {
        guard let kind = kinds[current] else { return "a sample before its type" }
        let name = String(line.prefix { $0 != "{" && $0 != " " })
        let suffixes = kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { name == current + $0 }) else { return "`\(name)` is not of `\(current)`" }
        if kind == "counter", !name.hasSuffix("_total") { return "a counter without `_total`" }
        var rest = Array(line.utf8.dropFirst(name.utf8.count))
        if rest.first == 0x7B, let mistake = Self.labels(&rest) { return mistake }
        guard rest.first == 0x20 else { return "no space before the value" }
        let value = String(decoding: rest.dropFirst(), as: UTF8.self)
        guard !value.isEmpty, Double(value) != nil else { return "`\(value)` is no number" }
        if kind != "gauge", value.hasPrefix("-") { return "a negative count" }
        let series = String(line.dropLast(value.count + 1))
        guard samples.updateValue(value, forKey: series) == nil else { return "`\(series)` stands twice" }
        return nil
    }

    /// Takes `{name="value",…}` off the front; in a value, only `\\`, `\"` and `\n` are escaped.
    private static func labels(_ bytes: inout [UInt8]) -> String? {
        var names: Set<String> = []
        var index = 1
        while true {
            let name = bytes[index...].prefix { $0 != 0x3D }
            index = name.endIndex
            guard isLabel(name), names.insert(String(decoding: name, as: UTF8.self)).inserted else {
                return "a label's name is wrong or stands twice"
            }
            guard bytes[index...].starts(with: [0x3D, 0x22]) else { return "a label without a value" }
            index += 2
            while index < bytes.count, bytes[index] != 0x22 {
                if bytes[index] == 0x5C {
                    index += 1
                    guard index < bytes.count, [0x5C, 0x22, 0x6E].contains(bytes[index]) else { return "an escape" }
                }
                index += 1
            }
            guard index + 1 < bytes.count else { return "a label without an end" }
            index += 2
            if bytes[index - 1] == 0x7D { break }
            guard bytes[index - 1] == 0x2C else { return "something behind a label" }
        }
        bytes.removeFirst(index)
        return nil
    }

    private static func isLabel(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first, !(0x30...0x39 ~= first) else { return false }
        return name.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x5F }
    }

    private func isName(_ name: String) -> Bool {
        name.hasPrefix("acs_gateway_") && name.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x5F }
    }
}
