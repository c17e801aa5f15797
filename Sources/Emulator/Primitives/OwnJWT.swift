internal import Crypto
internal import FoundationEssentials

/// Tokens that only this run of the emulator makes and believes: JWTs (RFC 7519) with HS256 and a secret that nobody
/// else has, so that none needs to be kept.
struct OwnJWT: Sendable {
    private let key: HMACKey

    /// A maker with a new secret.
    init(randomness: RandomBytes) { key = HMACKey(randomness.bytes(32).span) }

    /// A token that says `claims`.
    func token(saying claims: some Encodable) -> String {
        let head = Base64.text(of: encodedJSON(Header()).span, .url)
        let signed = head + "." + Base64.text(of: encodedJSON(claims).span, .url)
        return "\(signed).\(Base64.text(of: key.sign(signed.utf8.span).span, .url))"
    }

    /// What `token` says, or nothing when it was not made here.  Its time is the caller's to check.
    func claims<Claims: Decodable>(of token: String, as type: Claims.Type) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let signed = Array("\(parts[0]).\(parts[1])".utf8)
        guard let bytes = try? Base64.decode(Array(parts[2].utf8).span, .url),
            let signature = SHA256Digest(bytes.span), signature == key.sign(signed.span),
            let payload = try? Base64.decode(Array(parts[1].utf8).span, .url)
        else { return nil }
        return try? JSONDecoder().decode(type, from: Data(payload))
    }

    private struct Header: Encodable {
        var alg = "HS256"
        var kid = "emulator"
        var typ = "JWT"
    }
}
