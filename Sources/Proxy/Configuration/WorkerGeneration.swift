internal import Credentials
internal import Telemetry
internal import Transport
internal import Upstream

/// A generation in one worker: its own pools and what it learnt of keys.  Exchanges hold it, not the shared
/// ``Generation``, so that counting references never touches another worker's cache line.
final class WorkerGeneration {
    let shared: Generation
    /// One pool a resource.
    let pools: [Pool]
    /// For each credential, the key that the resource took last: it is tried first.
    var preferredKeys: [Int]
    /// For each credential that needs a token, where this worker has it.
    let tokenSlots: [TokenSlot?]
    /// What is counted, for each listener, route and resource.
    let meters: MeterPage.Meters
    /// Each listener's place by what it binds.
    let listenersByBind: [String: Int]

    /// Takes over pools of `previous` whose target is the same; opens none.
    init(
        _ shared: Generation, previous: WorkerGeneration?, loop: EventLoop,
        addresses: (UpstreamTarget) -> [SocketAddress],
        nameIsStale: @escaping (UpstreamTarget) -> Void, meters page: MeterPage,
        tokenSlot: (TokenIdentity) -> TokenSlot
    ) {
        self.shared = shared
        meters = page.meters(
            routes: shared.routes.map(\.name), listeners: shared.listeners.map(\.name),
            resources: shared.resources.map(\.name))
        tokenSlots = shared.credentials.map { $0.strategy.tokenIdentity.map(tokenSlot) }
        pools = shared.resources.map { resource in
            if let warm = previous?.pools.first(where: { $0.target.sharesConnections(with: resource.target) }) {
                return warm
            }
            let target = resource.target
            return Pool(target: target, addresses: addresses(target), loop: loop) { nameIsStale(target) }
        }
        preferredKeys = Array(repeating: 0, count: shared.credentials.count)
        listenersByBind = Dictionary(
            shared.listeners.enumerated().map { ($1.bindKey, $0) }, uniquingKeysWith: { first, _ in first })
        for pool in previous?.pools ?? [] where !pools.contains(where: { $0 === pool }) { pool.retire() }
    }
}
