internal import CLinux
internal import Glibc
internal import Synchronization

/// Where log lines go, written by a thread of its own, so that a slow or full disk never holds a worker up.
///
/// Blocks wait in a queue of bounded size; what does not fit, or cannot be written, is dropped and counted.
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

    private enum Order {
        case write([UInt8])
        case reopen
    }

    private struct State {
        var orders: [Order] = []
        var queuedBytes = 0
        var droppedBlocks = 0
        var isWriting = false
    }

    private let destination: Destination
    private let state = Mutex(State())
    private let wake: Int32
    /// Bytes that may wait: some seconds of lines at full speed.
    private static let queueLimitBytes = 16 << 20

    /// Opens `destination` and starts its thread; throws when a file cannot be opened.
    public init(_ destination: Destination) throws(SystemError) {
        self.destination = destination
        let first = try Self.open(destination)
        wake = try check("eventfd") { eventfd(0, Int32(EFD_CLOEXEC)) }
        try Thread.start("acs-log") { [self] in run(first) }
    }

    /// Leaves `block`, whole lines, to be written.
    public func write(_ block: [UInt8]) {
        guard !block.isEmpty else { return }
        let mustWake = state.withLock { state in
            guard state.queuedBytes + block.count <= Self.queueLimitBytes else {
                state.droppedBlocks += 1
                return false
            }
            state.queuedBytes += block.count
            state.orders.append(.write(block))
            return state.orders.count == 1
        }
        if mustWake { wakeWriter() }
    }

    /// Opens the file anew: after it was moved away (`SIGUSR1`).
    public func reopen() {
        state.withLock { $0.orders.append(.reopen) }
        wakeWriter()
    }

    /// Blocks dropped since the start, for the queue was full or writing failed.
    public var droppedBlocks: Int { state.withLock { $0.droppedBlocks } }

    /// Waits until all that was left so far is written, at most `timeout`: at the end of the process.
    public func flush(timeout: Duration = .seconds(2)) {
        let end = MonotonicTime.current().advanced(by: timeout.wholeNanoseconds)
        while MonotonicTime.current() < end {
            let isIdle = state.withLock { $0.orders.isEmpty && !$0.isWriting }
            if isIdle { return }
            Pause.nanoseconds(2_000_000)
        }
    }

    private func wakeWriter() {
        var one: UInt64 = 1
        _ = unsafe Glibc.write(wake, &one, 8)
    }

    private func run(_ first: Int32) {
        var descriptor = first
        while true {
            var count: UInt64 = 0
            _ = unsafe read(wake, &count, 8)
            let orders = state.withLock { state in
                defer { (state.orders, state.queuedBytes, state.isWriting) = ([], 0, true) }
                return state.orders
            }
            for order in orders {
                switch order {
                case .write(let block):
                    if !writeAll(block, to: descriptor) { state.withLock { $0.droppedBlocks += 1 } }
                case .reopen:
                    guard case .file = destination, let fresh = try? Self.open(destination) else { continue }
                    close(descriptor)
                    descriptor = fresh
                }
            }
            state.withLock { $0.isWriting = false }
        }
    }

    private func writeAll(_ block: [UInt8], to descriptor: Int32) -> Bool {
        var start = 0
        while start < block.count {
            let outcome = unsafe block.withUnsafeBytes { bytes in
                attempt("write") {
                    unsafe Glibc.write(descriptor, bytes.baseAddress.unsafelyUnwrapped + start, bytes.count - start)
                }
            }
            guard case .done(let count) = outcome, count > 0 else { return false }
            start += count
        }
        return true
    }

    private static func open(_ destination: Destination) throws(SystemError) -> Int32 {
        switch destination {
        case .standardOutput: return 1
        case .standardError: return 2
        case .file(let path):
            return try check("open") {
                unsafe acs_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
            }
        }
    }
}
