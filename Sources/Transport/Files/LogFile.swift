internal import CLinux
internal import Glibc
internal import Synchronization

/// Where log lines go, written by a thread of its own, so that a slow or full disk never holds a worker up.
///
/// Blocks wait in a queue of bounded size; lines that do not fit, or cannot be written, are dropped and counted, whole
/// lines only (``LineWriter``).  With the object's end its thread writes what was left, closes the file and ends too.
public final class LogFile: Sendable {
    /// The kinds of place.
    public enum Destination: Equatable, Sendable {
        /// The process's standard output.
        case standardOutput
        /// The process's standard error.
        case standardError
        /// A file, appended to, made with mode 0640 if it is not there.
        case file(String)
    }

    private let queue: LogQueue

    /// Opens `destination` and starts its thread; throws when a file cannot be opened.
    public init(_ destination: Destination) throws(SystemError) {
        let queue = try LogQueue(destination)
        let first = try LogQueue.open(destination)
        do throws(SystemError) {
            try Thread.start("acs-log") { queue.run(first) }
        } catch {
            LogQueue.close(first, destination)
            throw error
        }
        self.queue = queue
    }

    deinit { queue.leave(.end) }

    /// Leaves `block`, whole lines, to be written.
    public func write(_ block: [UInt8]) {
        if !block.isEmpty { queue.leave(.write(block)) }
    }

    /// Opens the file anew: after it was moved away (`SIGUSR1`).
    public func reopen() { queue.leave(.reopen) }

    /// Lines dropped since the start, for the queue was full or writing failed.
    public var droppedLines: Int { queue.droppedLines }

    /// Waits until all that was left so far is written, at most `timeout`: at the end of the process.
    public func flush(timeout: Duration = .seconds(2)) {
        let end = MonotonicTime.current().advanced(by: timeout.wholeNanoseconds)
        while MonotonicTime.current() < end, !queue.isIdle { Pause.nanoseconds(2_000_000) }
    }
}

/// What a log shares with its thread.
private final class LogQueue: Sendable {
    enum Order {
        case write([UInt8])
        case reopen
        case end
    }

    private struct State {
        var orders: [Order] = []
        var queuedBytes = 0
        var droppedLines = 0
        var isWriting = false
    }

    private let destination: LogFile.Destination
    private let state = Mutex(State())
    private let wake: Int32
    /// Bytes that may wait: some seconds of lines at full speed.
    private static let limitBytes = 16 << 20

    init(_ destination: LogFile.Destination) throws(SystemError) {
        self.destination = destination
        wake = try check("eventfd") { eventfd(0, Int32(EFD_CLOEXEC)) }
    }

    deinit { Glibc.close(wake) }

    var droppedLines: Int { state.withLock { $0.droppedLines } }

    /// Nothing waits or is being written.
    var isIdle: Bool { state.withLock { $0.orders.isEmpty && !$0.isWriting } }

    /// Leaves `order` for the thread, unless it is a block that does not fit.
    func leave(_ order: Order) {
        let (mustWake, isLeft) = state.withLock { state in
            if case .write(let block) = order {
                guard state.queuedBytes + block.count <= Self.limitBytes else { return (false, false) }
                state.queuedBytes += block.count
            }
            state.orders.append(order)
            return (state.orders.count == 1, true)
        }
        if !isLeft, case .write(let block) = order { drop(LineWriter.lines(in: block[...])) }
        guard mustWake else { return }
        var one: UInt64 = 1
        _ = unsafe Glibc.write(wake, &one, 8)
    }

    private func drop(_ count: Int) {
        if count > 0 { state.withLock { $0.droppedLines += count } }
    }

    /// The thread: carries out orders until the end is one.
    func run(_ first: Int32) {
        var descriptor = first
        var lines = LineWriter()
        var isOver = false
        while !isOver {
            var count: UInt64 = 0
            _ = unsafe read(wake, &count, 8)
            let orders = state.withLock { state in
                defer { (state.orders, state.queuedBytes, state.isWriting) = ([], 0, true) }
                return state.orders
            }
            for order in orders {
                switch order {
                case .write(let block):
                    drop(lines.write(block) { Self.write($0, to: descriptor) })
                case .reopen:
                    guard case .file = destination, let fresh = try? Self.open(destination) else { continue }
                    Self.close(descriptor, destination)
                    descriptor = fresh
                    drop(lines.giveUpRest())
                case .end: isOver = true
                }
            }
            state.withLock { $0.isWriting = false }
        }
        Self.close(descriptor, destination)
    }

    /// One write; gives how much the system took, or `nil` when it takes no more.
    ///
    /// A stream of the process's own may be nonblocking, if whoever shares it made it so; then its room is waited for,
    /// as it is with any other.
    private static func write(_ bytes: Span<UInt8>, to descriptor: Int32) -> Int? {
        while true {
            let outcome = unsafe bytes.withUnsafeBytes { block in
                attempt("write") { unsafe Glibc.write(descriptor, block.baseAddress, block.count) }
            }
            switch outcome {
            case .done(let count): return count
            case .failed: return nil
            case .wouldBlock:
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard unsafe poll(&entry, 1, -1) >= 0 || acs_errno() == EINTR else { return nil }
            }
        }
    }

    static func open(_ destination: LogFile.Destination) throws(SystemError) -> Int32 {
        switch destination {
        case .standardOutput: return 1
        case .standardError: return 2
        case .file(let path):
            return try check("open") {
                unsafe acs_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
            }
        }
    }

    /// The process's own streams stay open.
    static func close(_ descriptor: Int32, _ destination: LogFile.Destination) {
        if case .file = destination { _ = Glibc.close(descriptor) }
    }
}
