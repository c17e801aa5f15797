public import Crypto

/// What a server answered: the final answer, redirects and errors included, as it came.
public struct HTTPAnswer: Sendable {
    /// The status, from 200 to 599.
    public var status: Int
    /// The field lines of the head in order; names as they came, blanks around values removed.
    public var fields: [(name: String, value: String)]
    /// The whole body, chunks put together.  It may hold a token, so it is a ``Crypto/Secret``.
    public var body: Secret

    /// An answer of these parts.
    public init(status: Int, fields: [(name: String, value: String)], body: Secret) {
        (self.status, self.fields, self.body) = (status, fields, body)
    }
}
