import Support
import Testing

/// Runs each test of a suite on a thread of its own.
///
/// Other rooms' tests block the few threads that `async` code shares, for a minute and longer on a slow machine.
/// A test whose steps wait for them would see connections that grew too old between two requests.
struct OwnThreadTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let thread = OwnThread()
        defer { thread.end() }
        try await OwnThread.$current.withValue(thread) {
            try await withTaskExecutorPreference(thread) { try await function() }
        }
    }
}

extension Trait where Self == OwnThreadTrait {
    /// See ``OwnThreadTrait``.
    static var onOwnThread: Self { OwnThreadTrait() }
}

/// An executor with one thread, which ends after the last job.
final class OwnThread: TaskExecutor {
    /// That of the test which runs: for tasks of its own, which would not inherit it.
    @TaskLocal static var current: OwnThread?

    private struct State {
        var jobs: [UnownedJob] = []
        var isEnded = false
    }

    private let state = Monitor(State())

    init() { startThread { [self] in run() } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.change { $0.jobs.append(job) }
    }

    /// Lets the thread end once it has nothing to do.
    func end() { state.change { $0.isEnded = true } }

    private func run() {
        let executor = unsafe asUnownedTaskExecutor()
        while true {
            let jobs: [UnownedJob]? = state.wait(until: .now + Pace.seconds(3_600)) { state in
                guard !state.jobs.isEmpty else { return state.isEnded ? [] : nil }
                defer { state.jobs = [] }
                return state.jobs
            }
            guard let jobs, !jobs.isEmpty else { return }
            for job in jobs { unsafe job.runSynchronously(on: executor) }
        }
    }
}
