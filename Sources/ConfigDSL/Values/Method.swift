internal import Bytes

/// Methods in a `match`.
enum Method {
    /// A method that may be forwarded: 1 to 32 of A–Z and `-`.
    static func parse(_ scalar: Scalar) throws(ValueError) -> String {
        let bytes = scalar.text.utf8
        let isToken = bytes.allSatisfy { ASCII.isLetter($0) || $0 == UInt8(ascii: "-") }
        guard isToken, (1...32).contains(bytes.count) else {
            throw ValueError(.badMethod, "is no method", help: "write it like `GET`, one item a method")
        }
        let upper = String(decoding: bytes.map { ASCII.isLetter($0) ? $0 & 0xDF : $0 }, as: UTF8.self)
        if ["CONNECT", "TRACE", "TRACK"].contains(upper) {
            throw ValueError(.badMethod, "is a method that is never forwarded", help: "leave it out")
        }
        if upper != scalar.text {
            let help = scalar.isLiteral ? "did you mean `\(upper)`?" : "methods are compared letter by letter"
            throw ValueError(.badMethod, "is not in upper case", help: help)
        }
        return upper
    }
}

/// The host in a `match`.
enum MatchHost {
    /// A name or address in lower case, without port; an IPv6 address in brackets.
    static func parse(_ scalar: Scalar) throws(ValueError) -> String {
        guard let parts = HostAndPort(scalar.text) else {
            throw ValueError(
                .badHost, "is not the name of a host",
                help: "write a name, an IPv4 address or an IPv6 address in brackets; patterns are not supported")
        }
        if parts.port != nil {
            throw ValueError(.badHost, "has a port", help: "the name alone is compared: leave the port out")
        }
        return parts.host.utf8.contains(UInt8(ascii: ":")) ? "[\(parts.host)]" : parts.host
    }
}
