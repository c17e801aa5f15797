internal import Bytes

/// The ids of one worker's exchanges: `xxxxxxxx-w-nnnnnnnn`, the process, the worker (two digits), the exchange.
struct RequestIDs {
    /// All but the exchange's number, which is 0.
    private let first: InlineArray<20, UInt8>

    /// The ids of the worker at `index` of `process`.
    init(process: UInt32, worker index: Int) {
        var id = InlineArray<20, UInt8>(repeating: 0x2D)
        Self.put(process, digits: 8, at: 0, in: &id)
        Self.put(UInt32(truncatingIfNeeded: index), digits: 2, at: 9, in: &id)
        Self.put(0, digits: 8, at: 12, in: &id)
        first = id
    }

    /// The id of the exchange with `number`.
    func id(_ number: UInt32) -> InlineArray<20, UInt8> {
        var id = first
        Self.put(number, digits: 8, at: 12, in: &id)
        return id
    }

    /// The lowest `digits` hexadecimal digits of `number`.
    @inline(__always)
    private static func put(_ number: UInt32, digits: Int, at start: Int, in id: inout InlineArray<20, UInt8>) {
        var rest = number
        var place = start &+ digits
        while place > start {
            place &-= 1
            id[place] = ASCII.lowerHexDigit(UInt8(truncatingIfNeeded: rest & 0xF))
            rest >>= 4
        }
    }
}
