internal import Bytes
internal import Crypto

/// A body of `application/x-www-form-urlencoded` (WHATWG URL §5), with blanks as `%20`.
struct TokenForm: ~Copyable {
    /// What the `Content-Type` field says.
    static let contentType = "application/x-www-form-urlencoded"

    private var buffer = ByteBuffer()

    /// Adds a field that may be seen.
    mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        PercentEncoding.append(value.utf8.span, to: &buffer)
    }

    /// Adds a field that must not be seen.
    mutating func add(_ name: StaticString, _ value: Secret) {
        begin(name)
        value.withBytes { PercentEncoding.append($0, to: &buffer) }
    }

    /// The whole body; nothing of it is left here.
    consuming func body() -> Secret {
        defer { buffer.wipe() }
        return Secret(copying: buffer.span)
    }

    private mutating func begin(_ name: StaticString) {
        // A block that is given up for a larger one is not overwritten: no body needs a larger one.
        if buffer.isEmpty { buffer.reserve(Self.capacityBytes) } else { buffer.append("&") }
        buffer.append(name)
        buffer.append("=")
    }

    private static let capacityBytes = 256 << 10
}
