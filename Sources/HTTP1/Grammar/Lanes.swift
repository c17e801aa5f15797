internal import Bytes

/// Eight bytes looked at as one number, the first byte lowest.
enum Lanes {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The offset of the first control byte (0x00–0x1F, 0x7F) in `start..<end`, or `end`.
    @inline(__always)
    static func firstControl(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var offset = start
        while offset &+ 8 <= end {
            let word = bytes.word(at: offset)
            // A lane's top bit is set where the lane is below 0x20 or equals 0x7F.  A borrow can set it falsely, but
            // only above a lane where it is set truly; the lowest is what we take.
            let delete = word ^ (ones &* 0x7F)
            let found = ((word &- ones &* 0x20) & ~word | (delete &- ones) & ~delete) & highs
            if found != 0 { return offset &+ found.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        while offset < end, bytes[offset] >= 0x20, bytes[offset] != 0x7F { offset &+= 1 }
        return offset
    }

    /// The bytes of `start..<end` (at most eight), zeros above them.
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

    /// `word` (ASCII bytes only) with A–Z folded to a–z, and `_` and `.` read as `-`.
    @inline(__always)
    static func folded(_ word: UInt64) -> (word: UInt64, hasMarks: Bool) {
        let fromA = word &+ ones &* (0x80 - 0x41)
        let aboveZ = word &+ ones &* (0x80 - 0x5B)
        let lower = word | ((fromA ^ aboveZ) & highs) >> 2
        let underscores = ~((word ^ ones &* 0x5F) &+ ones &* 0x7F) & highs
        let dots = ~((word ^ ones &* 0x2E) &+ ones &* 0x7F) & highs
        if underscores | dots == 0 { return (lower, false) }
        return (lower ^ (underscores >> 7 &* (0x5F ^ 0x2D)) ^ (dots >> 7 &* (0x2E ^ 0x2D)), true)
    }
}
