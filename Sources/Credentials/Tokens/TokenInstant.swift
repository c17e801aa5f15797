/// A moment on both clocks.
///
/// The monotonic clock counts a token's life, since nobody can set it; it may stand still while a machine sleeps, so
/// the wall clock is looked at too.  Whatever ends first ends.
public struct TokenInstant: Equatable, Sendable {
    /// The monotonic clock, from an arbitrary start.
    public var nanoseconds: Int64
    /// The wall clock: since 1970, UTC.
    public var unixNanoseconds: Int64

    /// A moment as both clocks show it.
    public init(nanoseconds: Int64, unixNanoseconds: Int64) {
        (self.nanoseconds, self.unixNanoseconds) = (nanoseconds, unixNanoseconds)
    }

    /// The wall clock's whole seconds, for dates that others read.
    public var unixSeconds: Int64 { unixNanoseconds / 1_000_000_000 }

    /// This moment and `duration` more, on both clocks; saturates.
    public func advanced(by duration: Duration) -> TokenInstant {
        let (nanoseconds, overflow) = self.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        let (unix, isLate) = unixNanoseconds.addingReportingOverflow(duration.nanoseconds)
        return TokenInstant(nanoseconds: overflow ? .max : nanoseconds, unixNanoseconds: isLate ? .max : unix)
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
