internal import Synchronization
internal import Transport

/// Who is connected, in all workers: what `limits.connections` and `limits.connections_per_address` are held against,
/// and what the system lets the process have.
///
/// Looked at when a connection comes and when it goes, never on a request's way.
public final class ConnectionBook: Sendable {
    private struct Page {
        var count = 0
        /// Connections of each peer's host; at most as many entries as connections.
        var byHost: [SocketAddress: Int] = [:]
    }

    private struct Pages {
        /// A page for each listener, by what it binds.
        var byListener: [String: Page] = [:]
        /// Connections of all of them.
        var count = 0
    }

    private let pages = Mutex(Pages())
    /// Nobody tells the operator before then that connections wait, in nanoseconds.
    private let quietUntil = Atomic<Int64>(0)
    /// Connections in all, whatever the listeners allow.
    private let ceiling: Int

    /// Descriptors that the process itself takes, at most: standard streams, logs, sockets of its own; and each worker.
    private static let ownDescriptors = 16
    private static let descriptorsOfWorker = 4

    /// How long one message that connections wait stands for all.
    private static let quietNanoseconds: Int64 = 1_000_000_000

    /// Nobody yet.  `descriptors`: how many more the process may open.
    ///
    /// A client and its way to a resource are two: one whose request could not be forwarded had better wait in the
    /// system's queue.
    public init(descriptors: Int = .max, workers: Int = 1) {
        ceiling = max(1, (descriptors - Self.ownDescriptors - workers * Self.descriptorsOfWorker) / 2)
    }

    /// Whether the operator is to be told that connections wait: once a second, whichever worker asks.
    func mayTell(at now: MonotonicTime) -> Bool {
        let until = quietUntil.load(ordering: .relaxed)
        guard now.nanoseconds >= until else { return false }
        let next = now.nanoseconds + Self.quietNanoseconds
        return quietUntil.compareExchange(expected: until, desired: next, ordering: .relaxed).exchanged
    }

    /// True while the listener `bind` has fewer than `limit` connections, and the process has descriptors to spare.
    func hasRoom(at bind: String, limit: Int) -> Bool {
        pages.withLock { $0.count < ceiling && $0.byListener[bind]?.count ?? 0 < limit }
    }

    /// Counts a connection; false, and not counted, when its host has `limitPerHost` already.
    func enter(_ peer: SocketAddress, at bind: String, limitPerHost: Int) -> Bool {
        pages.withLock { pages in
            if case .unix = peer {
                pages.byListener[bind, default: Page()].count += 1
            } else {
                let count = pages.byListener[bind]?.byHost[peer.host] ?? 0
                guard count < limitPerHost else { return false }
                pages.byListener[bind, default: Page()].count += 1
                pages.byListener[bind]?.byHost[peer.host] = count + 1
            }
            pages.count += 1
            return true
        }
    }

    /// Takes a counted connection out.
    func leave(_ peer: SocketAddress, at bind: String) {
        pages.withLock { pages in
            guard var page = pages.byListener.removeValue(forKey: bind) else { return }
            pages.count -= 1
            page.count -= 1
            if case .unix = peer {
            } else {
                let count = page.byHost[peer.host] ?? 1
                page.byHost[peer.host] = count > 1 ? count - 1 : nil
            }
            if page.count > 0 { pages.byListener[bind] = page }
        }
    }
}
