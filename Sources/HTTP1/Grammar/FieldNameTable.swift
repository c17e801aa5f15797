internal import Bytes

/// Finds a known name by its folded bytes: one hash, one probe and one comparison as a rule.
///
/// A name of at most 32 bytes is four numbers of eight bytes; a longer one is known by its beginning only.
struct FieldNameTable {
    /// A name as four numbers, the first byte of each lowest, zeros above the last.
    struct Key: Equatable {
        /// Most bytes that fit.
        static let byteLimit = 32

        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0

        /// Where to begin to look, of 256 places.
        @inline(__always) var place: Int {
            var mixed = first ^ (second &* 0x9E37_79B9_7F4A_7C15) ^ (third &* 0xC2B2_AE3D_27D4_EB4F)
            mixed ^= fourth &* 0x1656_67B1_9E37_79F9
            return Int(truncatingIfNeeded: (mixed &* 0xFF51_AFD7_ED55_8CCD) >> 56)
        }
    }

    /// What a name means.
    struct Match {
        var name = FieldName.other
        /// It has a `_` or a `.` that was read as `-`.
        var hasMarks = false
    }

    private struct Slot {
        var key = Key()
        var name = FieldName.other
    }

    /// Open addressing: a name stands at its place or in the next free slot; an empty slot ends a search.
    private var slots = [Slot](repeating: Slot(), count: 256)

    /// All names of ``FieldName``.
    private init() {
        for (name, text) in FieldName.texts {
            var buffer = ByteBuffer()
            buffer.append(text)
            let (key, _) = Self.foldedKey(buffer.span, from: 0, to: buffer.count)
            var place = key.place
            while slots[place].name != .other { place = (place &+ 1) & 255 }
            slots[place] = Slot(key: key, name: name)
        }
    }

    /// Built at the first use.  Whoever looks up often keeps a copy, which shares its slots.
    static let shared = FieldNameTable()

    /// A name of letters, digits and `-` that begins at `start` and ends with a colon before `end`: eight bytes at a
    /// time.  `nil` for every other name, which is then read byte by byte.
    @inline(__always)
    func findPlain(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> (colon: Int, name: FieldName)? {
        var key = Key()
        var offset = start
        var others: UInt64 = 0
        guard offset &+ 8 <= end else { return nil }
        (key.first, others) = Self.cut(Lanes.plain(bytes.word(at: offset)))
        if others == 0 {
            offset &+= 8
            guard offset &+ 8 <= end else { return nil }
            (key.second, others) = Self.cut(Lanes.plain(bytes.word(at: offset)))
            if others == 0 {
                offset &+= 8
                guard offset &+ 8 <= end else { return nil }
                (key.third, others) = Self.cut(Lanes.plain(bytes.word(at: offset)))
                if others == 0 {
                    offset &+= 8
                    guard offset &+ 8 <= end else { return nil }
                    (key.fourth, others) = Self.cut(Lanes.plain(bytes.word(at: offset)))
                }
            }
        }
        guard others != 0 else { return nil }
        let colon = offset &+ others.trailingZeroBitCount >> 3
        guard bytes[colon] == 0x3A, colon > start else { return nil }
        return (colon, find(key))
    }

    /// Keeps of a folded word what is below its first other byte.
    @inline(__always)
    private static func cut(_ word: (folded: UInt64, others: UInt64)) -> (UInt64, UInt64) {
        // Of no others, the lowest is 0, and all bits are below it.
        let lowest = (word.others & (0 &- word.others)) >> 7
        return (word.folded & (lowest &- 1), word.others)
    }

    /// What the name in `start..<end`, which must be a token, means.
    func find(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Match {
        guard end &- start <= Key.byteLimit else {
            let (key, _) = Self.foldedKey(bytes, from: start, to: start &+ Key.byteLimit)
            var match = Match(name: Self.family(key))
            for offset in start..<end where bytes[offset] == 0x5F || bytes[offset] == 0x2E { match.hasMarks = true }
            return match
        }
        let (key, hasMarks) = Self.foldedKey(bytes, from: start, to: end)
        return Match(name: find(key), hasMarks: hasMarks)
    }

    @inline(__always)
    private func find(_ key: Key) -> FieldName {
        var place = key.place
        while slots[place].name != .other {
            if slots[place].key == key { return slots[place].name }
            place = (place &+ 1) & 255
        }
        return Self.family(key)
    }

    private static func foldedKey(
        _ bytes: Span<UInt8>, from start: Int, to end: Int
    ) -> (key: Key, hasMarks: Bool) {
        let first = Lanes.folded(Lanes.word(bytes, from: start, to: end))
        let second = Lanes.folded(start &+ 8 < end ? Lanes.word(bytes, from: start &+ 8, to: end) : 0)
        let third = Lanes.folded(start &+ 16 < end ? Lanes.word(bytes, from: start &+ 16, to: end) : 0)
        let fourth = Lanes.folded(start &+ 24 < end ? Lanes.word(bytes, from: start &+ 24, to: end) : 0)
        let key = Key(first: first.word, second: second.word, third: third.word, fourth: fourth.word)
        return (key, first.hasMarks || second.hasMarks || third.hasMarks || fourth.hasMarks)
    }

    /// The family of a name that is not known by itself.
    @inline(__always)
    private static func family(_ key: Key) -> FieldName {
        guard key.first & 0xFFFF == 0x2D78 else { return .other }  // "x-"
        if key.first & 0xFF_FFFF_FFFF == 0x2D_736D_2D78 { return .xMsOther }  // "x-ms-"
        let second = key.second
        switch key.first {  // "x-forwarded-", "x-http-method", "x-acs-gateway-"
        case 0x7261_7772_6F66_2D78 where second & 0xFFFF_FFFF == 0x2D64_6564: return .xForwardedOther
        case 0x6D2D_7074_7468_2D78 where second & 0xFF_FFFF_FFFF == 0x64_6F68_7465: return .xHTTPMethodOther
        case 0x6167_2D73_6361_2D78 where second & 0xFFFF_FFFF_FFFF == 0x2D79_6177_6574: return .xAcsGatewayOther
        case _: return .other
        }
    }
}
