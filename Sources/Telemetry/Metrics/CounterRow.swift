public import Synchronization

/// A row of counters that one thread writes and any thread reads.
///
/// Counting is a load, an addition and a store of the writer's own memory: no lock, no locked instruction, no line of
/// cache that another worker writes.  A reader sees each counter whole, but not all of one moment.
public final class CounterRow: Sendable {
    /// Counters of one row.
    public static let width = 32
    /// Unused words on either side, so that what lies beside the row in memory shares no line of cache with it.
    @usableFromInline static let margin = 8

    @usableFromInline let cells: InlineArray<48, Atomic<UInt64>>

    /// All of them 0.
    public init() { cells = InlineArray { _ in Atomic(0) } }

    /// Adds `amount`, which may be negative for what goes up and down, to the counter at `place`.  Only the row's
    /// writer may.
    @inlinable public func add(_ amount: Int, at place: Int) {
        precondition(place >= 0 && place < CounterRow.width, "no such counter")
        let index = place &+ CounterRow.margin
        cells[index].store(
            cells[index].load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
    }

    /// The counters now.
    public var values: [UInt64] {
        (0..<CounterRow.width).map { cells[$0 + CounterRow.margin].load(ordering: .relaxed) }
    }
}
