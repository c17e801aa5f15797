internal import Bytes
internal import Crypto

/// The one kind of 401 that says what the next token must hold: `Bearer … error="insufficient_claims", claims="…"`
/// (RFC 6750 §3; the claims are base64 or base64url of a JSON text, with or without padding).
enum ClaimsChallenge {
    private static let limitBytes = 8192

    /// The claims in the value of `WWW-Authenticate`, or `nil` when it is no such challenge.
    static func claims(in value: Span<UInt8>) -> String? {
        guard value.count <= limitBytes else { return nil }
        let text = value.text
        guard text.lowercased().hasPrefix("bearer"), parameter("error", of: text) == "insufficient_claims",
            let encoded = parameter("claims", of: text)
        else { return nil }
        var standard = encoded.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        while standard.last == "=" { standard.removeLast() }
        standard += String(repeating: "=", count: (4 - standard.count % 4) % 4)
        guard let bytes = try? Base64.decode(Array(String(standard).utf8).span),
            let claims = String(validating: bytes, as: UTF8.self), claims.first == "{"
        else { return nil }
        return claims
    }

    /// The quoted value of the parameter `name`.
    private static func parameter(_ name: String, of challenge: String) -> String? {
        var rest = challenge[...]
        while let found = rest.firstRange(of: name + "=\"") {
            let isWhole =
                found.lowerBound == rest.startIndex || " ,\t".contains(rest[rest.index(before: found.lowerBound)])
            rest = rest[found.upperBound...]
            guard isWhole else { continue }
            guard let end = rest.firstIndex(of: "\"") else { return nil }
            return String(rest[..<end])
        }
        return nil
    }
}
