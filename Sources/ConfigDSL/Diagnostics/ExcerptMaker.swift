/// Cuts the line of a finding out of its file and puts carets below it.
///
/// What may be a secret is shown as `***`, a long line as a window around the carets, and no character of the file
/// reaches a terminal that could move its cursor.
struct ExcerptMaker {
    /// Columns of a terminal that an excerpt may take.
    private static let width = 110
    /// Columns that stay visible before the carets of a long line.
    private static let before = 40
    /// Scalars that are looked at on each side of the carets.
    private static let reach = 400

    /// A piece of the shown line and the column of the file that it begins with.
    private struct Cell {
        var text: String
        var width: Int
        var column: Int
    }

    private let sources: [SourceText]
    private let hidden: [ExcerptMasks.Line: [Range<Int>]]
    private var lineStarts: [String: [Int]] = [:]
    /// The line cut last: findings come in order, and many may stand on one long line.
    private var last: (line: ExcerptMasks.Line, scalars: [Unicode.Scalar])?
    /// The pieces of that line made last: unless it is very long, they are the same for all findings on it.
    private var made: (columns: Range<Int>, cells: [Cell])?

    init(_ sources: [SourceText], _ masks: ExcerptMasks) {
        self.sources = sources
        hidden = masks.hiddenColumns
        for source in sources { lineStarts[source.file] = source.lineStarts }
    }

    /// The excerpt with its help; the help alone when there is no line to show.
    mutating func lines(for diagnostic: Diagnostic) -> String {
        let place = diagnostic.place
        guard let scalars = scalars(of: ExcerptMasks.Line(file: place.file, number: place.line)) else {
            return diagnostic.help.map { "  help: \($0)\n" } ?? ""
        }
        let cells = window(cells(of: scalars, around: place), around: place)
        let indent = cells.prefix { $0.column < place.column }.reduce(0) { $0 + $1.width }
        let end = place.column + place.length
        let covered = cells.filter { $0.column >= place.column && $0.column < end }.reduce(0) { $0 + $1.width }
        let carets = String(repeating: "^", count: max(1, min(covered, Self.width - indent)))
        let number = String(place.line)
        let gutter = String(repeating: " ", count: max(0, 5 - number.count)) + number
        let blank = String(repeating: " ", count: gutter.count)
        let help = diagnostic.help.map { " " + $0 } ?? ""
        let text = cells.map(\.text).joined()
        return "\(gutter) | \(text)\n\(blank) | \(String(repeating: " ", count: indent))\(carets)\(help)\n"
    }

    private mutating func scalars(of line: ExcerptMasks.Line) -> [Unicode.Scalar]? {
        if let last, last.line == line { return last.scalars }
        guard let source = sources.first(where: { $0.file == line.file }), let starts = lineStarts[line.file],
            line.number >= 1, line.number <= starts.count
        else { return nil }
        let scalars = source.scalars(from: starts[line.number - 1])
        last = (line, scalars)
        made = nil
        return scalars
    }

    /// The line's pieces near the place: one for each scalar, one for each hidden stretch.
    private mutating func cells(of scalars: [Unicode.Scalar], around place: SourcePlace) -> [Cell] {
        let first = max(1, place.column - Self.reach)
        let columns = first..<max(first, min(scalars.count, place.column + Self.reach) + 1)
        if let made, made.columns == columns { return made.cells }
        let line = ExcerptMasks.Line(file: place.file, number: place.line)
        var stretches = Self.stretches(of: hidden[line] ?? [], in: columns)
        var cells: [Cell] = []
        cells.reserveCapacity(columns.count)
        var column = first
        while column < columns.upperBound {
            if let stretch = stretches.first, stretch.lowerBound <= column {
                stretches.removeFirst()
                guard stretch.upperBound > column else { continue }
                cells.append(Cell(text: "***", width: 3, column: column))
                column = stretch.upperBound
            } else {
                let scalar = scalars[column - 1]
                let shown: Unicode.Scalar = scalar == "\t" ? " " : Shown.isHarmless(scalar) ? scalar : "\u{FFFD}"
                cells.append(Cell(text: String(shown), width: Shown.width(shown), column: column))
                column += 1
            }
        }
        made = (columns, cells)
        return cells
    }

    /// Those of `sorted`, which do not overlap, that reach into the columns.
    private static func stretches(of sorted: [Range<Int>], in columns: Range<Int>) -> ArraySlice<Range<Int>> {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].upperBound <= columns.lowerBound { low = middle + 1 } else { high = middle }
        }
        return sorted[low...].prefix { $0.lowerBound < columns.upperBound }
    }

    /// The cells that fit, with `…` where the line goes on.
    private func window(_ cells: [Cell], around place: SourcePlace) -> [Cell] {
        let total = cells.reduce(0) { $0 + $1.width }
        guard total > Self.width || cells.first?.column ?? 1 > 1 else { return cells }
        let caret = cells.firstIndex { $0.column >= place.column } ?? cells.count
        let start = total <= Self.width ? 0 : max(0, caret - Self.before)
        var shown: [Cell] = []
        var width = 0
        for cell in cells[start...] {
            width += cell.width
            if width > Self.width {
                shown.append(Cell(text: "…", width: 1, column: cell.column))
                break
            }
            shown.append(cell)
        }
        if start > 0 || cells.first?.column ?? 1 > 1, let first = shown.first {
            shown[0] = Cell(text: "…", width: 1, column: first.column)
        }
        return shown
    }
}
