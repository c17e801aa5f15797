internal import Synchronization

/// What bodies take of the memory that all of them may take together (`body.total`).
///
/// One a worker, over a count that all workers share: the limit is of the process, wherever the bodies came in.
struct BodyBudget {
    /// Bytes that this worker holds.
    private(set) var heldBytes = 0
    /// What all workers may hold.
    var limitBytes: Int
    private let all: HeldBytes

    /// Nothing is held here yet.
    init(limitBytes: Int = .max, sharing all: HeldBytes = HeldBytes()) {
        (self.limitBytes, self.all) = (limitBytes, all)
    }

    /// A body now holds `after` bytes where it held `before`; false when that is more than there may be.
    mutating func move(from before: Int, to after: Int) -> Bool {
        guard before != after else { return true }
        heldBytes += after - before
        let total = all.change(by: after - before)
        return after <= before || total <= limitBytes
    }

    /// Room for bytes that are kept only because they may be needed again: bodies that must be held come first, so
    /// a quarter is left to them.
    var hasRoomToKeep: Bool { all.count < limitBytes - limitBytes / 4 }
}

/// How many bytes of bodies all workers hold in memory.
final class HeldBytes: Sendable {
    private let bytes = Atomic<Int>(0)

    /// How many now.
    var count: Int { bytes.load(ordering: .relaxed) }

    /// Gives the count as it is then.
    func change(by number: Int) -> Int { bytes.add(number, ordering: .relaxed).newValue }
}
