internal import Bytes

/// Eight bytes looked at as one number, a lane each, the first byte lowest.
///
/// A set of lanes is a number that has the top bit of each of its lanes.
enum Lanes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// The lanes of `low...high`, for lanes below 0x80.
    @inline(__always)
    private static func within(_ word: UInt64, _ low: UInt64, _ high: UInt64) -> UInt64 {
        (word &+ ones &* (0x80 - low)) ^ (word &+ ones &* (0x7F - high))
    }

    /// The lanes that equal `byte`, for lanes below 0x80.
    @inline(__always)
    private static func equal(_ word: UInt64, _ byte: UInt64) -> UInt64 {
        ~((word ^ ones &* byte) &+ ones &* 0x7F) & tops
    }

    /// `word` with A–Z folded to a–z, and the lanes that are not a letter, a digit or `-`.
    @inline(__always)
    static func plain(_ word: UInt64) -> (folded: UInt64, others: UInt64) {
        let low = word & ~tops
        let letters = within(low | ones &* 0x20, 0x61, 0x7A)
        let plain = (letters | within(low, 0x30, 0x39)) & tops | equal(low, 0x2D)
        return (word | (letters & tops) >> 2, ~plain & tops | word & tops)
    }

    /// The offset of the first byte in `start..<end` that is not a letter, a digit or `-`, or less, but not by more
    /// than eight bytes: whoever calls goes on byte by byte.
    @inline(__always)
    static func skipPlain(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var offset = start
        while offset &+ 8 <= end {
            let others = plain(bytes.word(at: offset)).others
            if others != 0 { return offset &+ others.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        return offset
    }

    /// As ``skipPlain(_:from:to:)`` for what is usual in a path and a query: letters, digits, `=` and `$` to `;`, all
    /// of which may stand there.
    @inline(__always)
    static func skipTarget(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var offset = start
        while offset &+ 8 <= end {
            let word = bytes.word(at: offset)
            let low = word & ~tops
            let usual = within(low | ones &* 0x20, 0x61, 0x7A) | within(low, 0x24, 0x3B) | equal(low, 0x3D)
            let others = ~usual & tops | word & tops
            if others != 0 { return offset &+ others.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        return offset
    }

    /// Lanes that are control bytes; of those found, only the lowest is certain.
    @inline(__always)
    private static func controls(_ word: UInt64) -> UInt64 {
        // A lane's top bit is set where the lane is below 0x20 or equals 0x7F.  A borrow can set it falsely, but only
        // above a lane where it is set truly.
        let delete = word ^ ones &* 0x7F
        return ((word &- ones &* 0x20) & ~word | (delete &- ones) & ~delete) & tops
    }

    /// The offset of the first control byte (0x00–0x1F, 0x7F) in `start..<end`, or `end`.
    @inline(__always)
    static func firstControl(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var offset = start
        while offset &+ 8 <= end {
            let word = bytes.word(at: offset)
            // Printable ASCII leaves both sums below 0x80 in every lane, and is nearly all there is.
            if ((word &+ ones) | (word &- ones &* 0x20)) & tops != 0 {
                let found = controls(word)
                if found != 0 { return offset &+ found.trailingZeroBitCount >> 3 }
            }
            offset &+= 8
        }
        while offset < end, bytes[offset] >= 0x20, bytes[offset] != 0x7F { offset &+= 1 }
        return offset
    }

    /// The bytes of `start..<end` (at most the first eight), zeros above them.
    @inline(__always)
    static func word(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> UInt64 {
        let count = end &- start
        if start &+ 8 <= bytes.count {
            let word = bytes.word(at: start)
            return count >= 8 ? word : word & ((1 << UInt64(truncatingIfNeeded: count &* 8)) &- 1)
        }
        var word: UInt64 = 0
        var offset = end
        while offset > start {
            offset &-= 1
            word = word << 8 | UInt64(bytes[offset])
        }
        return word
    }

    /// `word` (bytes of a token only) with A–Z folded to a–z, and `_` and `.` read as `-`.
    @inline(__always)
    static func folded(_ word: UInt64) -> (word: UInt64, hasMarks: Bool) {
        let lower = word | (within(word, 0x41, 0x5A) & tops) >> 2
        let underscores = equal(word, 0x5F)
        let dots = equal(word, 0x2E)
        if underscores | dots == 0 { return (lower, false) }
        return (lower ^ (underscores >> 7 &* (0x5F ^ 0x2D)) ^ (dots >> 7 &* (0x2E ^ 0x2D)), true)
    }
}
