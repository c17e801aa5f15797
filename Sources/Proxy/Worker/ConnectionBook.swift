internal import Synchronization
internal import Transport

/// Who is connected, in all workers: what `limits.connections` and `limits.connections_per_address` are held against,
/// and what the system lets the process have.
///
/// Looked at when a connection comes and when it goes, never on a request's way.
public final class ConnectionBook: Sendable {
    /// The connections of one listener, in all workers.
    final class Page: Sendable {
        fileprivate let count = Atomic<Int>(0)
        /// Connections of each peer's host; at most as many entries as connections.
        fileprivate let byHost = Mutex<[SocketAddress: Int]>([:])
    }

    /// A page for each listener, by what it binds.
    private let pages = Mutex<[String: Page]>([:])
    /// Connections of all of them.
    private let count = Atomic<Int>(0)
    /// Nobody tells the operator before then that connections wait, in nanoseconds; for each cause.
    private let clientsQuietUntil = Atomic<Int64>(0)
    private let descriptorsQuietUntil = Atomic<Int64>(0)
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

    /// Why connections wait.
    enum Crowd {
        /// There are as many as the limits allow.
        case clients
        /// The system gives no descriptor.
        case descriptors
    }

    /// Whether the operator is to be told that connections wait for `cause`: once a second, whichever worker asks.
    func mayTell(of cause: Crowd, at now: MonotonicTime) -> Bool {
        switch cause {
        case .clients: Self.mayTell(clientsQuietUntil, at: now)
        case .descriptors: Self.mayTell(descriptorsQuietUntil, at: now)
        }
    }

    private static func mayTell(_ quietUntil: borrowing Atomic<Int64>, at now: MonotonicTime) -> Bool {
        let until = quietUntil.load(ordering: .relaxed)
        guard now.nanoseconds >= until else { return false }
        let next = now.nanoseconds + Self.quietNanoseconds
        return quietUntil.compareExchange(expected: until, desired: next, ordering: .relaxed).exchanged
    }

    /// The page of the listener that binds `bind`; whoever accepts for it keeps it.
    func page(of bind: String) -> Page {
        pages.withLock { pages in
            if let known = pages[bind] { return known }
            // Listeners come and go with configurations: pages that only the book has are of no use.
            for name in Array(pages.keys) where isKnownUniquelyReferenced(&pages[name]) { pages[name] = nil }
            let page = Page()
            pages[bind] = page
            return page
        }
    }

    /// True while the listener of `page` has fewer than `limit` connections, and the process has descriptors to spare.
    func hasRoom(at page: Page, limit: Int) -> Bool {
        count.load(ordering: .relaxed) < ceiling && page.count.load(ordering: .relaxed) < limit
    }

    /// Counts a connection; false, and not counted, when its host has `limitPerHost` already.
    func enter(_ peer: SocketAddress, at page: Page, limitPerHost: Int) -> Bool {
        if case .unix = peer {
        } else {
            let host = peer.host
            let mayEnter = page.byHost.withLock { byHost in
                guard byHost[host, default: 0] < limitPerHost else { return false }
                byHost[host, default: 0] += 1
                return true
            }
            guard mayEnter else { return false }
        }
        page.count.add(1, ordering: .relaxed)
        count.add(1, ordering: .relaxed)
        return true
    }

    /// Takes a counted connection out.
    func leave(_ peer: SocketAddress, at page: Page) {
        if case .unix = peer {
        } else {
            let host = peer.host
            page.byHost.withLock { byHost in
                guard let count = byHost[host] else { return }
                byHost[host] = count > 1 ? count - 1 : nil
            }
        }
        page.count.subtract(1, ordering: .relaxed)
        count.subtract(1, ordering: .relaxed)
    }
}
