/// So many requests a second, spread over a few connections, whatever becomes of them.
///
/// Each connection has its own times to send at, and one that had to wait catches up.
public final class PacedLoad: Sendable {
    /// One request and what came of it.
    public struct Sample: Sendable {
        /// When it was sent.
        public var sentAt: ContinuousClock.Instant
        /// The status; 0 when the connection broke.
        public var status: Int
        /// What `x-ms-error-code` said; empty when there was none.
        public var code: String
        /// What `retry-after` said; empty when there was none.
        public var retryAfter: String
    }

    private struct State {
        var isOver = false
        var running: Int
        var samples: [Sample] = []
    }

    private let state: Monitor<State>

    /// Begins to send `request`, a GET, to `address`.
    public init(_ request: String, to address: Address, perSecond: Int, connections: Int = 10) throws {
        state = Monitor(State(running: connections))
        let bytes = Array(request.utf8)
        let step = Duration.seconds(1) * connections / perSecond
        let start = ContinuousClock.now
        for index in 0..<connections {
            let socket = try Socket.connected(to: address)
            let first = start + step * index / connections
            startThread { [state] in Self.run(socket, bytes, from: first, every: step, state) }
        }
    }

    /// Waits until some sample is as wanted; false once `limit` has passed.  A look now and then, since there are many.
    public func wait(atMost limit: Duration, until isWanted: (Sample) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + limit
        var seen = 0
        while ContinuousClock.now < deadline {
            let (found, count) = state.look { state in
                (state.samples[seen...].contains(where: isWanted), state.samples.count)
            }
            if found { return true }
            seen = count
            Pacing.wait(until: .now + Pace.milliseconds(20))
        }
        return false
    }

    /// Ends it and gives all samples, in the order of sending.
    public func stop() -> [Sample] {
        state.change { $0.isOver = true }
        _ = state.wait(until: .now + Pace.seconds(30)) { $0.running == 0 ? true : nil }
        return state.look { $0.samples.sorted { $0.sentAt < $1.sentAt } }
    }

    private static func run(
        _ socket: Socket, _ request: [UInt8], from first: ContinuousClock.Instant, every step: Duration,
        _ state: Monitor<State>
    ) {
        var next = first
        while !state.look(\.isOver) {
            Pacing.wait(until: next)
            next += step
            let sentAt = ContinuousClock.now
            let answer = exchange(request, over: socket)
            state.change { state in
                state.samples.append(
                    Sample(
                        sentAt: sentAt, status: answer?.status ?? 0, code: answer?.code ?? "",
                        retryAfter: answer?.retryAfter ?? ""))
            }
            if answer == nil { break }
        }
        socket.close()
        state.change { $0.running -= 1 }
    }

    private static func exchange(
        _ request: [UInt8], over socket: Socket
    ) -> (status: Int, code: String, retryAfter: String)? {
        guard socket.send(request, until: .now + Pace.seconds(20)) else { return nil }
        var bytes: [UInt8] = []
        while true {
            guard case .bytes(let more) = socket.receive(until: .now + Pace.seconds(20)) else { return nil }
            bytes += more
            guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { continue }
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            func field(_ name: String) -> String {
                lines.first { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
                    ?? ""
            }
            guard let length = Int(field("content-length")), let status = Int(lines[0].dropFirst(9).prefix(3)) else {
                return nil
            }
            if bytes.count == end.upperBound + length {
                return (status, field("x-ms-error-code"), field("retry-after"))
            }
            if bytes.count > end.upperBound + length { return nil }
        }
    }
}
