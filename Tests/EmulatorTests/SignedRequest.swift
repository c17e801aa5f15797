import Bytes
import Crypto
import HTTP1

@testable import Emulator

/// A point of time for tests, and how it is written.
let testTime = (seconds: 1_795_424_887, date: "Mon, 23 Nov 2026 09:08:07 GMT")

/// The key of the emulated resource in tests.
let testKey = HMACKey(Array("an access key for tests".utf8).span)

/// A resource with ``testKey``, whose ids are the same in each run.
func testResource(_ behaviour: EmulatorBehaviour = EmulatorBehaviour(), scheme: String = "https") -> EmulatedResource {
    EmulatedResource(
        accessKeys: [testKey], tokens: EntraTokens(randomness: .seeded(8)), scheme: scheme, behaviour: behaviour,
        randomness: .seeded(7))
}

/// A request signed as the service wants it, from scratch and not by the code under test.
func signedRequest(
    _ method: String, _ target: String, json: String? = nil, fields: [EmulatedField] = [], key: HMACKey = testKey,
    atSeconds now: Int = testTime.seconds
) -> EmulatedRequest {
    let body = Array((json ?? "").utf8)
    let date = HTTPDate.bytes(secondsSince1970: now).span.text
    let digest = Base64.text(of: SHA256.digest(of: body.span).span)
    let text = "\(method)\n\(target)\n\(date);contoso.communication.azure.com;\(digest)"
    let signature = Base64.text(of: key.sign(text.utf8.span).span)
    var signed = [
        EmulatedField("Host", "contoso.communication.azure.com"),
        EmulatedField("x-ms-date", date),
        EmulatedField("x-ms-content-sha256", digest),
        EmulatedField(
            "Authorization",
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=\(signature)"),
    ]
    if json != nil { signed.append(EmulatedField("Content-Type", "application/json")) }
    return EmulatedRequest(
        method: method, target: target, fields: signed + fields, body: body, receivedAtSeconds: now)
}

/// A request with a user's token instead of a signature.
func bearerRequest(
    _ method: String, _ target: String, token: String, json: String? = nil, atSeconds now: Int = testTime.seconds
) -> EmulatedRequest {
    var fields = [
        EmulatedField("Host", "contoso.communication.azure.com"),
        EmulatedField("Authorization", "Bearer \(token)"),
    ]
    if json != nil { fields.append(EmulatedField("Content-Type", "application/json")) }
    return EmulatedRequest(
        method: method, target: target, fields: fields, body: Array((json ?? "").utf8), receivedAtSeconds: now)
}

extension EmulatedAnswer {
    /// The content as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The text between `"name":"` and the next quote: enough to read our own answers.
    func string(_ name: String) -> String? {
        guard let range = text.firstRange(of: "\"\(name)\":\"") else { return nil }
        return String(text[range.upperBound...].prefix { $0 != "\"" })
    }
}

extension EmulatedRequest {
    /// The same with the first value of the field `name` replaced.
    func replacing(_ name: String, with value: String) -> EmulatedRequest {
        var copy = self
        guard let index = fields.firstIndex(where: { $0.lowercasedName == name }) else { return copy }
        copy.fields[index].value = value
        return copy
    }

    /// The same without the field `name`.
    func removing(_ name: String) -> EmulatedRequest {
        var copy = self
        copy.fields.removeAll { $0.lowercasedName == name }
        return copy
    }

    /// The same with one more field line.
    func adding(_ name: String, _ value: String) -> EmulatedRequest {
        var copy = self
        copy.fields.append(EmulatedField(name, value))
        return copy
    }
}
