internal import Bytes
internal import Crypto

/// The one kind of 401 that says what the next token must hold: `Bearer … error="insufficient_claims", claims="…"`
/// (RFC 6750 §3; the claims are base64 or base64url of a JSON text, with or without padding).
enum ClaimsChallenge {
    private static let limitBytes = 8192

    /// The claims in the value of `WWW-Authenticate`, or `nil` when no challenge in it is of that kind.
    static func claims(in value: Span<UInt8>) -> String? {
        guard value.count <= limitBytes else { return nil }
        for challenge in AuthenticationChallenge.list(in: value) where challenge.scheme == "bearer" {
            guard challenge["error"] == "insufficient_claims", let encoded = challenge["claims"] else { continue }
            return decoded(encoded)
        }
        return nil
    }

    private static func decoded(_ encoded: String) -> String? {
        var standard = encoded.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        while standard.last == "=" { standard.removeLast() }
        standard += String(repeating: "=", count: (4 - standard.count % 4) % 4)
        guard let bytes = try? Base64.decode(Array(String(standard).utf8).span),
            let claims = String(validating: bytes, as: UTF8.self), claims.first == "{"
        else { return nil }
        return claims
    }
}

/// One challenge of a `WWW-Authenticate` field, its names in lower case.
///
///     challenge  = scheme [ 1*SP ( token68 / [ parameter *( OWS "," OWS parameter ) ] ) ]
///     parameter  = token BWS "=" BWS ( token / quoted-string )
///
/// Source: RFC 9110 §11.6.1.  A list of challenges is separated like their parameters are, so a name without `=` behind
/// it begins the next one.
struct AuthenticationChallenge {
    let scheme: String
    private var parameters: [(name: String, value: String)] = []

    /// The value of the parameter `name`; `nil` when there is none, or two.
    subscript(_ name: String) -> String? {
        let found = parameters.filter { $0.name == name }
        return found.count == 1 ? found[0].value : nil
    }

    /// All challenges in `value`, as far as it follows the grammar.
    static func list(in value: Span<UInt8>) -> [AuthenticationChallenge] {
        var list: [AuthenticationChallenge] = []
        var position = 0
        while true {
            skip(&position, value) { isBlank($0) || $0 == UInt8(ascii: ",") }
            let word = take(&position, value, isTokenByte)
            guard !word.isEmpty else { return list }
            let end = position
            skip(&position, value, isBlank)
            guard position < value.count, value[position] == UInt8(ascii: "=") else {
                position = end
                list.append(AuthenticationChallenge(scheme: word.lowercased()))
                continue
            }
            // `=` at the end of a token68 has no value behind it, and is nobody's parameter.
            skip(&position, value) { $0 == UInt8(ascii: "=") }
            skip(&position, value, isBlank)
            guard let text = parameterValue(&position, value) else { return list }
            if !list.isEmpty { list[list.count - 1].parameters.append((word.lowercased(), text)) }
        }
    }

    private init(scheme: String) { self.scheme = scheme }

    /// A token or a quoted string, its escapes undone; `nil` for one that does not end.
    private static func parameterValue(_ position: inout Int, _ value: Span<UInt8>) -> String? {
        guard position < value.count, value[position] == UInt8(ascii: "\"") else {
            return take(&position, value, isTokenByte)
        }
        position += 1
        var text: [UInt8] = []
        while position < value.count, value[position] != UInt8(ascii: "\"") {
            if value[position] == UInt8(ascii: "\\") { position += 1 }
            guard position < value.count else { return nil }
            text.append(value[position])
            position += 1
        }
        guard position < value.count else { return nil }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

    /// Of a token, and of a token68.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        0x21...0x7E ~= byte && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\"")
    }

    private static func take(_ position: inout Int, _ value: Span<UInt8>, _ isWanted: (UInt8) -> Bool) -> String {
        let start = position
        skip(&position, value, isWanted)
        return value.extracting(start..<position).text
    }

    private static func skip(_ position: inout Int, _ value: Span<UInt8>, _ isSkipped: (UInt8) -> Bool) {
        while position < value.count, isSkipped(value[position]) { position += 1 }
    }
}
