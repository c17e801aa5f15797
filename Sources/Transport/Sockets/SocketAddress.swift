public import Bytes
internal import CLinux
internal import Glibc

/// Where a socket is, or whom it talks to.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 address, host byte order.
    case ipv4(UInt32, port: UInt16)
    /// An IPv6 address as two halves in host byte order, with its zone.
    case ipv6(high: UInt64, low: UInt64, zone: UInt32, port: UInt16)
    /// A Unix socket's path; empty for a peer that has none.
    case unix(String)

    /// The address that `host` spells with digits (`127.0.0.1`, `::1`), or `nil` if it is a name.
    public init?(numeric host: String, port: UInt16) {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, host, &four) == 1 {
            self = .ipv4(UInt32(bigEndian: four.s_addr), port: port)
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, host, &six) == 1 else { return nil }
        self = SocketAddress(six, zone: 0, port: port)
        // `::ffff:192.0.2.1` is IPv4 in another spelling (RFC 4291 §2.5.5.2); a socket for IPv6 alone cannot have it.
        if case .ipv6(0, let low, _, _) = self, low >> 32 == 0xFFFF {
            self = .ipv4(UInt32(truncatingIfNeeded: low), port: port)
        }
    }

    private init(_ address: in6_addr, zone: UInt32, port: UInt16) {
        let (high, low) = unsafe withUnsafeBytes(of: address) { bytes in
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self = .ipv6(high: high, low: low, zone: zone, port: port)
    }

    /// The address that the system filled in, or `nil` for a family that we do not know.
    init?(_ storage: inout sockaddr_storage) {
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = unsafe withUnsafeBytes(of: &storage) { unsafe $0.loadUnaligned(as: sockaddr_in.self) }
            self = .ipv4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = unsafe withUnsafeBytes(of: &storage) { unsafe $0.loadUnaligned(as: sockaddr_in6.self) }
            self = SocketAddress(
                address.sin6_addr, zone: address.sin6_scope_id, port: UInt16(bigEndian: address.sin6_port))
        case AF_UNIX:
            self = .unix("")
        case let family:
            _ = family
            return nil
        }
    }

    /// The port; 0 for a Unix socket.
    public var port: UInt16 {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, _, let port): port
        case .unix: 0
        }
    }

    /// The same host at another port.
    public func with(port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let address, _): .ipv4(address, port: port)
        case .ipv6(let high, let low, let zone, _): .ipv6(high: high, low: low, zone: zone, port: port)
        case .unix: self
        }
    }

    /// The address without its port, to count connections by.
    public var host: SocketAddress { with(port: 0) }

    /// True for 127.0.0.0/8, ::1 and Unix sockets.
    public var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _, _): high == 0 && low == 1
        case .unix: true
        }
    }

    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/x.sock`
    public var description: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return buffer.span.text
    }

    /// Appends ``description``; allocates nothing for IPv4.
    public func write(to buffer: inout ByteBuffer) {
        switch self {
        case .ipv4(let address, let port):
            buffer.append(decimal: Int(address >> 24))
            buffer.append(".")
            buffer.append(decimal: Int(address >> 16 & 0xFF))
            buffer.append(".")
            buffer.append(decimal: Int(address >> 8 & 0xFF))
            buffer.append(".")
            buffer.append(decimal: Int(address & 0xFF))
            buffer.append(":")
            buffer.append(decimal: Int(port))
        case .ipv6(_, _, _, let port):
            buffer.append("[")
            appendIPv6(to: &buffer)
            buffer.append("]:")
            buffer.append(decimal: Int(port))
        case .unix(let path):
            buffer.append("unix:")
            buffer.append(text: path)
        }
    }

    private func appendIPv6(to buffer: inout ByteBuffer) {
        guard case .ipv6(let high, let low, _, _) = self else { return }
        let halves: InlineArray<2, UInt64> = [high.bigEndian, low.bigEndian]
        unsafe buffer.withFreeSpace(atLeast: Int(INET6_ADDRSTRLEN)) { space in
            // Safe: both outlive the call, which writes at most so many bytes, a zero behind the text.
            unsafe halves.span.withUnsafeBytes { bytes in
                let text = unsafe space.baseAddress?.assumingMemoryBound(to: CChar.self)
                guard unsafe inet_ntop(AF_INET6, bytes.baseAddress, text, socklen_t(INET6_ADDRSTRLEN)) != nil else {
                    return 0
                }
                return unsafe text.map { unsafe strlen($0) } ?? 0
            }
        }
    }

    /// Calls `body` with the address as the system wants it.
    func withSystemAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result)
        throws(SystemError) -> Result
    {
        var storage = sockaddr_storage()
        let length: Int
        switch self {
        case .ipv4(let address, let port):
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = port.bigEndian
            target.sin_addr.s_addr = address.bigEndian
            length = Self.copy(target, into: &storage)
        case .ipv6(let high, let low, let zone, let port):
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = port.bigEndian
            target.sin6_scope_id = zone
            unsafe withUnsafeMutableBytes(of: &target.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = Self.copy(target, into: &storage)
        case .unix(let path):
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            let room = MemoryLayout.size(ofValue: target.sun_path)
            guard bytes.count < room else { throw SystemError(call: "bind", code: ENAMETOOLONG) }
            unsafe withUnsafeMutableBytes(of: &target.sun_path) { unsafe $0.copyBytes(from: bytes) }
            length = Self.copy(target, into: &storage)
        }
        // Safe: `storage` is larger than, and aligned for, every address type, and outlives the call.
        do {
            return try unsafe withUnsafePointer(to: &storage) { pointer in
                try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    try unsafe body(address, socklen_t(length))
                }
            }
        } catch let error as SystemError {
            throw error
        } catch {
            throw SystemError(call: "address", code: EINVAL)
        }
    }

    private static func copy<Address>(_ address: Address, into storage: inout sockaddr_storage) -> Int {
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe withUnsafeBytes(of: address) { unsafe target.copyMemory(from: $0) }
        }
        return MemoryLayout<Address>.size
    }
}
