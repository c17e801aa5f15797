import Glibc

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"): a seed tells the whole run.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The numbers that follow from `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Where a random test begins.
public enum Seed {
    /// The variable that replays a run: `ACS_GATEWAY_SEED=12345 swift test --filter …`.
    public static let variable = "ACS_GATEWAY_SEED"

    /// The seed that ``variable`` names, else a new one; printed, so that a failure can be replayed.
    public static func drawn(for subject: String) -> UInt64 {
        let named = unsafe getenv(variable).flatMap { unsafe UInt64(String(cString: $0)) }
        let seed = named ?? UInt64.random(in: 0...UInt64.max)
        print("\(subject): \(variable)=\(seed)")
        return seed
    }
}
