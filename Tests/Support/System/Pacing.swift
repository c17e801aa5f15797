/// Waiting for a moment, for threads that keep a pace.
public enum Pacing {
    /// Returns at `moment`, or at once when it has passed.
    public static func wait(until moment: ContinuousClock.Instant) {
        let never: Void? = Monitor(()).wait(until: moment) { _ in nil }
        precondition(never == nil, "nobody ends the wait")
    }
}
