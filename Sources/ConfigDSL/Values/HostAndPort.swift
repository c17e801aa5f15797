internal import Bytes

/// `host`, `host:port`, `[v6]` or `[v6]:port`, cut apart.
struct HostAndPort: Equatable {
    /// Lower case; an IPv6 address in its canonical text, without brackets.
    var host: String
    /// What stands behind the last colon; `nil` without one.
    var port: String?

    /// `nil` when the host is neither a name nor an address.
    init?(_ text: String) {
        var host = Substring(text)
        if host.first == "[" {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[end...].dropFirst()
            guard let address = IPAddress(String(host[..<end].dropFirst())), address.isVersion6 else { return nil }
            guard rest.isEmpty || rest.first == ":" else { return nil }
            self.host = address.text
            port = rest.isEmpty ? nil : String(rest.dropFirst())
            return
        }
        if let colon = host.lastIndex(of: ":") {
            port = String(host[colon...].dropFirst())
            host = host[..<colon]
        }
        guard let name = HostName.canonical(String(host)) else { return nil }
        self.host = name
    }
}

/// Names of hosts.
enum HostName {
    /// `name` in lower case: letters, digits, `-` and `_` in labels of 1 to 63, 253 bytes in all, or an IPv4 address.
    ///
    /// `nil` for anything else: a name of digits alone that is no address is what `inet_aton` reads its own way.
    static func canonical(_ name: String) -> String? {
        let bytes = name.utf8.map(ASCII.lowercased)
        guard (1...253).contains(bytes.count) else { return nil }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x5F }
        }
        guard isName, let last = labels.last else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // A last label that begins with a digit is a number to resolvers (WHATWG URL, "ends in a number").
        if let first = last.first, ASCII.isDigit(first), IPAddress(text) == nil { return nil }
        return text
    }
}
