/// A request as the emulator received it, before anything in it is believed.
///
/// The HTTP parser has already refused what breaks the grammar, so method, target and names are ASCII; a value that is
/// not UTF-8 holds U+FFFD where it is not, and no check accepts such a value.
struct EmulatedRequest: Equatable, Sendable {
    /// As on the request line.
    var method: String
    /// The request target, byte for byte as on the request line.
    var target: String
    /// Every field line in the order of arrival, names as they were spelled.
    var fields: [EmulatedField]
    /// The content, transfer coding removed; empty when there was none.
    var body: [UInt8]
    /// When its last byte came, in seconds since 1970 UTC.
    var receivedAtSeconds: Int
    /// Whether it came from this machine: the journal answers nobody else.
    var peerIsLoopback: Bool

    /// A request; the defaults suit one without content from this machine.
    init(
        method: String, target: String, fields: [EmulatedField] = [], body: [UInt8] = [], receivedAtSeconds: Int,
        peerIsLoopback: Bool = true
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
        self.receivedAtSeconds = receivedAtSeconds
        self.peerIsLoopback = peerIsLoopback
    }

    /// The values of all field lines named `name` (given in lower case), in order of arrival.
    func values(of name: String) -> [String] {
        fields.filter { $0.lowercasedName == name }.map(\.value)
    }
}

/// One field line of a request or an answer.
struct EmulatedField: Equatable, Sendable, Codable {
    /// The name as spelled.
    var name: String
    /// The value without the blanks around it.
    var value: String

    /// The line `name: value`.
    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The name with A–Z folded, and nothing else: names are bytes, not text.
    var lowercasedName: String { name.asciiLowercased }
}
