internal import Credentials
internal import Telemetry
internal import Transport
internal import Upstream

/// A generation in one worker: its own pools and what it learnt of keys.  Exchanges hold it, not the shared
/// ``Generation``, so that counting references never touches another worker's cache line.
final class WorkerGeneration {
    let shared: Generation
    /// The generation's routes, in its order.
    let routes: [WorkerRoute]
    /// One pool a resource.
    let pools: [Pool]
    /// What is counted of each listener, in the generation's order.
    let listenerMeters: [ListenerMeter]
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
        let meters = page.meters(
            routes: shared.routes.map(\.name), listeners: shared.listeners.map(\.name),
            resources: shared.resources.map(\.name))
        listenerMeters = meters.listeners
        let tokenSlots = shared.credentials.map { $0.strategy.tokenIdentity.map(tokenSlot) }
        let preferences = shared.credentials.map { _ in KeyPreference() }
        let pools = shared.resources.map { resource in
            if let warm = previous?.pools.first(where: { $0.target.sharesConnections(with: resource.target) }) {
                return warm
            }
            let target = resource.target
            return Pool(target: target, addresses: addresses(target), loop: loop) { nameIsStale(target) }
        }
        self.pools = pools
        routes = zip(shared.routes, meters.routes).map { route, meter in
            WorkerRoute(
                route, of: shared, pool: pools[route.resource.index], tokenSlot: tokenSlots[route.credential.index],
                preference: preferences[route.credential.index], meter: meter,
                resourceMeter: meters.resources[route.resource.index])
        }
        listenersByBind = Dictionary(
            shared.listeners.enumerated().map { ($1.bindKey, $0) }, uniquingKeysWith: { first, _ in first })
        for pool in previous?.pools ?? [] where !pools.contains(where: { $0 === pool }) { pool.retire() }
    }
}
