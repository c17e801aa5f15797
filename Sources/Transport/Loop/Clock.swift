internal import CLinux

/// A point on the machine's monotonic clock, in nanoseconds.  Only differences mean something.
public struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Since an arbitrary start.
    public let nanoseconds: Int64

    /// A point `nanoseconds` after the clock's start.
    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than every deadline.
    public static let distantFuture = MonotonicTime(nanoseconds: .max)

    /// The clock now.  The loop reads it once a wake-up; logic takes it as a parameter.
    public static func current() -> MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    /// `duration` later; saturates.
    @inlinable public func advanced(by nanoseconds: Int64) -> MonotonicTime {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// Nanoseconds from `earlier` to this point.
    @inlinable public func since(_ earlier: MonotonicTime) -> Int64 { nanoseconds &- earlier.nanoseconds }

    /// Earlier.
    @inlinable public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// The wall clock, for dates that others read.
public enum WallClock {
    /// Nanoseconds since 1970 (UTC).
    public static func current() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds; saturates.
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (whole, isBeyond) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || isBeyond ? (seconds < 0 ? .min : .max) : whole
    }
}

/// Rests of threads that poll; never on a worker.
public enum Pause {
    /// Sleeps about so long.
    public static func nanoseconds(_ count: Int64) {
        var time = timespec(tv_sec: Int(count / 1_000_000_000), tv_nsec: Int(count % 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }
}
