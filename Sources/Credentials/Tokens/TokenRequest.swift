public import Crypto

/// What a strategy asks of the network.
///
/// The program hands it to its HTTP client, which this room does not know.  Redirects are never followed, nothing is
/// retried on the way, and an answer of more than ``TokenAnswer/bodyLimitBytes`` is a failure.
public struct TokenRequest: Sendable {
    /// The methods that token endpoints know.
    public enum Method: String, Sendable {
        /// Without a body.
        case get = "GET"
        /// With a form.
        case post = "POST"
    }

    /// Whom a `https` endpoint's certificate is to be believed from.
    public enum Trust: Sendable {
        /// The machine's own list of authorities.
        case system
        /// These authorities, and nobody else.
        case authorities(PEM)
        /// The one certificate whose DER has this SHA-1 (20 bytes); its chain, name and dates do not count.
        ///
        /// To be checked before any byte of the request is sent.
        case pinned(sha1: [UInt8])
    }

    /// `GET` or `POST`.
    public var method: Method
    /// Absolute, percent-encoded, `http` or `https`.
    public var url: String
    /// Field lines to send besides `host` and what frames the body, in this order.
    public var fields: [(name: String, value: TokenFieldValue)]
    /// The whole body.
    public var body: Secret?
    /// For a `https` URL.
    public var trust: Trust
    /// For the connection, TLS included.
    public var connectTimeout: Duration
    /// From start to end.
    public var totalTimeout: Duration
    /// True for an endpoint of the platform that we run on: never through a proxy.
    public var isMetadata: Bool

    /// A request of these parts.
    public init(
        method: Method, url: String, fields: [(name: String, value: TokenFieldValue)], body: Secret? = nil,
        trust: Trust = .system, connectTimeout: Duration, totalTimeout: Duration, isMetadata: Bool
    ) {
        (self.method, self.url, self.fields, self.body) = (method, url, fields, body)
        (self.trust, self.connectTimeout, self.totalTimeout) = (trust, connectTimeout, totalTimeout)
        self.isMetadata = isMetadata
    }
}

/// The value of a request's field.
public enum TokenFieldValue: Sendable {
    /// May be seen.
    case text(String)
    /// Must not be seen.
    case secret(Secret)
}

/// What a token endpoint answered.  Its body may hold a token, so it is a ``Secret``.
public struct TokenAnswer: Sendable {
    /// The largest body that is read.
    public static let bodyLimitBytes = 64 << 10

    /// The HTTP status.
    public var status: Int
    /// The field lines; names in any case.
    public var fields: [(name: String, value: String)]
    /// The whole body.
    public var body: Secret

    /// An answer; `body` is copied, and the original is the caller's to overwrite.
    public init(status: Int, fields: [(name: String, value: String)], body: [UInt8]) {
        self.init(status: status, fields: fields, body: Secret(copying: body.span))
    }

    /// An answer whose body is kept safe already.
    public init(status: Int, fields: [(name: String, value: String)], body: Secret) {
        (self.status, self.fields, self.body) = (status, fields, body)
    }
}

/// Why there is no answer.
public struct TransferFailure: Error, Equatable, Sendable {
    /// What happened, with the host if that helps, and no secret: `connection to 169.254.169.254 refused`.
    public var sentence: String
    /// True when time ran out.
    public var isTimeout: Bool
    /// True when trying again may help; a certificate that is not believed stays so.
    public var isTemporary: Bool

    /// See the fields.
    public init(_ sentence: String, isTimeout: Bool = false, isTemporary: Bool = true) {
        (self.sentence, self.isTimeout, self.isTemporary) = (sentence, isTimeout, isTemporary)
    }
}

/// Sends one request and waits for its answer; ends early, with a failure, when its task is cancelled.
public typealias TokenFetch = @Sendable (TokenRequest) async throws(TransferFailure) -> TokenAnswer
