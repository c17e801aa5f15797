/// Values by name, at most `capacity` of them: the oldest makes room for the newest.
///
/// The emulator runs for days beside a load generator; nothing that a client can make grow may grow without end.
struct BoundedTable<Value> {
    private struct Entry {
        var value: Value
        var arrival: Int
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    /// Names in the order of arrival.  One whose entry is gone, or came again later, is passed over.
    private var arrivals: [(name: String, arrival: Int)] = []
    /// The first of `arrivals` that was not yet looked at for making room.
    private var oldest = 0
    private var nextArrival = 0

    /// An empty table for `capacity` values, at least one.
    init(capacity: Int) {
        precondition(capacity > 0, "a table for nothing")
        self.capacity = capacity
    }

    var count: Int { entries.count }

    /// The values in no order.
    var values: some Sequence<Value> { entries.values.lazy.map(\.value) }

    /// The value named `name`.  A new name goes to the end, a known one keeps its place, `nil` removes it.
    subscript(name: String) -> Value? {
        get { entries[name]?.value }
        set {
            guard let newValue else {
                entries[name] = nil
                return
            }
            guard entries[name] == nil else {
                entries[name]?.value = newValue
                return
            }
            entries[name] = Entry(value: newValue, arrival: nextArrival)
            arrivals.append((name, nextArrival))
            nextArrival += 1
            makeRoom()
        }
    }

    private mutating func makeRoom() {
        while entries.count > capacity {
            let (name, arrival) = arrivals[oldest]
            oldest += 1
            if entries[name]?.arrival == arrival { entries[name] = nil }
        }
        // At most `capacity` stay, so this happens once in `capacity` arrivals.
        guard arrivals.count > 2 * capacity else { return }
        arrivals = arrivals[oldest...].filter { entries[$0.name]?.arrival == $0.arrival }
        oldest = 0
    }
}
