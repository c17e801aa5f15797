/// What is counted of one route's requests in one worker.
public struct RouteMeter: Sendable {
    /// How one exchange went.
    public struct Exchange: Sendable {
        /// What the client was sent; 0 for nothing.
        public var status: Int
        /// From the request's first byte to the answer's last one.
        public var nanoseconds: Int64
        /// Sends to the resource.
        public var attempts: Int
        /// Of the request's body.
        public var requestBytes: Int
        /// Of the answer's body.
        public var answerBytes: Int

        /// See the fields.
        public init(status: Int, nanoseconds: Int64, attempts: Int, requestBytes: Int, answerBytes: Int) {
            (self.status, self.nanoseconds, self.attempts) = (status, nanoseconds, attempts)
            (self.requestBytes, self.answerBytes) = (requestBytes, answerBytes)
        }
    }

    /// Upper ends of the duration's buckets, in nanoseconds; behind the last there is one more, without an end.
    static let bucketEnds: InlineArray<12, Int64> = [
        2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000,
        2_500_000_000, 10_000_000_000, 60_000_000_000,
    ]

    /// Where each counter stands in the row.
    enum Column {
        /// `2xx`, `3xx`, `4xx`, `5xx` and no answer: five.
        static let outcomes = 0
        static let requestBytes = 5
        static let answerBytes = 6
        static let retries = 7
        static let nanoseconds = 8
        /// One more than there are ends of buckets.
        static let buckets = 9
    }

    let row = CounterRow()

    /// An exchange has ended.
    public func ended(_ exchange: Exchange) {
        let outcome = exchange.status / 100
        row.add(1, at: Column.outcomes + (2...5 ~= outcome ? outcome - 2 : 4))
        row.add(exchange.requestBytes, at: Column.requestBytes)
        row.add(exchange.answerBytes, at: Column.answerBytes)
        if exchange.attempts > 1 { row.add(exchange.attempts - 1, at: Column.retries) }
        let nanoseconds = max(exchange.nanoseconds, 0)
        row.add(Int(nanoseconds), at: Column.nanoseconds)
        var bucket = 0
        while bucket < Self.bucketEnds.count, nanoseconds > Self.bucketEnds[bucket] { bucket &+= 1 }
        row.add(1, at: Column.buckets + bucket)
    }
}

/// What is counted of one listener's connections in one worker.
public struct ListenerMeter: Sendable {
    enum Column {
        static let accepted = 0
        static let refused = 1
        static let open = 2
    }

    let row = CounterRow()

    /// A connection was taken.
    public func accepted() {
        row.add(1, at: Column.accepted)
        row.add(1, at: Column.open)
    }

    /// A connection was closed at once: its address has too many, or there is no room for it.
    public func refused() { row.add(1, at: Column.refused) }

    /// A connection that was taken is closed.
    public func closed() { row.add(-1, at: Column.open) }
}

/// What is counted of one resource's connections in one worker.
public struct ResourceMeter: Sendable {
    enum Column {
        static let opened = 0
        static let reused = 1
        static let failed = 2
    }

    let row = CounterRow()

    /// An attempt got a new connection.
    public func opened() { row.add(1, at: Column.opened) }

    /// An attempt got one that was open already.
    public func reused() { row.add(1, at: Column.reused) }

    /// An attempt got none.
    public func failed() { row.add(1, at: Column.failed) }
}

/// What is counted in one worker, whatever the route.
public struct WorkerMeter: Sendable {
    enum Column {
        static let inFlight = 0
        /// By the reason's number.
        static let reasons = 1
    }

    /// The most kinds of answers of our own that can be told apart.
    public static let reasonLimit = CounterRow.width - Column.reasons

    let row = CounterRow()

    /// A request's head is complete.
    public func began() { row.add(1, at: Column.inFlight) }

    /// What began has ended, whichever way.
    public func ended() { row.add(-1, at: Column.inFlight) }

    /// The gateway itself answered, for the reason with this number.
    public func answered(reason: Int) {
        if reason < Self.reasonLimit { row.add(1, at: Column.reasons + reason) }
    }
}
