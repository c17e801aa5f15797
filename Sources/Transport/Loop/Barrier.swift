internal import CLinux
internal import Glibc
internal import Synchronization

/// Lets one thread wait until several others have come so far.
public final class Barrier: Sendable {
    private let missing: Mutex<Int>
    private let wake: Int32

    /// Open once ``arrive()`` was called `count` times.
    public init(count: Int) throws(SystemError) {
        missing = Mutex(count)
        wake = try check("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    deinit { close(wake) }

    /// One has come.
    public func arrive() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        guard isLast else { return }
        var one: UInt64 = 1
        _ = unsafe write(wake, &one, 8)
    }

    /// Waits at most `timeout`; false when somebody is still missing.
    public func wait(timeout: Duration) -> Bool {
        let end = MonotonicTime.current().advanced(by: timeout.wholeNanoseconds)
        while missing.withLock({ $0 > 0 }) {
            let left = end.since(MonotonicTime.current())
            guard left > 0 else { return false }
            var entry = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1))
        }
        return true
    }
}
