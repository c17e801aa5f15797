internal import Crypto
internal import Synchronization

extension RandomBytes {
    /// The same bytes for the same `seed`: `--seed` repeats a run's ids and failures.  Not for secrets that matter.
    ///
    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
    static func seeded(_ seed: UInt64) -> RandomBytes {
        let generator = SharedGenerator(seed: seed)
        return RandomBytes { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: generator.next()) }
        }
    }

    /// A number in 0..<1, evenly.
    func unitInterval() -> Double {
        var bits = InlineArray<8, UInt8>(repeating: 0)
        var room = bits.mutableSpan
        fill(&room)
        var number: UInt64 = 0
        for index in bits.indices { number = number << 8 | UInt64(bits[index]) }
        return Double(number >> 11) / Double(1 << 53 as UInt64)
    }

    /// `count` bytes.
    func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var room = bytes.mutableSpan
        fill(&room)
        return bytes
    }
}

/// The generator's state, which a `Sendable` closure must share.  The emulator has one thread: the lock is never held.
private final class SharedGenerator: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) { state = Mutex(seed) }

    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
