import Glibc
import Synchronization

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call's name.
    public var call: String
    /// Its `errno`.
    public var code: Int32

    /// The error that `errno` tells of now.
    init(_ call: String) {
        self.call = call
        code = errno
    }

    /// As a test report shows it.
    public var description: String {
        let text = unsafe String(cString: strerror(code))
        return "\(call): \(text)"
    }
}

/// A place to listen on or connect to, as the gateway's `bind` spells it.
public enum Address: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address in dots and a port.
    case ipv4(String, port: UInt16)
    /// An IPv6 address without brackets and a port.
    case ipv6(String, port: UInt16)
    /// A unix socket's path.
    case unix(String)

    /// Reads `127.0.0.1:80`, `[::1]:80` and `unix:/path`.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            self = .unix(String(text.dropFirst(5)))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            self = .ipv6(String(host.dropFirst().dropLast()), port: port)
        } else {
            self = .ipv4(String(host), port: port)
        }
    }

    /// The port of a TCP address; 0 for a unix socket.
    public var port: UInt16 {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port): port
        case .unix: 0
        }
    }

    /// The spelling that ``init(_:)`` reads; for TCP also the authority of a URL.
    public var description: String {
        switch self {
        case .ipv4(let host, let port): "\(host):\(port)"
        case .ipv6(let host, let port): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// What one read of a socket gave.
public enum Received: Equatable, Sendable {
    /// At least one byte.
    case bytes([UInt8])
    /// The peer ended its side in an orderly way.
    case end
    /// The peer broke the connection.
    case reset
    /// Nothing came until the deadline.
    case late
}

/// A stream socket with bounded waits.  Its descriptor is closed by ``close()`` or with the object.
///
/// Threads: any may call ``shutdown(_:)``; ``close()`` is for the thread that reads and writes.
public final class Socket: Sendable {
    private let descriptor: Mutex<Int32>

    private init(taking descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { close() }

    /// The descriptor; -1 once it is closed.
    var raw: Int32 { descriptor.withLock { $0 } }

    // MARK: Opening

    /// A listening socket on `address`; TCP port 0 takes a free one, see ``localPort``.
    public static func listening(on address: Address, backlog: Int32 = 128) throws -> Socket {
        let socket = try opened(for: address)
        var yes: Int32 = 1
        unsafe setsockopt(socket.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let descriptor = socket.raw
        let bound = try unsafe withSocketAddress(address) { unsafe bind(descriptor, $0, $1) }
        guard bound == 0 else { throw SystemError("bind \(address)") }
        guard listen(socket.raw, backlog) == 0 else { throw SystemError("listen \(address)") }
        // Accepting holds a lock of the whole process, so it must never wait there.
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("fcntl \(address)") }
        return socket
    }

    /// A socket that holds a free port of 127.0.0.1, where nobody listens while it lives.
    public static func holdingPort() throws -> Socket {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        let socket = try opened(for: anyPort)
        let descriptor = socket.raw
        let bound = try unsafe withSocketAddress(anyPort) { unsafe bind(descriptor, $0, $1) }
        guard bound == 0 else { throw SystemError("bind \(anyPort)") }
        return socket
    }

    /// A socket connected to `address`.  Blocking: for loopback, where connecting never waits long.
    public static func connected(to address: Address) throws -> Socket {
        let socket = try opened(for: address)
        let descriptor = socket.raw
        let connected = try unsafe withSocketAddress(address) { unsafe connect(descriptor, $0, $1) }
        guard connected == 0 else { throw SystemError("connect \(address)") }
        if case .unix = address { return socket }
        var yes: Int32 = 1
        // A step of a test is one segment on the wire, at once.
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        return socket
    }

    private static func opened(for address: Address) throws -> Socket {
        let family =
            switch address {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            case .unix: AF_UNIX
            }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        return Socket(taking: descriptor)
    }

    /// The next connection; `nil` once the listening socket was shut down or closed.
    public func accept() -> Socket? {
        while wait(for: POLLIN, until: .now + Pace.seconds(3600)) {
            let descriptor = withSpawnLock { closedOnSpawn(Glibc.accept(raw, nil, nil)) }
            if descriptor >= 0 { return Socket(taking: descriptor) }
            // A client that gave up before it was accepted is nothing to end for, and descriptors come back.
            switch errno {
            case EINTR, ECONNABORTED, EAGAIN: continue
            case EMFILE, ENFILE: Pacing.wait(until: .now + .milliseconds(20))
            default: return nil
            }
        }
        return nil
    }

    /// `address`, which this socket was bound to, with its real port.
    public func localAddress(of address: Address) -> Address {
        switch address {
        case .ipv4(let host, _): .ipv4(host, port: localPort)
        case .ipv6(let host, _): .ipv6(host, port: localPort)
        case .unix: address
        }
    }

    private var localPort: UInt16 {
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let failed = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(raw, $0, &size) }
        }
        // `sin_port` and `sin6_port` stand at the same place.
        return failed == 0 ? UInt16(bigEndian: address.sin6_port) : 0
    }

    // MARK: Bytes

    /// Sends all of `bytes`; false when the peer is gone or takes nothing until `deadline`.
    @discardableResult
    public func send(_ bytes: some Collection<UInt8>, until deadline: ContinuousClock.Instant) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            guard wait(for: POLLOUT, until: deadline) else { return false }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.send(raw, $0.baseAddress, $0.count, flags) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EAGAIN && errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Reads at most `limit` bytes.
    public func receive(atMost limit: Int = 65_536, until deadline: ContinuousClock.Instant) -> Received {
        while true {
            guard wait(for: POLLIN, until: deadline) else { return .late }
            let (bytes, failure) = readAvailable(atMost: limit)
            switch failure {
            case 0: return bytes.isEmpty ? .end : .bytes(bytes)
            case EAGAIN, EINTR: continue
            default: return .reset
            }
        }
    }

    private func readAvailable(atMost limit: Int) -> ([UInt8], failure: Int32) {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let got = unsafe recv(raw, buffer.baseAddress, limit, Int32(MSG_DONTWAIT))
            if got < 0 { failure = errno }
            count = max(got, 0)
        }
        return (bytes, failure)
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let (seconds, attoseconds) = ContinuousClock.now.duration(to: deadline).components
            let milliseconds = max(0, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
            var entry = pollfd(fd: raw, events: Int16(events), revents: 0)
            let ready = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
            if ready > 0 { return true }
            if ready == 0 || errno != EINTR { return false }
        }
    }

    // MARK: Ending

    /// Which side of a connection ends.
    public enum Side: Sendable {
        /// No byte more is sent: the peer reads an end.
        case write
        /// Both; a thread that waits in ``receive(atMost:until:)`` or ``accept()`` wakes.
        case both
    }

    /// Ends one side, or both; the descriptor stays.
    public func shutdown(_ side: Side) {
        let how =
            switch side {
            case .write: SHUT_WR
            case .both: SHUT_RDWR
            }
        _ = Glibc.shutdown(raw, Int32(how))
    }

    /// Breaks the connection: the peer's next read fails.
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(raw, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Closes the descriptor; more calls do nothing.
    public func close() {
        let descriptor = descriptor.withLock { held in
            defer { held = -1 }
            return held
        }
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }
}

/// Calls `body` with `address` as the system wants it.
private func withSocketAddress(
    _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws -> Int32 {
    switch address {
    case .ipv4(let host, let port):
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, host, &place.sin_addr) == 1 else { throw SystemError("inet_pton \(host)") }
        return unsafe pass(&place, body)
    case .ipv6(let host, let port):
        var place = sockaddr_in6()
        place.sin6_family = sa_family_t(AF_INET6)
        place.sin6_port = port.bigEndian
        guard unsafe inet_pton(AF_INET6, host, &place.sin6_addr) == 1 else { throw SystemError("inet_pton \(host)") }
        return unsafe pass(&place, body)
    case .unix(let path):
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: place.sun_path)
        guard bytes.count < room else { throw SystemError("a path over \(room - 1) bytes: \(path)") }
        unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe pass(&place, body)
    }
}

private func pass<Place>(_ place: inout Place, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    unsafe withUnsafePointer(to: &place) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, socklen_t(MemoryLayout<Place>.size))
        }
    }
}
