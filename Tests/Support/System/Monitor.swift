import Glibc

/// A value that threads share: one changes it, others wait until it is as they need it, with a bound.
///
/// For tests only: it blocks the thread that waits.
@safe public final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    /// Starts with `state`.
    public init(_ state: sending State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe changed = .allocate(capacity: 1)
        unsafe changed.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // The wall clock may jump while a test waits.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(changed, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe changed.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Changes the value and wakes all who wait for it.
    public func change<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(changed)
            unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// A look at the value as it is now.
    public func look<Result, Failure: Error>(
        _ body: (State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(state)
    }

    /// Waits until `body` gives a result; `nil` once `deadline` has passed without one.
    public func wait<Result>(until deadline: ContinuousClock.Instant, for body: (inout State) -> Result?) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            var moment = timespec()
            unsafe clock_gettime(CLOCK_MONOTONIC, &moment)
            let (seconds, attoseconds) = left.components
            let nanoseconds = moment.tv_nsec + Int(attoseconds / 1_000_000_000)
            moment.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
            moment.tv_nsec = nanoseconds % 1_000_000_000
            unsafe pthread_cond_timedwait(changed, mutex, &moment)
        }
    }
}

/// Runs `body` on a thread of its own, which nobody joins: what it does ends with its socket or process.
public func startThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(ThreadBody(run: body)).toOpaque()
    let failure = unsafe pthread_create(&thread, nil, runThread, context)
    precondition(failure == 0, "no thread: error \(failure)")
    pthread_detach(thread)
}

/// What a thread is to run, as one object that a C pointer can carry.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
