/// Reading `timeouts`, `body`, `retries` and `limits`: each over the values that hold so far.
extension Settings {
    /// The settings of `defaults`.
    init(decoding fields: inout FieldReader) {
        self.init()
        timeouts.read(&fields, Timeouts.Key.allCases, elsewhere: "")
        body.read(&fields, isRoute: false)
        retries.read(&fields)
        limits.read(&fields)
    }
}

extension Timeouts {
    /// The keys of `timeouts`.
    enum Key: String, CaseIterable {
        case connect
        case requestHead = "request_head"
        case requestBody = "request_body"
        case responseHead = "response_head"
        case responseBody = "response_body"
        case idle
        case total

        /// What a listener sets again: what holds before a route is known.
        static let ofListener: [Key] = [.requestHead, .idle]
        /// What a route sets again.
        static let ofRoute: [Key] = [.connect, .requestBody, .responseHead, .responseBody, .total]
    }

    private static func path(_ key: Key) -> WritableKeyPath<Timeouts, Duration> {
        switch key {
        case .connect: \.connect
        case .requestHead: \.requestHead
        case .requestBody: \.requestBody
        case .responseHead: \.responseHead
        case .responseBody: \.responseBody
        case .idle: \.idle
        case .total: \.total
        }
    }

    /// Reads the section `timeouts`, in which `keys` have a meaning; for any other, `elsewhere` says where it has one.
    mutating func read(_ fields: inout FieldReader, _ keys: [Key], elsewhere: String) {
        var timeouts = self
        fields.section("timeouts") { section in
            for key in keys {
                let path = Self.path(key)
                timeouts[keyPath: path] = section.optional(
                    key.rawValue, default: timeouts[keyPath: path], Duration.parse)
            }
            section.refuse(Key.allCases.filter { !keys.contains($0) }.map(\.rawValue), help: elsewhere)
        }
        self = timeouts
    }
}

extension BodyLimits {
    /// Large enough for any service, small enough to be counted in an `Int` by everyone.
    private static let bounds = 0...(1 << 40)

    /// Reads the section `body`.
    mutating func read(_ fields: inout FieldReader, isRoute: Bool) {
        var body = self
        fields.section("body") { section in
            body.maxBytes = section.optional("max", default: body.maxBytes, ByteSize.parse(within: Self.bounds))
            body.memoryBytes = section.optional(
                "memory", default: body.memoryBytes, ByteSize.parse(within: Self.bounds))
            if isRoute {
                section.refuse(["total"], help: "it counts all requests together: set it in `defaults`")
            } else {
                body.totalBytes = section.optional(
                    "total", default: body.totalBytes, ByteSize.parse(within: Self.bounds))
            }
            if body.memoryBytes > body.totalBytes, section.has("memory") {
                section.report(
                    .memoryBeyondTotal, "`memory` is more than `total`, which counts all bodies together",
                    at: section.valuePlace(of: "memory"),
                    help: "a body of more than `total` is refused with 503; raise `total` or lower `memory`")
            }
        }
        self = body
    }
}

extension RetryLimits {
    /// Reads the section `retries`.
    mutating func read(_ fields: inout FieldReader) {
        let current = attempts
        attempts =
            fields.section("retries") { section in
                section.optional("attempts", default: current, Int.parse(within: 1...10))
            } ?? current
    }
}

extension ConnectionLimits {
    /// Reads the section `limits`.
    ///
    /// A head is held in memory while it comes in, one for each connection: that bounds its parts.
    mutating func read(_ fields: inout FieldReader) {
        var limits = self
        fields.section("limits") { section in
            let count = Int.parse(within: 1...1_000_000_000)
            let bytes = ByteSize.parse(within: 64...(1 << 20))
            limits.connections = section.optional("connections", default: limits.connections, count)
            limits.connectionsPerAddress = section.optional(
                "connections_per_address", default: limits.connectionsPerAddress, count)
            limits.requestsPerConnection = section.optional(
                "requests_per_connection", default: limits.requestsPerConnection, count)
            limits.requestLineBytes = section.optional("request_line", default: limits.requestLineBytes, bytes)
            limits.fieldLineBytes = section.optional("field_line", default: limits.fieldLineBytes, bytes)
            limits.headBytes = section.optional("head", default: limits.headBytes, bytes)
            limits.fieldCount = section.optional("fields", default: limits.fieldCount, Int.parse(within: 1...10_000))
        }
        self = limits
    }
}
