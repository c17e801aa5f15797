/// One request as it came to an origin.
public struct Recorded: Sendable {
    /// The connection it came on, counted from 0.
    public var connection: Int
    /// All its bytes.
    public var raw: [UInt8] = []
    /// Its parts, once the head was whole and right.
    public var request: StrictRequest?
    /// The rule that it broke.
    public var problem: GrammarError?

    /// A request of which nothing has come yet.
    public init(connection: Int) { self.connection = connection }

    /// True when the whole body came.
    public var isComplete: Bool { request?.body.isComplete ?? false }
    /// The target, empty while there is none.
    public var target: String { request?.target ?? "" }
}

/// What an origin does with one request.
public struct OriginScript: Sendable {
    /// One step of an answer.
    public enum Step: Sendable {
        /// These bytes, as they are.
        case send([UInt8])
        /// The usual answer: `200` with the body `up:<target> len=<n>`.
        case usual
        /// A pause that the case itself prescribes.
        case pause(Duration)
        /// Waits until the gate is open.
        case hold(Gate)
        /// Ends the connection, orderly.
        case close
        /// Breaks the connection.
        case reset
    }

    /// What to do, in order.  Unless a step ended the connection, it then takes the next request.
    public var steps: [Step]
    /// True: act once the head is there, before the body.
    public var atHead: Bool

    /// A script.
    public init(_ steps: [Step], atHead: Bool = false) {
        self.steps = steps
        self.atHead = atHead
    }

    /// The usual answer.
    public static let usual = OriginScript([.usual])

    /// `text` (Latin-1) and nothing else.
    public static func text(_ text: String) -> OriginScript { OriginScript([.send(text.latin1)]) }
}

/// A gate that a script waits at until the test opens it.
public final class Gate: Sendable {
    private let isOpen = Monitor(false)
    /// A closed gate.
    public init() {}
    /// Lets all through, now and later.
    public func open() { isOpen.change { $0 = true } }
    /// Waits until it is open; false once `limit` is over.
    @discardableResult public func pass(atMost limit: Duration = Pace.seconds(60)) -> Bool {
        isOpen.wait(until: .now + limit) { $0 ? true : nil } ?? false
    }
}

/// A strict HTTP/1.1 origin on a free port of 127.0.0.1: records each request, answers as scripted.
///
/// A thread accepts, and one serves each connection; ``stop()`` or the object's end closes them all.
public final class RecordingOrigin: Sendable {
    struct State {
        var recorded: [Recorded] = []
        var script: @Sendable (StrictRequest, Int) -> OriginScript
        var connections: [any ByteStream] = []
        var closedCount = 0
        var isStopped = false
    }

    /// Where it listens.
    public let address: Address
    private let listener: Socket
    private let state: Monitor<State>
    private let wrap: @Sendable (Socket) -> (any ByteStream)?

    /// Starts it.
    ///
    /// - Parameters:
    ///   - wrap: makes a stream of an accepted connection, TLS for one; `nil` when that failed.
    ///   - script: what to do with a request, given how many were recorded before it.  Asked when the head is there
    ///     and, unless it wants to act then, once more when the body is.
    public init(
        over wrap: @escaping @Sendable (Socket) -> (any ByteStream)?,
        script: @escaping @Sendable (StrictRequest, Int) -> OriginScript
    ) throws {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        listener = try Socket.listening(on: anyPort)
        address = listener.localAddress(of: anyPort)
        state = Monitor(State(script: script))
        self.wrap = wrap
        startThread { [listener, state, wrap] in
            while let socket = listener.accept() {
                startThread { serve(socket, wrap, state) }
            }
        }
    }

    /// Starts it without TLS.
    public convenience init(script: @escaping @Sendable (StrictRequest, Int) -> OriginScript = { _, _ in .usual })
        throws
    {
        try self.init(over: { $0 }, script: script)
    }

    deinit { stop() }

    /// All requests so far, in the order of their first bytes.
    public var recorded: [Recorded] { state.look(\.recorded) }

    /// How many connections came so far.
    public var connectionCount: Int { state.look(\.connections.count) }

    /// What to do with requests from now on.
    public func follow(_ script: @escaping @Sendable (StrictRequest, Int) -> OriginScript) {
        state.change { $0.script = script }
    }

    /// Waits for the first request that is as `wanted`.
    public func wait(atMost limit: Duration = Pace.seconds(30), for wanted: (Recorded) -> Bool) -> Recorded? {
        state.wait(until: .now + limit) { $0.recorded.first(where: wanted) }
    }

