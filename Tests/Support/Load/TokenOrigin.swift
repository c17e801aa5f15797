/// A resource and its token endpoint in one, for many requests a second: it knows its tokens, and says so exactly.
///
/// `POST` of `/oauth2/v2.0/token` at the end of a path is the token endpoint; all else is the resource, which answers
/// 200 to a live token and 401 to any other.
public final class TokenOrigin: Sendable {
    /// What it saw, and how it behaves.
    public struct State: Sendable {
        /// Token requests, answered or refused.
        public var tokenRequests = 0
        /// When each token was given.
        public var births: [ContinuousClock.Instant] = []
        /// Requests to the resource.
        public var requests = 0
        /// By how much the most overdue token that the resource was sent was past its end.
        public var latest = Duration.zero
        /// While false, token requests are answered with 503.
        public var isAvailable = true
        /// Tokens that the resource takes no more, by their numbers.
        public var revoked: Set<Int> = []
        /// How long an answer with a token is held back.
        public var latency = Duration.zero
    }

    /// Where it listens.
    public let address: Address
    /// Seconds that a token lives.
    public let lifetime: Int
    /// What it saw, and how it behaves.
    public let state = Monitor(State())
    private let listener: Socket

    /// An origin on a port of its own.
    public init(lifetime: Int) throws {
        self.lifetime = lifetime
        let any = Address.ipv4("127.0.0.1", port: 0)
        let listener = try Socket.listening(on: any)
        (self.listener, address) = (listener, listener.localAddress(of: any))
        startThread { [state] in
            while let client = listener.accept() {
                startThread { Self.serve(client, lifetime: lifetime, state) }
            }
            // Here, where nobody waits for it any more: its number may be another socket's at once.
            listener.close()
        }
    }

    deinit { listener.shutdown(.both) }

    private static func serve(_ client: Socket, lifetime: Int, _ state: Monitor<State>) {
        var bytes: [UInt8] = []
        while true {
            guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else {
                guard case .bytes(let more) = client.receive(until: .now + Pace.seconds(60)) else {
                    return client.close()
                }
                bytes += more
                continue
            }
            let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            let length = field("content-length", in: head).flatMap { Int($0) } ?? 0
            while bytes.count < end.upperBound + length {
                guard case .bytes(let more) = client.receive(until: .now + Pace.seconds(60)) else {
                    return client.close()
                }
                bytes += more
            }
            bytes.removeFirst(end.upperBound + length)
            let answer = answer(to: head, lifetime: lifetime, state)
            guard client.send(Array(answer.utf8), until: .now + Pace.seconds(60)) else { return client.close() }
        }
    }

    private static func answer(to head: String, lifetime: Int, _ state: Monitor<State>) -> String {
        let target = head.split(separator: " ", maxSplits: 2).dropFirst().first ?? ""
        guard target.hasSuffix("/oauth2/v2.0/token") else { return resource(head, lifetime: lifetime, state) }
        let (number, latency) = state.change { state in
            state.tokenRequests += 1
            guard state.isAvailable else { return (0, Duration.zero) }
            state.births.append(.now)
            return (state.births.count, state.latency)
        }
        if latency > .zero { Pacing.wait(until: .now + latency) }
        guard number > 0 else { return text("503 Service Unavailable", #"{"error":"temporarily_unavailable"}"#) }
        return text("200 OK", #"{"token_type":"Bearer","expires_in":\#(lifetime),"access_token":"token-\#(number)"}"#)
    }

    private static func resource(_ head: String, lifetime: Int, _ state: Monitor<State>) -> String {
        let number = field("authorization", in: head).flatMap { Int($0.dropFirst("Bearer token-".count)) } ?? 0
        let isGood = state.change { state in
            state.requests += 1
            guard number > 0, number <= state.births.count, !state.revoked.contains(number) else { return false }
            state.latest = max(state.latest, state.births[number - 1].duration(to: .now) - .seconds(lifetime))
            return true
        }
        return isGood ? text("200 OK", "{}") : text("401 Unauthorized", #"{"error":{"code":"Denied"}}"#)
    }

    private static func field(_ name: String, in head: String) -> Substring? {
        for line in head.split(separator: "\r\n").dropFirst() where line.lowercased().hasPrefix(name + ":") {
            return line.dropFirst(name.count + 1).drop { $0 == " " }
        }
        return nil
    }

    private static func text(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
