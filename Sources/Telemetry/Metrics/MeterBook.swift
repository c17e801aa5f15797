internal import Synchronization

/// All meters of the process, a page for each worker.
public final class MeterBook: Sendable {
    private let pages = Mutex<[MeterPage]>([])

    /// Without workers.
    public init() {}

    /// A page for one more worker.
    public func newPage() -> MeterPage {
        let page = MeterPage()
        pages.withLock { $0.append(page) }
        return page
    }

    /// The sums over all workers, as of about now.
    func sums() -> MeterSums {
        var sums = MeterSums()
        for page in pages.withLock({ $0 }) { page.add(to: &sums) }
        return sums
    }
}

/// One worker's meters.
///
/// They are found by name when a generation is installed, so that counts go on over a reload; what a worker's
/// connections and exchanges hold is the meter itself.
public final class MeterPage: Sendable {
    /// What is counted whatever the route.
    public let worker = WorkerMeter()
    /// Requests that reached no route.
    public let unrouted = RouteMeter()

    private struct Tables {
        var routes: [String: RouteMeter] = [:]
        var listeners: [String: ListenerMeter] = [:]
        var resources: [String: ResourceMeter] = [:]
    }

    private let tables = Mutex(Tables())

    /// One generation's meters, in the order of its parts.
    public struct Meters: Sendable {
        /// One a route.
        public var routes: [RouteMeter] = []
        /// One a listener.
        public var listeners: [ListenerMeter] = []
        /// One a resource.
        public var resources: [ResourceMeter] = []

        /// Of nothing.
        public init() {}
    }

    /// The meters of a generation's parts, by their names; those of other names are forgotten.
    public func meters(routes: [String], listeners: [String], resources: [String]) -> Meters {
        tables.withLock { tables in
            var meters = Meters()
            meters.routes = Self.turn(&tables.routes, to: routes, RouteMeter.init)
            meters.listeners = Self.turn(&tables.listeners, to: listeners, ListenerMeter.init)
            meters.resources = Self.turn(&tables.resources, to: resources, ResourceMeter.init)
            return meters
        }
    }

    private static func turn<Meter>(
        _ table: inout [String: Meter], to names: [String], _ fresh: () -> Meter
    ) -> [Meter] {
        let meters = names.map { table[$0] ?? fresh() }
        table = Dictionary(zip(names, meters), uniquingKeysWith: { first, _ in first })
        return meters
    }

    fileprivate func add(to sums: inout MeterSums) {
        let tables = tables.withLock { $0 }
        sums.workers += 1
        sums.worker.add(worker.row)
        sums.routes[MeterSums.unrouted, default: Sums()].add(unrouted.row)
        for (name, meter) in tables.routes { sums.routes[name, default: Sums()].add(meter.row) }
        for (name, meter) in tables.listeners { sums.listeners[name, default: Sums()].add(meter.row) }
        for (name, meter) in tables.resources { sums.resources[name, default: Sums()].add(meter.row) }
    }
}

/// Counts of all workers together.
struct MeterSums {
    /// What stands for requests without a route: no name can be `-`.
    static let unrouted = "-"

    var workers = 0
    var worker = Sums()
    var routes: [String: Sums] = [:]
    var listeners: [String: Sums] = [:]
    var resources: [String: Sums] = [:]
}

/// One row's counters, added up.
struct Sums {
    private var values = [UInt64](repeating: 0, count: CounterRow.width)

    subscript(place: Int) -> UInt64 { values[place] }

    /// What goes up and down: between two workers' counts an end may show before its beginning.
    func level(_ place: Int) -> Int { max(0, Int(truncatingIfNeeded: values[place])) }

    mutating func add(_ row: CounterRow) {
        for (place, value) in row.values.enumerated() { values[place] &+= value }
    }
}
