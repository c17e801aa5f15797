public import Bytes
public import Crypto

/// A bearer token and how long it may be used.
///
/// Immutable, and shared by whoever is about to send it; its text is overwritten when the last of them lets go.
public final class AccessToken: Sendable {
    /// Stands for the text: the same text has the same serial.  It says nothing about the text.
    public let serial: UInt64
    /// Just before it was asked for: from here its life is counted.
    public let requestedAt: TokenInstant
    /// From here on it must not be sent.
    public let expiresAt: TokenInstant
    /// How long after ``requestedAt`` another should be fetched: what the endpoint said, else half of its life.
    let refreshIn: Duration
    private let text: Secret

    /// A token for `lifetime` from `requestedAt`; `refreshIn` counts only when it lies within that.
    public init(_ text: Secret, requestedAt: TokenInstant, lifetime: Duration, refreshIn: Duration? = nil) {
        self.text = text
        self.requestedAt = requestedAt
        expiresAt = requestedAt.advanced(by: lifetime)
        let isWithinLife = refreshIn.map { $0 > .zero && $0 < lifetime } ?? false
        self.refreshIn = isWithinLife ? refreshIn ?? lifetime / 2 : lifetime / 2
        serial = text.withBytes { SHA256.digest(of: $0).span.word(at: 0) }
    }

    /// True as long as it may be sent.
    public func isUsable(at now: TokenInstant) -> Bool {
        now.nanoseconds < expiresAt.nanoseconds && now.unixNanoseconds < expiresAt.unixNanoseconds
    }

    /// Of the text.
    var digest: SHA256Digest { text.withBytes { SHA256.digest(of: $0) } }

    /// Appends the text of the token.
    public func write(to head: inout ByteBuffer) {
        text.withBytes { head.append($0) }
    }
}

extension AccessToken: Equatable {
    /// The same text for the same time.
    public static func == (one: AccessToken, other: AccessToken) -> Bool {
        one.serial == other.serial && one.requestedAt == other.requestedAt && one.expiresAt == other.expiresAt
    }
}
