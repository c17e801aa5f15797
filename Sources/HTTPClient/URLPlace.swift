internal import Bytes

/// Where a URL leads: its scheme and its authority, once all of its text was found plain.
///
/// Stricter than RFC 3986 and than libcurl's own parser: no user, no fragment, no byte that would have to be
/// percent-encoded, so that both read the same.
struct URLPlace: Equatable {
    /// True for `https`, false for `http`.
    let isEncrypted: Bool
    /// `HOST` or `HOST:PORT`, brackets of an IPv6 address included.
    let authority: String
    /// True when nothing, or only `/`, follows the authority.
    let isWhole: Bool

    /// Reads `url`; a failure tells what is wrong without showing the URL, which may hold a secret.
    init(_ url: String) throws(HTTPFailure) {
        guard url.utf8.count <= CheckedRequest.urlLimitBytes else {
            throw HTTPFailure(.request, "a URL has more than \(CheckedRequest.urlLimitBytes) bytes")
        }
        let isEncrypted = url.hasPrefix("https://")
        guard isEncrypted || url.hasPrefix("http://") else {
            throw HTTPFailure(.request, "a URL does not begin with `https://` or `http://`")
        }
        let rest = url.utf8.dropFirst(isEncrypted ? 8 : 7)
        guard rest.allSatisfy(Self.isPlain) else {
            throw HTTPFailure(.request, "a URL has a character that must be percent-encoded")
        }
        let authority = rest.prefix { $0 != 0x2F && $0 != 0x3F }
        guard Self.isAuthority(authority) else {
            throw HTTPFailure(.request, "a URL has no plain `HOST` or `HOST:PORT` after its `//`")
        }
        self.isEncrypted = isEncrypted
        self.authority = String(decoding: authority, as: UTF8.self)
        isWhole = rest.count == authority.count || rest.dropFirst(authority.count).elementsEqual([0x2F])
    }

    /// Unreserved and reserved characters of RFC 3986 §2, and `%`; without `#`, which starts a fragment.
    private static func isPlain(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~:/?[]@!$&'()*+,;=%".utf8.contains(byte)
    }

    private static func isAuthority(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first else { return false }
        let host: Substring.UTF8View
        if first == 0x5B {
            guard let close = text.firstIndex(of: 0x5D) else { return false }
            let address = text[..<close].dropFirst()
            guard address.count >= 2,
                address.allSatisfy({ ASCII.hexValue($0) != nil || $0 == 0x3A || $0 == 0x2E })
            else { return false }
            host = text[...close]
        } else {
            host = text.prefix { $0 != 0x3A }
            let isName = host.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
            }
            guard isName, !host.isEmpty, host.count <= 255 else { return false }
        }
        let port = text.dropFirst(host.count)
        guard port.first == 0x3A else { return port.isEmpty }
        let digits = port.dropFirst()
        guard digits.count <= 5, digits.allSatisfy(ASCII.isDigit) else { return false }
        return Int(String(decoding: digits, as: UTF8.self)).map { 1...65_535 ~= $0 } ?? false
    }
}
