internal import Bytes

/// Finds what someone probably meant.
public enum Suggestion {
    /// Longer words are not compared: nobody mistypes them into one of ours, and the cost grows with the square.
    private static let longest = 64
    /// Of more words of a file nobody looks for a likeness: a hostile one has hundreds of thousands.
    static let mostCandidates = 200

    /// The candidate that `word` most likely was meant to be; `nil` when none is close.
    ///
    /// Close is up to a third of the word's letters wrong, left out, doubled or exchanged with a neighbour; case, `-`
    /// and `_` do not count.  Of equally close ones the first wins.  Without any, the only one that holds the word, or
    /// that it holds: `warn` is `warning`.
    public static func closest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= longest, word.utf8.contains(where: ASCII.isLetter) else { return nil }
        let letters = normalized(word)
        let others = candidates.map(normalized)
        var best: (candidate: String, distance: Int)?
        for (candidate, other) in zip(candidates, others) where candidate.utf8.count <= longest {
            let shorter = min(letters.count, other.count)
            let allowed = min(max(1, shorter / 3), shorter - 1)
            guard abs(letters.count - other.count) <= allowed else { continue }
            let distance = distance(from: letters, to: other)
            guard distance <= allowed, distance < best?.distance ?? .max else { continue }
            best = (candidate, distance)
        }
        if let best { return best.candidate }
        let holding = others.indices.filter { holds(letters, others[$0]) }
        return holding.count == 1 ? candidates[holding[0]] : nil
    }

    /// True when one is part of the other, of four letters or more.
    private static func holds(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        let (part, whole) = one.count < other.count ? (one, other) : (other, one)
        guard part.count >= 4 else { return false }
        return (0...whole.count - part.count).contains { whole[$0...].starts(with: part) }
    }

    /// Lower-case letters and digits alone.
    private static func normalized(_ word: String) -> [UInt8] {
        word.utf8.filter { $0 != 0x2D && $0 != 0x5F }.map(ASCII.lowercased)
    }

    /// How many letters must be changed, left out, added or exchanged with a neighbour (optimal string alignment).
    static func distance(from one: [UInt8], to other: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var current = [row + 1]
            for (column, otherLetter) in other.enumerated() {
                let changed = last[column] + (letter == otherLetter ? 0 : 1)
                var cost = min(changed, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == otherLetter {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[other.count]
    }
}
