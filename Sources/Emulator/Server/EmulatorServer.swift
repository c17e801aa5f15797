internal import Crypto
internal import Transport

/// The emulator on a socket: `acs-gateway emulate`.
///
/// `init` binds and listens, ``run()`` serves on the calling thread until ``stop()`` is called on any other.  It writes
/// nothing: the program announces ``origin``.
public final class EmulatorServer: Sendable {
    /// How it is reached, with the port really bound: `http://127.0.0.1:8090`.
    public let origin: String

    private let options: EmulatorOptions
    private let keys: [HMACKey]
    private let principals: [KnownPrincipal]
    private let tls: TLSContext?
    private let socket: ListeningSocket
    private let stopped: Mailbox<Bool>

    /// Takes the address; connections wait until ``run()``.
    public init(_ options: EmulatorOptions) throws(EmulatorError) {
        try options.checkBehaviour()
        try options.tokens.check()
        let address = try options.address()
        self.options = options
        keys = try options.keys()
        do throws(TLSSetupError) {
            if let identity = options.tls { tls = try TLSContext(server: identity) } else { tls = nil }
            principals = try options.tokens.servicePrincipals.map { principal throws(TLSSetupError) in
                try KnownPrincipal(principal)
            }
        } catch {
            throw .tls(error)
        }
        do throws(SystemError) {
            if let directory = options.tokens.arcTokenDirectory { try WholeFile.makeDirectory(directory) }
            stopped = try Mailbox()
        } catch {
            throw .system(error.description)
        }
        do throws(SystemError) {
            guard let socket = try ListeningSocket.bindTCP(address, count: 1).first else {
                throw SystemError(call: "bind", code: 0)
            }
            self.socket = socket
        } catch {
            throw .cannotListen(address: options.bind, reason: error.reason)
        }
        origin = "\(tls == nil ? "http" : "https")://\(socket.address)"
    }

    /// Serves until ``stop()``; once only.
    public func run() throws(EmulatorError) {
        let scheme = tls == nil ? "http" : "https"
        let randomness = options.seed.map { RandomBytes.seeded($0) } ?? .system
        let tokens = EntraTokens(randomness: randomness)
        let azure = EmulatedAzure(
            resource: EmulatedResource(
                accessKeys: keys, tokens: tokens, scheme: scheme, behaviour: options.behaviour, randomness: randomness),
            tokenEndpoints: TokenEndpoints(
                options.tokens, principals: principals, tokens: tokens, scheme: scheme, arcFiles: .real,
                randomness: randomness))
        do throws(SystemError) {
            let loop = try EventLoop()
            let service = EmulatorService(azure, loop: loop, tls: tls)
            let listener = Listener(socket, isShared: false) { descriptor, peer in
                service.accept(descriptor, peer)
            }
            try listener.start(in: loop)
            try stopped.attach(to: loop) { _ in loop.stop() }
            loop.run()
            listener.close()
            service.endAll()
        } catch {
            throw .system(error.description)
        }
    }

    /// Ends ``run()``, whose connections are closed; from any thread.
    public func stop() { stopped.post(true) }
}

/// What the connections of one running emulator share; belongs to the loop's thread.
final class EmulatorService {
    /// Clients served at once; more are turned away.
    private static let connectionLimit = 4096
    /// Content of unfinished requests that is held for all clients together.
    private static let heldLimitBytes = 1 << 30

    private var azure: EmulatedAzure
    private let loop: EventLoop
    private let tls: TLSContext?
    private var connections: [ObjectIdentifier: EmulatedConnection] = [:]
    private var heldBytes = 0

    init(_ azure: EmulatedAzure, loop: EventLoop, tls: TLSContext?) {
        self.azure = azure
        self.loop = loop
        self.tls = tls
    }

    var now: MonotonicTime { loop.now }

    func secondsSince1970() -> Int { Int(WallClock.current() / 1_000_000_000) }

    func answer(to request: EmulatedRequest) -> EmulatedAnswer { azure.answer(to: request) }

    func answer(toMalformed error: ServiceError) -> EmulatedAnswer { azure.answer(toMalformed: error) }

    /// Serves the client behind `descriptor`.
    func accept(_ descriptor: Int32, _ peer: SocketAddress) {
        // Without TLS state or a place in the loop there is nobody to talk to: the client sees a close.
        let session = try? tls.map { context throws(TLSError) in try TLSConnection(server: context) }
        let connection = EmulatedConnection(
            descriptor: descriptor, tls: session ?? nil, peerIsLoopback: peer.isLoopback, service: self)
        let isTLSReady = tls == nil || connection.tls != nil
        guard isTLSReady, connections.count < Self.connectionLimit, (try? loop.add(connection)) != nil else {
            connection.close()
            return
        }
        connections[ObjectIdentifier(connection)] = connection
        connection.advance()
    }

    /// Counts that `connection` holds so many bytes of content now; false when that is too much for all together.
    func holds(_ count: Int, for connection: EmulatedConnection) -> Bool {
        heldBytes += count - connection.countedBytes
        connection.countedBytes = count
        return heldBytes <= Self.heldLimitBytes
    }

    func end(_ connection: EmulatedConnection) {
        _ = holds(0, for: connection)
        connection.close()
        connections[ObjectIdentifier(connection)] = nil
    }

    func endAll() {
        for connection in connections.values { connection.close() }
        connections = [:]
        azure.close()
    }
}

extension EmulatorOptions {
    /// True for what ``bind`` can be.
    public static func isAddress(_ text: String) -> Bool {
        var options = EmulatorOptions()
        options.bind = text
        return (try? options.address()) != nil
    }

    /// The address to bind.
    fileprivate func address() throws(EmulatorError) -> SocketAddress {
        guard let colon = bind.lastIndex(of: ":"), let port = UInt16(bind[bind.index(after: colon)...]) else {
            throw .malformedAddress(bind)
        }
        var host = String(bind[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        if host.first == "[", host.last == "]" {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw .malformedAddress(bind)
        }
        guard let address = SocketAddress(numeric: host, port: port) else { throw .malformedAddress(bind) }
        return address
    }
}

extension ArcChallenges.Files {
    /// Those of this machine, for the owner and the group: the agent's own are read by a group too.
    fileprivate static let real = ArcChallenges.Files(
        write: { path, content in (try? WholeFile.write(content.span, to: path, mode: 0o640)) != nil },
        remove: { path in WholeFile.remove(path) })
}
