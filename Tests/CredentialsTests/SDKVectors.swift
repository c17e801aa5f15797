import Crypto
import FoundationEssentials
import Support
import Testing

/// `vectors/hmac.json`: requests as the official Python SDKs sign them, and connection strings.
struct SDKVectors: Decodable, Sendable {
    var vectors: [SignatureVector]
    var connectionStrings: [ConnectionStringVector]

    enum CodingKeys: String, CodingKey {
        case vectors
        case connectionStrings = "connection_strings"
    }

    static let all: SDKVectors =
        (try? JSONDecoder().decode(SDKVectors.self, from: Data(Fixtures.bytes("vectors/hmac.json"))))
        ?? SDKVectors(vectors: [], connectionStrings: [])
}

/// One signed request.
struct SignatureVector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var method: String
    var url: String
    var bodyBase64: String
    var accessKeyBase64: String
    var date: String
    var expect: Expectation

    struct Expectation: Decodable, Sendable {
        var host: String
        var digest: String
        var stringToSign: String
        var authorization: String

        enum CodingKeys: String, CodingKey {
            case host, authorization
            case digest = "x-ms-content-sha256"
            case stringToSign = "string_to_sign"
        }
    }

    enum CodingKeys: String, CodingKey {
        case name, method, url, expect
        case bodyBase64 = "body_base64"
        case accessKeyBase64 = "access_key_base64"
        case date = "x_ms_date"
    }

    var testDescription: String { name }

    func key() throws -> Secret { try Secret(base64: accessKeyBase64.utf8.span) }

    func body() throws -> [UInt8] { try Base64.decode(bodyBase64.utf8.span) }

    /// What stands before the first `/` or `?` behind the scheme, and the request target from there on.
    var parts: (origin: String, target: String) {
        let afterScheme = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let end = afterScheme.firstIndex { "/?#".contains($0) } ?? url.endIndex
        let target = url[end...].prefix { $0 != "#" }
        return (String(url[..<end]), target.hasPrefix("/") ? String(target) : "/" + target)
    }

    /// The field lines that go out.
    var fieldLines: [String] {
        [
            "x-ms-date: \(date)", "x-ms-content-sha256: \(expect.digest)", "authorization: \(expect.authorization)",
        ]
    }
}

/// One connection string.
struct ConnectionStringVector: Decodable, Sendable {
    var connectionString: String

    enum CodingKeys: String, CodingKey {
        case connectionString = "connection_string"
    }
}
