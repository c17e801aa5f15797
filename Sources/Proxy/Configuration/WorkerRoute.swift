internal import Telemetry
internal import Upstream

/// A route in one worker: its settings, and whatever a request needs there, found when the generation was installed.
///
/// An exchange holds this one object and reaches the rest through it.  That no table is looked into on a request's way
/// saves less than that nothing else is retained there: a count of references is an atomic operation.
final class WorkerRoute {
    let settings: RouteSettings
    /// Connections to its resource.
    let pool: Pool
    /// Where the worker has its credential's token; `nil` for one that needs none.
    let tokenSlot: TokenSlot?
    /// Which of its credential's keys comes first.
    let preference: KeyPreference
    let meter: RouteMeter
    let resourceMeter: ResourceMeter
    /// What each of its access log lines says: the route, its resource, and the generation.
    let logConstants: AccessLogConstants

    init(
        _ settings: RouteSettings, of generation: Generation, pool: Pool, tokenSlot: TokenSlot?,
        preference: KeyPreference, meter: RouteMeter, resourceMeter: ResourceMeter
    ) {
        (self.settings, self.pool, self.tokenSlot, self.preference) = (settings, pool, tokenSlot, preference)
        (self.meter, self.resourceMeter) = (meter, resourceMeter)
        logConstants = AccessLogConstants(settings.logConstants, generation.logConstants)
    }
}

/// What a worker learnt of one credential's keys.
final class KeyPreference {
    /// The key that the resource took last: it is tried first.
    var keyIndex = 0
}
