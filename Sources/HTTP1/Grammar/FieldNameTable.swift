internal import Bytes

/// Finds a known name by its folded bytes: one multiplication, one probe and one comparison as a rule.
///
/// A name of at most 32 bytes is four numbers of eight bytes; a longer one is known by its beginning only.
struct FieldNameTable {
    /// A name as four numbers, the first byte of each lowest, zeros above the last.
    struct Key: Equatable {
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

    private struct Slot {
        var key = Key()
        var name = FieldName.other
    }

    /// Open addressing: a name stands at its place or in the next free slot; an empty slot ends a search.
    private var slots = InlineArray<256, Slot>(repeating: Slot())

    /// All names of ``FieldName``.
    init() {
        for name in FieldName.allCases where name.text.utf8CodeUnitCount > 0 {
            var buffer = ByteBuffer()
            buffer.append(name.text)
            let (key, _) = Self.key(buffer.span, from: 0, to: buffer.count)
            var place = key.place
            while slots[place].name != .other { place = (place &+ 1) & 255 }
            slots[place] = Slot(key: key, name: name)
        }
    }

    /// The known name that `start..<end` is, and whether it has a `_` or `.` that was read as `-`.
    /// The bytes must be a token.
    @inline(__always)
    func find(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> (name: FieldName, hasMarks: Bool) {
        guard end &- start <= 32 else { return findLong(bytes, from: start, to: end) }
        let (key, hasMarks) = Self.key(bytes, from: start, to: end)
        var place = key.place
        while slots[place].name != .other {
            if slots[place].key == key { return (slots[place].name, hasMarks) }
            place = (place &+ 1) & 255
        }
        return (Self.family(key), hasMarks)
    }

    /// A name longer than all known ones can still be of a family.
    @inline(never)
    private func findLong(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> (name: FieldName, hasMarks: Bool) {
        let (key, _) = Self.key(bytes, from: start, to: start &+ 32)
        var hasMarks = false
        for offset in start..<end where bytes[offset] == 0x5F || bytes[offset] == 0x2E { hasMarks = true }
        return (Self.family(key), hasMarks)
    }

    @inline(__always)
    private static func key(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> (key: Key, hasMarks: Bool) {
        var key = Key()
        var hasMarks = false
        (key.first, hasMarks) = Lanes.folded(Lanes.word(bytes, from: start, to: end))
        guard end &- start > 8 else { return (key, hasMarks) }
        let second = Lanes.folded(Lanes.word(bytes, from: start &+ 8, to: end))
        (key.second, hasMarks) = (second.word, hasMarks || second.hasMarks)
        guard end &- start > 16 else { return (key, hasMarks) }
        let third = Lanes.folded(Lanes.word(bytes, from: start &+ 16, to: end))
        (key.third, hasMarks) = (third.word, hasMarks || third.hasMarks)
        guard end &- start > 24 else { return (key, hasMarks) }
        let fourth = Lanes.folded(Lanes.word(bytes, from: start &+ 24, to: end))
        (key.fourth, hasMarks) = (fourth.word, hasMarks || fourth.hasMarks)
        return (key, hasMarks)
    }

    /// The family of a name that is not known by itself.
    @inline(__always)
    private static func family(_ key: Key) -> FieldName {
        guard key.first & 0xFFFF == 0x2D78 else { return .other }  // "x-"
        if key.first & 0xFF_FFFF_FFFF == 0x2D_736D_2D78 { return .xMsOther }  // "x-ms-"
        let second = key.second
        switch key.first {
        case 0x7261_7772_6F66_2D78 where second & 0xFFFF_FFFF == 0x2D64_6564: return .xForwardedOther
        case 0x6D2D_7074_7468_2D78 where second & 0xFF_FFFF_FFFF == 0x64_6F68_7465: return .xHTTPMethodOther
        case 0x6167_2D73_6361_2D78 where second & 0xFFFF_FFFF_FFFF == 0x2D79_6177_6574: return .xAcsGatewayOther
        case _: return .other
        }
    }
}

/// The names that every parser looks for, built at the first use.
let knownFieldNames = FieldNameTable()
