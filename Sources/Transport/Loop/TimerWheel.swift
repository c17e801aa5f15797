/// Deadlines of many channels, checked together once a tick: setting one is a store, no system call, no allocation.
///
/// A hashed wheel (Varghese and Lauck, 1987): an entry stands in the slot of its tick modulo the slot count.  An entry
/// is a promise to look, not the deadline itself: when its tick comes, ``EventLoop`` compares the channel's deadline
/// with the clock and either fires or enters the channel again, so moving a deadline later costs nothing here.
struct TimerWheel {
    /// One promise: look at the channel with `token` at `tick`.
    struct Entry {
        var token: UInt64
        var tick: Int64
    }

    /// How fine deadlines are told apart.
    static let tickNanoseconds: Int64 = 8_000_000
    private static let slotCount = 1024

    private var slots: [[Entry]] = Array(repeating: [], count: slotCount)
    /// A bit for each slot that holds something.
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    /// Every slot up to and including this tick has been looked at.
    private var current: Int64

    init(at now: MonotonicTime) {
        current = now.nanoseconds / Self.tickNanoseconds
    }

    /// The tick by which `deadline` has passed.
    static func tick(of deadline: MonotonicTime) -> Int64 {
        deadline.nanoseconds / tickNanoseconds + 1
    }

    /// When `tick` begins: an earlier deadline has passed by then.  `.max` has no beginning.
    static func start(of tick: Int64) -> MonotonicTime {
        tick == .max ? .distantFuture : MonotonicTime(nanoseconds: tick &* tickNanoseconds)
    }

    /// Promises to look at `token` at `tick`, or at the next tick if that has passed; gives the tick promised.
    mutating func enter(_ token: UInt64, at tick: Int64) -> Int64 {
        let tick = max(tick, current + 1)
        let slot = Int(tick % Int64(Self.slotCount))
        slots[slot].append(Entry(token: token, tick: tick))
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
        return tick
    }

    /// Takes every entry whose tick has come, appending to `due`.
    mutating func advance(to now: MonotonicTime, due: inout [Entry]) {
        let target = now.nanoseconds / Self.tickNanoseconds
        guard target > current else { return }
        let span = min(target - current, Int64(Self.slotCount))
        for step in 1...span {
            let slot = Int((current + step) % Int64(Self.slotCount))
            guard occupied[slot / 64] & (1 << UInt64(slot % 64)) != 0 else { continue }
            var kept = 0
            for index in slots[slot].indices {
                let entry = slots[slot][index]
                if entry.tick <= target {
                    due.append(entry)
                } else {
                    slots[slot][kept] = entry
                    kept += 1
                }
            }
            slots[slot].removeSubrange(kept...)
            if kept == 0 { occupied[slot / 64] &= ~(1 << UInt64(slot % 64)) }
        }
        current = target
    }

    /// Milliseconds from `now` until the next slot that holds something; -1 when none does.
    func millisecondsToNext(from now: MonotonicTime) -> Int32 {
        let start = Int((current + 1) % Int64(Self.slotCount))
        guard let distance = distanceToOccupied(from: start) else { return -1 }
        let due = (current + 1 + Int64(distance)) * Self.tickNanoseconds
        return Int32(clamping: max(0, (due - now.nanoseconds + 999_999) / 1_000_000))
    }

    private func distanceToOccupied(from start: Int) -> Int? {
        let words = occupied.count
        var word = start / 64
        var bits = occupied[word] & (UInt64.max << UInt64(start % 64))
        for step in 0...words {
            if bits != 0 {
                let slot = word * 64 + bits.trailingZeroBitCount
                return (slot - start + Self.slotCount) % Self.slotCount
            }
            guard step < words else { break }
            word = (word + 1) % words
            bits = occupied[word]
        }
        return nil
    }
}
