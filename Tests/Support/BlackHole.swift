/// A TCP address of this machine that answers nobody: its accept queue is full, so the system drops each SYN.
public final class BlackHole: Sendable {
    /// Where nothing comes back from.
    public let address: Address
    private let listener: Socket
    private let plug: Socket

    /// Opens it on a free port of `host`, an IPv4 address of the loopback network.
    public init(host: String = "127.0.0.1") throws {
        let anyPort = Address.ipv4(host, port: 0)
        listener = try Socket.listening(on: anyPort, backlog: 0)
        address = listener.localAddress(of: anyPort)
        // A backlog of 0 has room for one (`sk_acceptq_is_full` of Linux).
        plug = try Socket.connected(to: address)
    }
}
