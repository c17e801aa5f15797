internal import CLinux
internal import Glibc

/// The system's resolver.  It blocks: never call it on a worker.
public enum NameResolution {
    /// Addresses of `host` with `port`, in the order that the system prefers (RFC 6724); throws the resolver's words.
    public static func addresses(of host: String, port: UInt16) throws(NameError) -> [SocketAddress] {
        if let address = SocketAddress(numeric: host, port: port) { return [address] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = Int32(AI_ADDRCONFIG)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw NameError(host: host, reason: unsafe String(cString: gai_strerror(code))) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(in: entry.pointee)?.with(port: port), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw NameError(host: host, reason: "no addresses") }
        return addresses
    }

    private static func address(in entry: addrinfo) -> SocketAddress? {
        guard let source = unsafe entry.ai_addr else { return nil }
        var storage = sockaddr_storage()
        let length = unsafe min(Int(entry.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: length))
        }
        return SocketAddress(&storage)
    }
}

/// A name that has no address now.
public struct NameError: Error, Equatable, Sendable {
    /// The name asked for.
    public let host: String
    /// The resolver's words.
    public let reason: String

    /// A name without an address, and why.
    public init(host: String, reason: String) { (self.host, self.reason) = (host, reason) }
}
