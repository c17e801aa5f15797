internal import Crypto
internal import FoundationEssentials

/// A client assertion taken apart: a JWT (RFC 7519) in compact form (RFC 7515 §7.1), of which nothing is believed yet.
struct ClientAssertion {
    /// Longer texts are not looked at.
    static let limitBytes = 32_768

    let header: Header
    let claims: Claims
    /// What is signed: the first two parts with the dot.
    let signedText: [UInt8]
    let signature: [UInt8]

    /// The parts of `text`; a lenient reading takes what Microsoft's libraries leave in them (padding).
    init(_ text: String, isLenient: Bool) throws(EntraFault) {
        guard text.utf8.count <= Self.limitBytes else { throw .malformedAssertion("assertion too long") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformedAssertion("assertion has not three parts") }
        header = try Self.decoded(parts[0], "header", isLenient)
        claims = try Self.decoded(parts[1], "claims", isLenient)
        guard let signature = Self.bytes(parts[2], isLenient) else {
            throw .malformedAssertion("signature is not base64url without padding")
        }
        self.signature = signature
        signedText = Array("\(parts[0]).\(parts[1])".utf8)
    }

    struct Header: Decodable {
        var alg: String
        var typ: String?
        /// The SHA-1 of the certificate.
        var x5t: String?
        /// The SHA-256 of the certificate.
        var x5tS256: String?
        /// The certificate and its issuers, each DER in standard base64.
        var x5c: [String]?
        /// What must be understood; we understand nothing (RFC 7515 §4.1.11).
        var crit: [String]?

        enum CodingKeys: String, CodingKey {
            case alg, typ, x5t, x5c, crit
            case x5tS256 = "x5t#S256"
        }
    }

    struct Claims: Decodable {
        var aud: String
        var iss: String
        var sub: String
        var jti: String
        var exp: NumericDate
        var nbf: NumericDate?
        var iat: NumericDate?

        /// All times that are given.
        var times: [NumericDate] { [exp] + [nbf, iat].compactMap(\.self) }
    }

    /// Seconds since 1970 (RFC 7519 §2).
    struct NumericDate: Decodable {
        var seconds: Int
        var hasFraction: Bool

        init(from decoder: any Decoder) throws {
            let single = try decoder.singleValueContainer()
            if let whole = try? single.decode(Int.self) {
                (seconds, hasFraction) = (whole, false)
                return
            }
            let number = try single.decode(Double.self)
            guard let whole = Int(exactly: number.rounded(.down)) else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "no time")
            }
            (seconds, hasFraction) = (whole, true)
        }
    }

    /// What base64url writes; a lenient reading drops padding.
    static func bytes(_ text: some StringProtocol, _ isLenient: Bool) -> [UInt8]? {
        var characters = Array(text.utf8)
        while isLenient, characters.last == UInt8(ascii: "=") { characters.removeLast() }
        return try? Base64.decode(characters.span, .url)
    }

    private static func decoded<Part: Decodable>(
        _ text: Substring, _ name: String, _ isLenient: Bool
    ) throws(EntraFault) -> Part {
        guard let bytes = bytes(text, isLenient) else {
            throw .malformedAssertion("\(name) is not base64url without padding")
        }
        do {
            return try JSONDecoder().decode(Part.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw .malformedAssertion("\(name): \(error.path.isEmpty ? "not JSON" : "wrong or missing \(error.path)")")
        } catch {
            throw .malformedAssertion("\(name): not JSON")
        }
    }
}
