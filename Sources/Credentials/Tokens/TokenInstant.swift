/// A moment on both clocks.
///
/// The monotonic clock counts a token's life, since nobody can set it; it may stand still while a machine sleeps, so
/// the wall clock is looked at too.  Whatever ends first ends.
public struct TokenInstant: Equatable, Sendable {
    /// The monotonic clock, from an arbitrary start.
    public var nanoseconds: Int64
    /// The wall clock: seconds since 1970, UTC.
    public var unixSeconds: Int64

    /// A moment as both clocks show it.
    public init(nanoseconds: Int64, unixSeconds: Int64) {
        (self.nanoseconds, self.unixSeconds) = (nanoseconds, unixSeconds)
    }

    /// This moment and `duration` more, on both clocks; saturates.  The wall clock counts whole seconds, rounded down.
    public func advanced(by duration: Duration) -> TokenInstant {
        let (nanoseconds, overflow) = self.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        let (seconds, isLate) = unixSeconds.addingReportingOverflow(duration.components.seconds)
        return TokenInstant(nanoseconds: overflow ? .max : nanoseconds, unixSeconds: isLate ? .max : seconds)
    }

    /// How long it is until `other` on the monotonic clock; zero when it has passed.
    func time(until other: TokenInstant) -> Duration {
        .nanoseconds(max(0, other.nanoseconds.subtractingReportingOverflow(nanoseconds).partialValue))
    }
}

extension Duration {
    /// Whole nanoseconds; saturates.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (whole, isBeyond) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || isBeyond ? (seconds < 0 ? .min : .max) : whole
    }
}
