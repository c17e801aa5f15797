internal import Synchronization
internal import Transport

/// Who is connected, in all workers: what `limits.connections` and `limits.connections_per_address` are held against.
///
/// Looked at when a connection comes and when it goes, never on a request's way.
public final class ConnectionBook: Sendable {
    private struct Page {
        var count = 0
        /// Connections of each peer's host; at most as many entries as connections.
        var byHost: [SocketAddress: Int] = [:]
    }

    /// A page for each listener, by what it binds.
    private let pages = Mutex<[String: Page]>([:])

    /// Nobody yet.
    public init() {}

    /// True while the listener `bind` has fewer than `limit` connections.
    func hasRoom(at bind: String, limit: Int) -> Bool {
        pages.withLock { $0[bind]?.count ?? 0 } < limit
    }

    /// Counts a connection; false, and not counted, when its host has `limitPerHost` already.
    func enter(_ peer: SocketAddress, at bind: String, limitPerHost: Int) -> Bool {
        pages.withLock { pages in
            if case .unix = peer {
                pages[bind, default: Page()].count += 1
                return true
            }
            let count = pages[bind]?.byHost[peer.host] ?? 0
            guard count < limitPerHost else { return false }
            pages[bind, default: Page()].count += 1
            pages[bind]?.byHost[peer.host] = count + 1
            return true
        }
    }

    /// Takes a counted connection out.
    func leave(_ peer: SocketAddress, at bind: String) {
        pages.withLock { pages in
            guard pages[bind] != nil else { return }
            pages[bind]?.count -= 1
            if case .unix = peer { return }
            let count = pages[bind]?.byHost[peer.host] ?? 1
            pages[bind]?.byHost[peer.host] = count > 1 ? count - 1 : nil
            if pages[bind]?.count == 0 { pages[bind] = nil }
        }
    }
}
