import Crypto
import FoundationEssentials
import Support
import Testing

@testable import Emulator

/// One signed request of `hmac.json`: what the Python SDK and an independent implementation agree on.
struct SigningVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Expectation: Decodable, Sendable {
        var host: String
        var digest: String
        var authorization: String

        enum CodingKeys: String, CodingKey {
            case host, authorization
            case digest = "x-ms-content-sha256"
        }
    }

    var name: String
    var method: String
    var url: String
    var body: String
    var accessKey: String
    var date: String
    var expect: Expectation

    enum CodingKeys: String, CodingKey {
        case name, method, url, expect
        case body = "body_base64"
        case accessKey = "access_key_base64"
        case date = "x_ms_date"
    }

    var testDescription: String { name }

    static func all() throws -> [SigningVector] {
        try JSONDecoder().decode(SigningVectorFile.self, from: Data(Fixtures.bytes("vectors/hmac.json"))).vectors
    }

    func key() throws -> HMACKey {
        let bytes = try Base64.decode(accessKey.utf8.span)
        return HMACKey(bytes.span)
    }

    /// The request as it stands on the wire at the time of its date.
    ///
    /// The method is upper case there: a vector in lower case shows what the signer is handed, not what is sent.
    func request() throws -> EmulatedRequest {
        EmulatedRequest(
            method: String(decoding: method.utf8.map { $0 & 0xDF }, as: UTF8.self), target: target,
            fields: [
                EmulatedField("Host", expect.host), EmulatedField("x-ms-date", date),
                EmulatedField("x-ms-content-sha256", expect.digest),
                EmulatedField("Authorization", expect.authorization),
            ], body: try Base64.decode(body.utf8.span),
            receivedAtSeconds: try #require(ServiceTime.seconds(ofIMFFixdate: date)))
    }

    /// The request with one byte changed, in each place that is signed or is the signature.
    func mutants(of request: EmulatedRequest) -> [Mutant] {
        var mutants: [Mutant] = []
        for text in mutations(of: request.method) { mutants.append(Mutant("method", request) { $0.method = text }) }
        for text in mutations(of: request.target) { mutants.append(Mutant("target", request) { $0.target = text }) }
        for (index, field) in request.fields.enumerated() {
            for text in mutations(of: field.value) {
                mutants.append(Mutant(field.name, request) { $0.fields[index].value = text })
            }
        }
        // Bodies can be long: the first, the middle and the last byte stand for all.
        let count = request.body.count
        for index in [0, count / 2, count - 1] where index >= 0 && index < count {
            mutants.append(Mutant("body byte \(index)", request) { $0.body[index] ^= 1 })
        }
        mutants.append(Mutant("longer body", request) { $0.body.append(0) })
        return mutants
    }

    private var target: String {
        let rest = url.drop { $0 != ":" }.dropFirst(3)
        let target = rest.drop { $0 != "/" }
        return String(target.prefix { $0 != "#" })
    }

    /// `text` with each one of its bytes changed to another that it could be.
    private func mutations(of text: String) -> [String] {
        text.utf8.indices.map { index in
            var bytes = Array(text.utf8)
            let offset = text.utf8.distance(from: text.utf8.startIndex, to: index)
            bytes[offset] = bytes[offset] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

/// A request that differs from a good one in one byte.
struct Mutant {
    var what: String
    var request: EmulatedRequest

    init(_ what: String, _ request: EmulatedRequest, _ edit: (inout EmulatedRequest) -> Void) {
        self.what = what
        self.request = request
        edit(&self.request)
    }
}

/// The vectors' file.
private struct SigningVectorFile: Decodable { var vectors: [SigningVector] }
