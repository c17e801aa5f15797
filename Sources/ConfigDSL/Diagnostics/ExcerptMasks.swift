/// Which parts of a file an excerpt must not show: literal texts that may be secrets.
///
/// Everything under `credentials` is hidden until it was read as something harmless: a mistyped key, an unknown
/// strategy or a mistake elsewhere on the line must not bring a secret to a log.  What was read as a secret stays
/// hidden.
struct ExcerptMasks: Sendable {
    /// A line of a file.
    struct Line: Hashable {
        var file: String
        var number: Int
    }

    /// Where a scalar starts.
    private struct Start: Hashable {
        var line: Line
        var column: Int

        init(_ place: SourcePlace) {
            (line, column) = (Line(file: place.file, number: place.line), place.column)
        }
    }

    private struct Mask {
        var endLine: Int
        var endColumn: Int
        var isSecret: Bool
    }

    private var masks: [Start: Mask] = [:]
    /// Stretches of lines that could not be read as YAML.
    private var stretches: [Line: Range<Int>] = [:]

    /// Hides the literal scalars in `node`, and keys that may be secrets whose `:` or quote went astray.
    ///
    /// A text that is nothing but a reference says no secret.
    mutating func hide(_ node: Node, isSecret: Bool, isItem: Bool = false) {
        for value in node.refused { hide(value, isSecret: isSecret) }
        switch node.content {
        case .scalar(let text, _):
            if node.isNull || Self.isBareReference(text) { return }
            hide(node.place, end: node.end, isSecret: isSecret)
        case .list(let items):
            for item in items { hide(item, isSecret: isSecret, isItem: true) }
        case .mapping(let entries):
            for entry in entries {
                if isItem || !Shown.isWord(entry.key) { hide(entry.keyPlace, end: nil, isSecret: true) }
                hide(entry.value, isSecret: isSecret)
            }
        }
    }

    private mutating func hide(_ place: SourcePlace, end: (line: Int, column: Int)?, isSecret: Bool) {
        let start = Start(place)
        let end = end ?? (place.line, place.column + place.length)
        let wasSecret = masks[start]?.isSecret ?? false
        masks[start] = Mask(endLine: end.line, endColumn: end.column, isSecret: isSecret || wasSecret)
    }

    /// True when what starts at `place` is hidden.
    func hides(_ place: SourcePlace) -> Bool { masks[Start(place)] != nil }

    /// Shows `node`, a scalar, again, unless it was read as a secret.
    mutating func reveal(_ node: Node) {
        let start = Start(node.place)
        if masks[start]?.isSecret == false { masks[start] = nil }
    }

    /// Hides what stands at `place` in a file that is not YAML, unless it is where no secret belongs.
    mutating func hideBrokenLine(at place: SourcePlace, in source: SourceText) {
        guard place.line > 0, !source.isHarmless(line: place.line) else { return }
        let line = source.line(place.line)
        let lead = line.prefix { $0 == " " || $0 == "-" }.count
        // What stands before the first colon is a key.
        let colon = line.firstIndex(of: ":").map { $0 + 1 } ?? lead
        let value = line.dropFirst(colon).prefix { $0 == " " }.count
        stretches[Line(file: place.file, number: place.line)] =
            (colon + value + 1)..<max(colon + value + 1, line.count + 1)
    }

    /// The hidden columns of each line that has any, in order.
    var hiddenColumns: [Line: [Range<Int>]] {
        var columns = stretches.mapValues { [$0] }
        for (start, mask) in masks {
            for number in start.line.number...max(start.line.number, mask.endLine) {
                let lower = number == start.line.number ? start.column : 1
                let upper = number == mask.endLine ? max(lower, mask.endColumn) : .max
                columns[Line(file: start.line.file, number: number), default: []].append(lower..<upper)
            }
        }
        return columns.mapValues { $0.sorted { $0.lowerBound < $1.lowerBound } }
    }

    private static func isBareReference(_ text: String) -> Bool {
        guard let reference = (try? ReferenceText(text))?.wholeReference else { return false }
        return reference.fallback == nil
    }
}
