/// The one of `known` that `word` was most likely meant to be; `nil` when none is close enough to be worth saying.
func nearest(to word: String, in known: [String]) -> String? {
    // A third of the letters may be wrong; a peer cannot choose these words, but a long one would still cost.
    guard word.utf8.count <= 64 else { return nil }
    let ranked = known.map { (name: $0, distance: editDistance(Array(word.utf8), Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, best.name.utf8.count / 3) ? best.name : nil
}

/// Insertions, removals, replacements and swaps of neighbours that turn `one` into `other` (optimal string alignment).
private func editDistance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var rows = [Array(0...other.count)]
    for (i, left) in one.enumerated() {
        var row = [i + 1]
        for (j, right) in other.enumerated() {
            var cost = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (left == right ? 0 : 1))
            if i > 0, j > 0, left == other[j - 1], one[i - 1] == right { cost = min(cost, rows[i - 1][j - 1] + 1) }
            row.append(cost)
        }
        rows.append(row)
    }
    return rows[one.count][other.count]
}
