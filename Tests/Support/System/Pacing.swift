import Glibc

/// Waiting for a moment, for threads that keep a pace.
public enum Pacing {
    /// Returns at `moment`, or at once when it has passed.
    public static func sleep(until moment: ContinuousClock.Instant) {
        let left = ContinuousClock.now.duration(to: moment)
        guard left > .zero else { return }
        let (seconds, attoseconds) = left.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }
}