    /// Waits until it has closed `count` connections, or the gateway has; false when that takes too long.
    public func hasClosed(_ count: Int, atMost limit: Duration = Pace.seconds(30)) -> Bool {
        state.wait(until: .now + limit) { $0.closedCount >= count ? true : nil } ?? false
    }

    /// Closes the port and all connections.
    public func stop() {
        listener.shutdown(.both)
        let open = state.change { state in
            state.isStopped = true
            return state.connections
        }
        for connection in open { connection.shutdown(.both) }
    }
}

/// A connection's bytes both ways: a socket, or TLS over one.
public protocol ByteStream: Sendable {
    /// See ``Socket/receive(atMost:until:)``.
    func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> Received
    /// See ``Socket/send(_:until:)``.
    func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool
    /// See ``Socket/shutdown(_:)``.
    func shutdown(_ side: Socket.Side)
    /// See ``Socket/reset()``.
    func reset()
    /// See ``Socket/close()``.
    func close()
}

extension Socket: ByteStream {}

/// Longer than any test lets a connection wait.
private let connectionPatience = Pace.seconds(120)

private func serve(
    _ socket: Socket, _ wrap: (Socket) -> (any ByteStream)?, _ state: Monitor<RecordingOrigin.State>
) {
    guard let stream = wrap(socket) else { return }
    let number: Int? = state.change { state in
        guard !state.isStopped else { return nil }
        state.connections.append(stream)
        return state.connections.count - 1
    }
    var connection = OriginConnection(stream: stream, number: number ?? 0, state: state)
    while number != nil, connection.serveOne() {}
    stream.close()
    state.change { $0.closedCount += 1 }
}

/// One connection at an origin, request after request.
private struct OriginConnection {
    let stream: any ByteStream
    let number: Int
    let state: Monitor<RecordingOrigin.State>
    var input: [UInt8] = []
    /// The place of the request in the records; it has one from its first byte on.
    var place: Int?

    /// Serves the next request; false when the connection is over.
    mutating func serveOne() -> Bool {
        place = nil
        if !input.isEmpty { note(input) }
        while StrictHead.end(in: input) == nil {
            guard readMore() else { return false }
        }
        guard let end = StrictHead.end(in: input) else { return false }
        do throws(GrammarError) {
            var request = try StrictRequest(input[..<end])
            input.removeFirst(end + 4)
            record { $0.request = request }
            let script = state.look { $0.script(request, place ?? 0) }
            if script.atHead, !play(script, request) { return false }
            try request.body.take(from: &input)
            record { $0.request = request }
            while !request.body.isComplete {
                guard readMore() else { return false }
                try request.body.take(from: &input)
                record { $0.request = request }
            }
            return script.atHead || play(state.look { $0.script(request, place ?? 0) }, request)
        } catch {
            record { $0.problem = error }
            return false
        }
    }

    private mutating func readMore() -> Bool {
        guard case .bytes(let bytes) = stream.receive(atMost: 65_536, until: .now + connectionPatience) else {
            return false
        }
        note(bytes)
        input += bytes
        return true
    }

    private mutating func note(_ bytes: [UInt8]) {
        if place == nil {
            place = state.change { state in
                state.recorded.append(Recorded(connection: number))
                return state.recorded.count - 1
            }
        }
        record { $0.raw += bytes }
    }

    private func record(_ change: (inout Recorded) -> Void) {
        if let place { state.change { change(&$0.recorded[place]) } }
    }

    /// Plays a script's steps; false when one ended the connection.
    private func play(_ script: OriginScript, _ request: StrictRequest) -> Bool {
        let deadline = ContinuousClock.now + connectionPatience
        for step in script.steps {
            switch step {
            case .send(let bytes): guard stream.send(bytes, until: deadline) else { return false }
            case .usual: guard stream.send(usualAnswer(request), until: deadline) else { return false }
            case .pause(let duration): Gate().pass(atMost: duration.paced)
            case .hold(let gate): gate.pass()
            case .close: return false
            case .reset:
                stream.reset()
                return false
            }
        }
        return true
    }
}

private func usualAnswer(_ request: StrictRequest) -> [UInt8] {
    let body = "up:\(request.target) len=\(request.body.content.count)"
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    return (request.method == "HEAD" ? head : head + body).latin1
}
