internal import CLinux
internal import Glibc

/// A bound and listening socket that no loop watches yet: what the control plane makes and hands to workers.
public struct ListeningSocket: Sendable {
    /// The descriptor; whoever holds the socket last closes it.
    public let descriptor: Int32
    /// The address really bound: port 0 is resolved.
    public let address: SocketAddress
    /// A Unix socket's file.
    public let file: SocketFile?

    private init(descriptor: Int32, address: SocketAddress, file: SocketFile? = nil) {
        (self.descriptor, self.address, self.file) = (descriptor, address, file)
    }

    /// Connections that the system holds until they are accepted.
    fileprivate static let backlog: Int32 = 4096

    /// Binds `address` once for each worker with `SO_REUSEPORT`, after a probe without it, so that an address that
    /// somebody else listens on is an error and not a silent share of his connections.
    public static func bindTCP(_ address: SocketAddress, count: Int) throws(SystemError) -> [ListeningSocket] {
        var bound: SocketAddress
        let probe = try open(address, reusesPort: false)
        do throws(SystemError) {
            bound = try localAddress(of: probe)
        } catch {
            _ = Glibc.close(probe)
            throw error
        }
        _ = Glibc.close(probe)
        var sockets: [ListeningSocket] = []
        do throws(SystemError) {
            for _ in 0..<count {
                let descriptor = try open(bound, reusesPort: true)
                sockets.append(ListeningSocket(descriptor: descriptor, address: bound))
                try listen(descriptor)
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return sockets
    }

    /// Binds the Unix socket `path` with permission bits `mode`; a socket file that nobody answers is replaced.
    public static func bindUnix(_ path: String, mode: UInt16) throws(SystemError) -> ListeningSocket {
        try removeStaleSocket(path)
        let descriptor = try openSocket(AF_UNIX)
        let address = SocketAddress.unix(path)
        do throws(SystemError) {
            // The file that bind makes has the socket's own bits, less those of the umask: nobody connects too early,
            // and no other thread's files are touched.
            try check("fchmod") { fchmod(descriptor, mode_t(mode)) }
            try unsafe address.withSystemAddress { (pointer, length) throws(SystemError) in
                _ = try check("bind") { unsafe Glibc.bind(descriptor, pointer, length) }
            }
            // What the umask took away.
            try check("chmod") { unsafe chmod(path, mode_t(mode)) }
            try listen(descriptor)
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        return ListeningSocket(descriptor: descriptor, address: address, file: SocketFile(at: path))
    }

    /// Ends it; a Unix socket's file stays until ``unlink()``.
    public func close() { _ = Glibc.close(descriptor) }

    /// Removes a Unix socket's file, if it is still this one's.
    public func unlink() { file?.remove() }

    /// A second descriptor of the same socket, for another loop.
    public func duplicated() throws(SystemError) -> ListeningSocket {
        let copy = try check("dup") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
        return ListeningSocket(descriptor: copy, address: address, file: file)
    }

    private static func open(_ address: SocketAddress, reusesPort: Bool) throws(SystemError) -> Int32 {
        let descriptor = try openSocket(address.family)
        setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if reusesPort { setOption(descriptor, SOL_SOCKET, SO_REUSEPORT) }
        if case .ipv6 = address { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        do throws(SystemError) {
            try unsafe address.withSystemAddress { (pointer, length) throws(SystemError) in
                _ = try check("bind") { unsafe Glibc.bind(descriptor, pointer, length) }
            }
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func listen(_ descriptor: Int32) throws(SystemError) {
        _ = try check("listen") { Glibc.listen(descriptor, backlog) }
    }

    private static func localAddress(of descriptor: Int32) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw SystemError.last("getsockname") }
        guard let address = SocketAddress(&storage) else { throw SystemError(call: "getsockname", code: EAFNOSUPPORT) }
        return address
    }

    /// A socket file left by a process that ended is removed; anything else in its place is an error.
    private static func removeStaleSocket(_ path: String) throws(SystemError) {
        guard unsafe acs_is_socket(path) != 0 else { return }
        let probe = try openSocket(AF_UNIX)
        defer { _ = Glibc.close(probe) }
        var isServed = false
        try unsafe SocketAddress.unix(path).withSystemAddress { (pointer, length) throws(SystemError) in
            // Only a refusal says that nobody listens.  A full queue is somebody, and so is a socket that we may not
            // use, or one of another kind.
            let isRefused = unsafe Glibc.connect(probe, pointer, length) != 0 && acs_errno() == ECONNREFUSED
            isServed = !isRefused
        }
        guard !isServed else { throw SystemError(call: "bind", code: EADDRINUSE) }
        _ = unsafe Glibc.unlink(path)
    }
}

/// A listening socket in a loop: hands each accepted connection on.
public final class Listener: Channel {
    /// What the owner does with an accepted descriptor, which it then owns.
    public typealias Accepted = (_ descriptor: Int32, _ peer: SocketAddress) -> Void

    /// The address bound.
    public let address: SocketAddress
    private let isShared: Bool
    private let accepted: Accepted
    /// Called when no descriptor is left; connections then wait in the system's queue.
    public var outOfDescriptors: (() -> Void)?
    /// Asked before each accept; while it says no, connections wait in the system's queue.
    public var mayAccept: () -> Bool = { true }
    /// True while connections are left to wait.
    private var isPaused = false

    /// Connections accepted in one go, so that others get their turn.
    private static let acceptAtMost = 64
    /// How long connections wait when there was no room for them.
    private static let pauseNanoseconds: Int64 = 100_000_000

    /// A listener over `socket`, which it now owns; `isShared` when other loops watch the same socket.
    public init(_ socket: ListeningSocket, isShared: Bool, accepted: @escaping Accepted) {
        address = socket.address
        self.isShared = isShared
        self.accepted = accepted
        super.init(descriptor: socket.descriptor)
    }

    /// Starts accepting in `loop`.
    public func start(in loop: EventLoop) throws(SystemError) {
        try loop.add(self, interest: interest)
    }

    /// Level-triggered: a listener is told as long as somebody waits.
    private var interest: Readiness { isShared ? .sharedArrivals : .arrivals }

    override public func ready(_ readiness: Readiness) {
        if !isPaused { acceptSome() }
    }

    override public func deadlinePassed() {
        isPaused = false
        if let loop = unsafe loop { loop.watchAgain(self, interest: interest) }
    }

    /// Accepts everything that waits: before the listener is closed, so that nobody who got in is turned away.
    ///
    /// At most as many as the queue holds: whoever comes while we are at it, however many, need not be waited for.
    public func acceptAll() {
        for _ in 0..<ListeningSocket.backlog / Int32(Self.acceptAtMost) {
            guard descriptor >= 0, acceptSome() else { return }
        }
    }

    /// True when there may be more.
    @discardableResult
    private func acceptSome() -> Bool {
        for _ in 0..<Self.acceptAtMost {
            guard mayAccept() else {
                pause()
                return false
            }
            var storage = sockaddr_storage()
            let outcome = accept(&storage)
            switch outcome {
            case .done(let accepted):
                let descriptor = Int32(accepted)
                let peer = SocketAddress(&storage) ?? .unix("")
                // Without Nagle's delay: it has that from the listening socket.
                self.accepted(descriptor, peer)
            case .wouldBlock:
                return false
            case .failed(let error) where error.isOfOneConnection: continue
            case .failed(let error):
                if error.isOutOfDescriptors { outOfDescriptors?() }
                pause()
                return false
            }
            if descriptor < 0 { return false }
        }
        return true
    }

    private func accept(_ storage: inout sockaddr_storage) -> CallOutcome {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                attempt("accept") { Int(unsafe acs_accept(descriptor, address, &length)) }
            }
        }
    }

    private func pause() {
        guard let loop = unsafe loop else { return }
        isPaused = true
        loop.unwatch(self)
        setDeadline(loop.now.advanced(by: Self.pauseNanoseconds))
    }
}

extension SystemError {
    /// What ended a connection before it was accepted: the listener is well, and others may wait (accept(2), "Error
    /// handling").
    fileprivate var isOfOneConnection: Bool {
        [
            ECONNABORTED, EPERM, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETDOWN,
            ENETUNREACH, ETIMEDOUT,
        ].contains(code)
    }
}
