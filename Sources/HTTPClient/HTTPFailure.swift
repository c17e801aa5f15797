/// Why a request got no answer.
public struct HTTPFailure: Error, Equatable, Sendable {
    /// What went wrong, in one word.
    public enum Kind: Equatable, Sendable, CaseIterable {
        /// The request cannot be sent as it is: our own mistake, or the configuration's.
        case request
        /// The name has no address.
        case resolve
        /// Nobody takes the connection, at the server or at the proxy.
        case connect
        /// Time ran out.
        case timeout
        /// The TLS handshake failed.
        case tls
        /// The server's certificate is not believed: its authority, its name, its dates or its thumbprint.
        case certificate
        /// The connection broke before the answer was whole.
        case lost
        /// The answer has a larger head or body than is taken.
        case tooLarge
        /// The answer breaks the rules of HTTP/1.1.
        case answer
        /// The task was cancelled, or the client shut down.
        case cancelled
        /// The client has too much to do, or cannot work at all.
        case unavailable
    }

    /// For code.
    public var kind: Kind
    /// For people: what happened, with host and port, without the URL's path and query and without a secret.
    public var sentence: String

    /// See the fields.
    public init(_ kind: Kind, _ sentence: String) {
        (self.kind, self.sentence) = (kind, sentence)
    }

    /// True when the same request may succeed later without anyone doing anything.
    public var isTemporary: Bool {
        switch kind {
        case .resolve, .connect, .timeout, .tls, .lost, .unavailable: true
        case .request, .certificate, .tooLarge, .answer, .cancelled: false
        }
    }
}

extension HTTPFailure: CustomStringConvertible {
    /// The sentence.
    public var description: String { sentence }
}
