internal import CLinux
internal import Glibc

/// Signals as a sequence that one thread waits for; no handler runs anywhere.
public struct SignalWait: Sendable {
    /// What the operator asks for.
    public enum Request: Sendable, Equatable {
        /// `SIGHUP`
        case reload
        /// `SIGTERM` or `SIGINT`
        case end
        /// `SIGUSR1`
        case reopenLogs
    }

    /// Blocks the signals for this thread and all that it starts; call it before any other thread exists.
    public init() {
        var set = Self.signals
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGHUP, SIGTERM, SIGINT, SIGUSR1] { unsafe sigaddset(&set, number) }
        return set
    }

    /// Waits for the next request, at most `timeout`; `nil` when none came.
    public func next(timeout: Duration? = nil) -> Request? {
        var set = Self.signals
        let end = timeout.map { MonotonicTime.current().advanced(by: $0.wholeNanoseconds) }
        while true {
            let number: Int32
            if let end {
                let left = max(0, end.since(MonotonicTime.current()))
                var time = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
                number = unsafe sigtimedwait(&set, nil, &time)
                if number < 0, acs_errno() == EAGAIN { return nil }
            } else {
                number = unsafe sigwaitinfo(&set, nil)
            }
            switch number {
            case SIGHUP: return .reload
            case SIGTERM, SIGINT: return .end
            case SIGUSR1: return .reopenLogs
            case let other:
                _ = other
                continue  // interrupted by a debugger or a stop
            }
        }
    }

    /// Ignores broken pipes, for commands that write to a pipe and end.
    public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
