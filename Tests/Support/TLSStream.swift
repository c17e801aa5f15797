import Bytes
import Crypto
import Synchronization

/// A server's side of TLS, with a certificate as `dev-cert` writes it.
public struct TLSServer: Sendable {
    private let context: TLSContext

    /// Shows `server.pem` with `server.key`, both in `directory`.
    public init(certificateIn directory: String) throws {
        let certificates = try PEM(file: directory + "/server.pem")
        context = try TLSContext(
            server: TLSIdentity(certificates: certificates, key: PEM(file: directory + "/server.key")))
    }

    /// Shows what `context` says.
    init(_ context: TLSContext) { self.context = context }

    /// Shakes hands with a client that has connected; `nil` when it gave up.
    public func accept(over socket: Socket) -> TLSStream? { TLSStream.server(over: socket, context) }
}

/// TLS over a socket, for clients and origins of tests.
///
/// An end of the connection without `close_notify` shows as ``Received/reset``: it may be a truncation.
public final class TLSStream: ByteStream {
    private struct Wire: ~Copyable {
        let connection: TLSConnection
        var incoming = ByteBuffer()
        var plaintext = ByteBuffer()
        var outgoing = ByteBuffer()
        var isEnded = false

        init(_ connection: TLSConnection) { self.connection = connection }
    }

    private let socket: Socket
    private let wire: Mutex<Wire>

    private init(_ connection: sending TLSConnection, over socket: Socket) {
        self.socket = socket
        wire = Mutex(Wire(connection))
    }

    /// Shakes hands as a client of `name`, trusting the authorities in the PEM file at `path` alone.
    ///
    /// - Parameters:
    ///   - identity: where the client's certificate and, in the same file, its key are.
    ///   - earlier: a connection whose session is resumed, if the server lets it; one that has heard something.
    public static func client(
        over socket: Socket, trusting path: String, name: String, identity: String? = nil,
        resuming earlier: TLSStream? = nil
    ) throws -> TLSStream {
        let own = try identity.map { try PEM(file: $0) }.map { TLSIdentity(certificates: $0, key: $0) }
        let context = try TLSContext(trusting: .only(PEM(file: path)), identity: own)
        let session = earlier?.wire.withLock { $0.connection.latestSession }
        let stream = TLSStream(
            try TLSConnection(client: context, serverName: name, session: session), over: socket)
        try stream.start()
        return stream
    }

    /// True when it resumed an earlier session.
    public var isResumed: Bool { wire.withLock { $0.connection.isResumed } }

    /// Shakes hands as a server with `context`; `nil` when the client gave up.
    fileprivate static func server(over socket: Socket, _ context: TLSContext) -> TLSStream? {
        guard let connection = try? TLSConnection(server: context) else { return nil }
        let stream = TLSStream(connection, over: socket)
        return stream.shakeHands() ? stream : nil
    }

    private func start() throws {
        try wire.withLock { wire in try wire.connection.start(outgoing: &wire.outgoing) }
        guard shakeHands() else { throw HandshakeFailed() }
    }

    /// The peer does not want to, or is not whom we want.
    public struct HandshakeFailed: Error {}

    private func shakeHands() -> Bool {
        let deadline = ContinuousClock.now + Pace.seconds(10)
        while true {
            guard flush(until: deadline) else { return false }
            if wire.withLock({ $0.connection.isEstablished }) { return true }
            guard case .bytes(let bytes) = socket.receive(atMost: 65_536, until: deadline), take(bytes) else {
                _ = flush(until: deadline)
                return false
            }
        }
    }

    /// Takes ciphertext in; false when it breaks the protocol.
    private func take(_ bytes: [UInt8]) -> Bool {
        wire.withLock { wire in
            wire.incoming.append(bytes.span)
            let progress = try? wire.connection.receive(
                &wire.incoming, plaintext: &wire.plaintext, outgoing: &wire.outgoing)
            if progress == .closedByPeer { wire.isEnded = true }
            return progress != nil
        }
    }

    private func flush(until deadline: ContinuousClock.Instant) -> Bool {
        let bytes = wire.withLock { wire in
            defer { wire.outgoing.clear() }
            return wire.outgoing.span.array
        }
        return socket.send(bytes, until: deadline)
    }

    /// See ``ByteStream``.
    public func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> Received {
        while true {
            let (bytes, isEnded) = wire.withLock { wire in
                let count = min(limit, wire.plaintext.count)
                let bytes = wire.plaintext.span.extracting(first: count).array
                wire.plaintext.consume(count)
                return (bytes, wire.isEnded)
            }
            if !bytes.isEmpty { return .bytes(bytes) }
            if isEnded { return .end }
            switch socket.receive(atMost: 65_536, until: deadline) {
            case .bytes(let ciphertext): guard take(ciphertext), flush(until: deadline) else { return .reset }
            case .end, .reset: return .reset
            case .late: return .late
            }
        }
    }

    /// See ``ByteStream``.
    public func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
        let encrypted = wire.withLock { wire in
            (try? wire.connection.send(bytes.span, outgoing: &wire.outgoing)) != nil
        }
        return encrypted && flush(until: deadline)
    }

    /// Sends `bytes` and close_notify in one piece, and no FIN behind them.
    public func sendLast(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
        let encrypted = wire.withLock { wire in
            guard (try? wire.connection.send(bytes.span, outgoing: &wire.outgoing)) != nil else { return false }
            wire.connection.close(outgoing: &wire.outgoing)
            return true
        }
        return encrypted && flush(until: deadline)
    }

    /// See ``ByteStream``.
    public func shutdown(_ side: Socket.Side) {
        switch side {
        case .write:
            sayClose()
            socket.shutdown(.write)
        case .both: socket.shutdown(.both)
        }
    }

    /// See ``ByteStream``.
    public func reset() { socket.reset() }

    /// See ``ByteStream``.
    public func close() {
        sayClose()
        socket.close()
    }

    private func sayClose() {
        wire.withLock { wire in wire.connection.close(outgoing: &wire.outgoing) }
        _ = flush(until: .now + Pace.seconds(1))
    }
}
