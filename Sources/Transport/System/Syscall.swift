internal import CLinux
internal import Glibc

/// A system call that failed: which one, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name, such as `bind`.
    public let call: String
    /// Its `errno`.
    public let code: Int32

    /// A failure of `call` with `code`.
    public init(call: String, code: Int32) {
        (self.call, self.code) = (call, code)
    }

    /// The failure of the call that returned just now.
    static func last(_ call: StaticString) -> SystemError {
        SystemError(call: call.description, code: acs_errno())
    }

    /// The system's own words for ``code``.
    public var reason: String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// `bind: Address already in use`
    public var description: String { "\(call): \(reason)" }

    /// The address is in use by another socket.
    public var isAddressInUse: Bool { code == EADDRINUSE }
    /// No descriptor is left, for the process or the system.
    public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
    /// The file is not there.
    public var isNotFound: Bool { code == ENOENT }
    /// This process may not do it.
    public var isNotPermitted: Bool { code == EACCES || code == EPERM }
    /// It is a directory, or something else that is no file.
    public var isNotAFile: Bool { code == EISDIR || code == EINVAL }
    /// Nothing came in time.
    public var isLate: Bool { code == ETIMEDOUT }
    /// It is larger than was allowed.
    public var isTooLarge: Bool { code == EFBIG }

    /// The machine has no such address.
    public static let addressNotAvailable = SystemError(call: "bind", code: EADDRNOTAVAIL)
}

/// What a nonblocking call came to.
enum CallOutcome {
    case done(Int)
    case wouldBlock
    case failed(SystemError)
}

/// The one place that knows `EINTR`, `EAGAIN` and `errno` of calls that move bytes.
@inline(__always)
func attempt(_ call: StaticString, _ body: () -> Int) -> CallOutcome {
    while true {
        let result = body()
        if result >= 0 { return .done(result) }
        let code = acs_errno()
        if code == EINTR { continue }
        if code == EAGAIN || code == EWOULDBLOCK { return .wouldBlock }
        return .failed(SystemError(call: call.description, code: code))
    }
}

/// A call that must succeed or throw; `EINTR` is tried again.
@discardableResult
func check(_ call: StaticString, _ body: () -> Int32) throws(SystemError) -> Int32 {
    while true {
        let result = body()
        if result >= 0 { return result }
        if acs_errno() != EINTR { throw SystemError.last(call) }
    }
}

/// A thread of our own, for loops that block.
public enum Thread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts `body` on a detached thread named `name` (at most 15 bytes are shown by the system).
    public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let work = Work {
            unsafe acs_name_thread(String(name.prefix(15)))
            body()
        }
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(work).toOpaque()
        let code = unsafe pthread_create(&thread, nil, runThread, context)
        guard code == 0 else {
            unsafe Unmanaged<Work>.fromOpaque(context).release()
            throw SystemError(call: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer?) {
        guard let context = unsafe context else { return }
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
    }

    /// CPUs that this process may use, at least 1.
    public static var usableCPUs: Int { Int(acs_usable_cpus()) }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    unsafe Thread.run(context)
    return nil
}
