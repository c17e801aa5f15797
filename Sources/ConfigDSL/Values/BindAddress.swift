internal import Bytes

/// Where a listener listens: `host:port`, `[v6]:port` or `unix:/path`.
public enum BindAddress: Hashable, Sendable {
    /// A numeric address in its canonical text (IPv6 without brackets), and a port; 0 lets the system choose one.
    case tcp(host: String, port: UInt16)
    /// A path of at most 107 bytes.
    case unix(path: String)

    /// The longest path of a unix socket (`sun_path` of unix(7), without its last NUL).
    static let longestPath = 107

    /// True when only this machine can connect.
    public var isLocal: Bool {
        switch self {
        case .tcp(let host, _): IPAddress(host)?.isLoopback ?? false
        case .unix: true
        }
    }

    /// Reads an address; a relative path of a unix socket is left so.
    static func parse(_ scalar: Scalar) throws(ValueError) -> BindAddress {
        let text = try String.parse(scalar)
        if text.hasPrefix("unix:") { return try unix(String(text.dropFirst(5))) }
        if text.hasPrefix("fd:") {
            throw ValueError(.badBind, "names a socket of systemd", help: "this version does not support `fd:`")
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            let help = Int(decimal: text) == nil ? "write `ADDRESS:PORT` or `unix:/PATH`" : "write `127.0.0.1:PORT`"
            throw ValueError(.badBind, "has no port", help: help)
        }
        let port = String(text[colon...].dropFirst())
        guard port.utf8.count <= 5, let number = Int(decimal: port).flatMap(UInt16.init(exactly:)) else {
            throw ValueError(.badBind, "has no proper port", help: "a port is a number from 0 to 65535")
        }
        return .tcp(host: try host(String(text[..<colon])), port: number)
    }

    private static func host(_ text: String) throws(ValueError) -> String {
        if text == "localhost" { return "127.0.0.1" }
        if text.hasPrefix("["), text.hasSuffix("]"), let address = IPAddress(String(text.dropFirst().dropLast())),
            address.isVersion6
        {
            return address.text
        }
        if let address = IPAddress(text) {
            if !address.isVersion6 { return address.text }
            throw ValueError(.badBind, "has an IPv6 address without brackets", help: "write `[ADDRESS]:PORT`")
        }
        if text.isEmpty || text == "*" {
            throw ValueError(.badBind, "has no address", help: "every address of this machine is `0.0.0.0` or `[::]`")
        }
        throw ValueError(
            .badBind, "has a host that is no numeric address",
            help: "write an address of this machine, like `127.0.0.1` or `[::1]`")
    }

    /// `path` without empty and `.` segments, so that one socket has one spelling; `..` stays, for links.
    static func tidied(_ path: String) -> String {
        let segments = path.split(separator: "/").filter { $0 != "." }
        return (path.hasPrefix("/") ? "/" : "") + segments.joined(separator: "/")
    }

    private static func unix(_ path: String) throws(ValueError) -> BindAddress {
        if path.isEmpty || path.hasSuffix("/") {
            throw ValueError(.badBind, "names no socket file", help: "write `unix:/run/NAME.sock`")
        }
        if path.hasPrefix("@") || path.utf8.contains(0) {
            throw ValueError(
                .badBind, "names an abstract socket, which has no permissions",
                help: "write `unix:/run/NAME.sock`")
        }
        return .unix(path: path)
    }
}

/// Permission bits, as quoted octal: `"0660"`.
enum FileMode {
    /// Three octal digits with a zero before them.
    static func parse(_ scalar: Scalar) throws(ValueError) -> UInt16 {
        let digits = scalar.text.utf8
        let isOctal = (3...4).contains(digits.count) && digits.allSatisfy { 0x30...0x37 ~= $0 }
        if isOctal, digits.count == 4, digits.first == 0x30, let mode = UInt16(scalar.text, radix: 8) { return mode }
        let isClose = isOctal && digits.count == 3 && scalar.isLiteral
        throw ValueError(
            .badMode, "does not have the form of permission bits",
            help: isClose ? "did you mean `\"0\(scalar.shown)\"`?" : "write octal digits in quotes, like `\"0660\"`")
    }
}
