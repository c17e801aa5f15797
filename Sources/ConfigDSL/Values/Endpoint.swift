internal import Bytes

/// An origin (RFC 6454): scheme, host and port, and nothing else.
public struct Endpoint: Hashable, Sendable {
    /// The schemes that are spoken.
    public enum Scheme: String, Sendable {
        /// In clear.
        case http
        /// Over TLS.
        case https

        /// The port that goes without saying.
        public var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            }
        }
    }

    /// `http` or `https`.
    public let scheme: Scheme
    /// A name or an address, lower case; an IPv6 address without its brackets.
    public let host: String
    /// 1 to 65535.
    public let port: Int

    /// True when the port goes without saying.
    public var isDefaultPort: Bool { port == scheme.defaultPort }

    /// What goes into a Host field: the host, and the port unless it goes without saying.
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return isDefaultPort ? name : "\(name):\(port)"
    }

    /// The host and the port, whatever the scheme.
    public var hostAndPort: String { isDefaultPort ? "\(authority):\(port)" : authority }

    /// `scheme://authority`.
    public var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// True when the host is this machine for certain: `localhost`, 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        host == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// True when the host is this machine, or an address that stays within the network it is in.
    public var isNearby: Bool {
        isLoopback || IPAddress(host)?.isPrivate == true
    }

    /// Reads `scheme://host[:port]`, with at most a `/` behind it.
    public static func parse(_ scalar: Scalar) throws(ValueError) -> Endpoint {
        let text = try String.parse(scalar)
        do throws(ValueError) {
            return try Endpoint(text)
        } catch {
            var error = error
            if scalar.isLiteral, let meant = meant(by: text) { error.help = "did you mean `\(meant.origin)`?" }
            throw error
        }
    }

    /// `text` with a scheme before it, or without what does not belong to an origin.
    private static func meant(by text: String) -> Endpoint? {
        guard let mark = text.firstRange(of: "://") else { return try? Endpoint("https://" + text) }
        let authority = text[mark.upperBound...].prefix { !"/?#".contains($0) }
        return try? Endpoint(String(text[..<mark.upperBound]) + authority)
    }

    /// Reads `scheme://host[:port]`, with at most a `/` behind it.  The error never holds the text.
    public init(_ text: String) throws(ValueError) {
        guard let mark = text.firstRange(of: "://") else {
            throw Self.malformed("has no scheme", help: "write `https://` in front")
        }
        let word = String(decoding: text[..<mark.lowerBound].utf8.map(ASCII.lowercased), as: UTF8.self)
        guard let scheme = Scheme(rawValue: word) else {
            throw Self.malformed("has a scheme that is not spoken", help: "it takes `https://` or `http://`")
        }
        var authority = text[mark.upperBound...]
        if let end = authority.firstIndex(where: { "/?#\\".contains($0) }) {
            guard authority[end...] == "/" else {
                throw Self.malformed(
                    "has more than scheme, host and port", help: "leave all behind the host and its port out")
            }
            authority = authority[..<end]
        }
        if authority.contains("@") {
            throw Self.malformed("has a user name in it", help: "leave all before the `@` out")
        }
        let (host, port) = try Self.split(authority)
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
    }

    private static func split(_ authority: Substring) throws(ValueError) -> (host: String, port: Int?) {
        guard let parts = HostAndPort(String(authority)) else {
            let isASCII = authority.utf8.allSatisfy { $0 < 0x80 }
            throw malformed(
                "has no proper host",
                help: isASCII
                    ? "a host is a name, an IPv4 address or an IPv6 address in brackets"
                    : "write the name in its ASCII form, `xn--…`")
        }
        guard let text = parts.port else { return (parts.host, nil) }
        guard text.utf8.count <= 5, let port = Int(decimal: text), 1...65_535 ~= port else {
            throw malformed("has no proper port", help: "a port is a number from 1 to 65535")
        }
        return (parts.host, port)
    }

    private static func malformed(_ message: String, help: String) -> ValueError {
        ValueError(.badOrigin, message, help: help)
    }
}
