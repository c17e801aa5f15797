public import Crypto

/// One request of the control plane: for a token, a key set, a secret.
///
/// What it holds is checked when it is sent (``HTTPClient/send(_:)``), so that nothing reaches the wire that libcurl or
/// a server could read in another way than it was meant.
public struct HTTPRequest: Sendable {
    /// The methods that the control plane needs.
    public enum Method: Sendable {
        /// Without a body.
        case get
        /// With ``HTTPRequest/body``, or an empty one.
        case post
    }

    /// Whom to believe that a server is who it says it is.
    public enum Trust: Sendable {
        /// The machine's own list of authorities.
        case system
        /// These authorities, and nobody else.
        case authorities(PEM)
        /// The one certificate whose DER has this SHA-1 (20 bytes); its chain, names and dates count for nothing.
        ///
        /// It is compared within the TLS handshake, before any byte of the request is sent.  For Service Fabric's
        /// token endpoint.  Never together with a proxy, and each time on a connection of its own.
        case pinned(sha1: [UInt8])
    }

    /// What stands between us and the server.
    public enum Proxy: Sendable {
        /// Nothing, whatever the environment says.
        case none
        /// A tunnel (`CONNECT`) through `http://HOST:PORT`; for `https` requests only, so that it sees no request.
        case url(String, user: ProxyUser? = nil)
    }

    /// Name and password that a proxy wants (`Basic`, RFC 7617).
    public struct ProxyUser: Sendable {
        /// Without a colon.
        public var name: String
        /// UTF-8 without a NUL byte.
        public var password: Secret

        /// See the fields.
        public init(name: String, password: Secret) {
            (self.name, self.password) = (name, password)
        }
    }

    /// Bytes of an answer's body when nothing else is said: tokens, their errors and key sets are far smaller.
    public static let usualAnswerLimitBytes = 65_536

    /// `GET` or `POST`.
    public var method: Method
    /// Absolute, `https://…` or `http://…`, percent-encoded, without user and fragment; sent as it is written here.
    public var url: String
    /// Field lines, sent in this order.  What frames the message or steers the connection is ours to write, not here.
    public var fields: [HTTPField]
    /// The whole body of a `POST`.
    public var body: Secret?
    /// For an `https` URL.
    public var trust: Trust
    /// From the name's resolution to the end of the TLS handshake; at least 1 ms.
    public var connectTimeout: Duration
    /// From start to end, connecting included; at least 1 ms.
    public var totalTimeout: Duration
    /// Lets an `http` URL through: for metadata endpoints of the platform, and loopback.
    public var allowsPlaintext: Bool
    /// The largest body that is taken, in bytes; a larger one is a failure.
    public var answerLimitBytes: Int
    /// Metadata endpoints never have one.
    public var proxy: Proxy

    /// A request of these parts.
    public init(
        _ method: Method, _ url: String, fields: [HTTPField] = [], body: Secret? = nil, trust: Trust = .system,
        connectTimeout: Duration = .seconds(5), totalTimeout: Duration = .seconds(30), allowsPlaintext: Bool = false,
        answerLimitBytes: Int = HTTPRequest.usualAnswerLimitBytes, proxy: Proxy = .none
    ) {
        (self.method, self.url, self.fields, self.body, self.trust) = (method, url, fields, body, trust)
        (self.connectTimeout, self.totalTimeout) = (connectTimeout, totalTimeout)
        (self.allowsPlaintext, self.answerLimitBytes, self.proxy) = (allowsPlaintext, answerLimitBytes, proxy)
    }
}

/// One field line of a request.
public struct HTTPField: Sendable {
    /// What it says.
    public enum Value: Sendable {
        /// May be seen.
        case text(String)
        /// Must not be seen.
        case secret(Secret)
    }

    /// A token (RFC 9110 §5.1), written as it stands.
    public var name: String
    /// Visible ASCII, with blanks inside only.
    public var value: Value

    /// A line whose value may be seen.
    public init(_ name: String, _ value: String) {
        (self.name, self.value) = (name, .text(value))
    }

    /// A line whose value must not be seen.
    public init(_ name: String, _ value: Secret) {
        (self.name, self.value) = (name, .secret(value))
    }
}
