import Glibc
import Synchronization

/// How a process ended.
public enum ExitStatus: Equatable, Sendable {
    /// It left by itself with this code.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)
}

/// A running program with its standard output and standard error caught.
///
/// Three threads of its own serve it: one for each stream and one that waits for its end.  It is killed with the
/// object, so that no test leaves one behind.
@safe public final class RunningProgram: Sendable {
    /// All that is known of the program.
    public struct Progress: Sendable {
        /// All of standard output so far.
        public var standardOutput: [UInt8] = []
        /// All of standard error so far.
        public var standardError: [UInt8] = []
        /// Set once it ended.
        public var status: ExitStatus?
        /// Streams that are still open.
        var openStreams = 2

        /// It ended and all that it said was read.
        public var isOver: Bool { status != nil && openStreams == 0 }
    }

    /// The process id.
    public let id: Int32
    /// Output so far and the end.
    public let progress: Monitor<Progress>
    /// While false, a stream is not read: a pipe takes 64 KiB, and then nothing more.
    public let isHeard = Monitor((output: true, error: true))

    /// Starts the program at `path`.
    ///
    /// - Parameters:
    ///   - environment: all of it; nothing of the test's own environment is handed on but a sanitizer's options.
    ///   - directory: where it runs; the test's own when `nil`.
    ///   - isNonblocking: its output streams do not wait for room, as of some supervisors.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
        isNonblocking: Bool = false
    ) throws {
        // `posix_spawn` cannot change the directory portably; a shell can.
        let shell = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\""]
        let command = (directory.map { shell + [$0] } ?? []) + [path] + arguments
        let outputs: (read: Int32, write: Int32) = try pipeEnds()
        let errors: (read: Int32, write: Int32) = try pipeEnds()
        let progress = Monitor(Progress())
        self.progress = progress
        if isNonblocking { for end in [outputs.write, errors.write] { _ = fcntl(end, F_SETFL, O_NONBLOCK) } }
        do {
            id = try spawn(
                command[0], Array(command.dropFirst()), environment, output: outputs.write, error: errors.write)
        } catch {
            for descriptor in [outputs.read, outputs.write, errors.read, errors.write] { close(descriptor) }
            throw error
        }
        close(outputs.write)
        close(errors.write)
        let (output, error, child) = (outputs.read, errors.read, id)
        startThread { [isHeard] in readAll(output, into: progress, \.standardOutput) { isHeard.passOnce(\.output) } }
        startThread { [isHeard] in readAll(error, into: progress, \.standardError) { isHeard.passOnce(\.error) } }
        startThread { awaitEnd(of: child, into: progress) }
    }

    deinit { signal(SIGKILL) }

    /// Sends `number`, unless the program has already ended.
    public func signal(_ number: Int32) {
        // Under the lock the process is either unreaped, so that its id is still its own, or known to be gone.
        progress.look { if $0.status == nil { _ = kill(id, number) } }
    }

    /// Waits for the end and for all output; `nil` when that takes longer than `limit`.
    public func wait(atMost limit: Duration) -> ExitStatus? {
        progress.wait(until: .now + limit) { $0.isOver ? $0.status : nil }
    }
}

/// Held while a descriptor is made and marked, and while a process is spawned: a descriptor that leaked into a
/// program between the two would keep a peer from ever seeing the end of a connection.
private let spawning = Mutex(())

/// Runs `body` while no process is spawned.
func withSpawnLock<Result>(_ body: () -> Result) -> Result { spawning.withLock { _ in body() } }

/// Marks `descriptor` so that no spawned program gets it.
func closedOnSpawn(_ descriptor: Int32) -> Int32 {
    if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return descriptor
}

private func pipeEnds() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    let made = withSpawnLock {
        let made = unsafe pipe(&ends)
        for end in ends { _ = closedOnSpawn(end) }
        return made
    }
    guard made == 0 else { throw SystemError("pipe") }
    return (ends[0], ends[1])
}

private func spawn(
    _ path: String, _ arguments: [String], _ environment: [String: String],
    output: Int32, error: Int32
) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, error, 2)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // The program must not inherit what the test runner blocked or ignores.
    var (none, all) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let argv = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    let variables = environment.merging(sanitizerOptions) { given, _ in given }
    let envp = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (argv + envp).forEach { unsafe free($0) } }
    var id: pid_t = 0
    let failure = withSpawnLock { unsafe posix_spawn(&id, path, &actions, &attributes, argv, envp) }
    guard failure == 0 else {
        errno = failure
        throw SystemError("posix_spawn \(path)")
    }
    return id
}

private func readAll(
    _ descriptor: Int32, into progress: Monitor<RunningProgram.Progress>,
    _ stream: WritableKeyPath<RunningProgram.Progress, [UInt8]>, whenHeard: () -> Void
) {
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
        whenHeard()
        let count = unsafe read(descriptor, &block, block.count)
        if count < 0 && errno == EINTR { continue }
        progress.change { progress in
            if count > 0 { progress[keyPath: stream] += block[..<count] } else { progress.openStreams -= 1 }
        }
        guard count > 0 else { break }
    }
    close(descriptor)
}

extension Monitor<(output: Bool, error: Bool)> {
    /// Waits until the stream is heard.
    fileprivate func passOnce(_ stream: KeyPath<(output: Bool, error: Bool), Bool>) {
        _ = wait(until: .now + Pace.seconds(600)) { $0[keyPath: stream] ? true : nil }
    }
}

private func awaitEnd(of child: pid_t, into progress: Monitor<RunningProgram.Progress>) {
    var seen = unsafe siginfo_t()
    // It stays unreaped here: see `signal`.
    while unsafe waitid(P_PID, id_t(child), &seen, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    progress.change { progress in
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        let signal = status & 0x7F
        progress.status = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }
}
