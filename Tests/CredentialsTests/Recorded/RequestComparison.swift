import Bytes
import Crypto
import Support
import Testing

@testable import Credentials

/// Compares a request of ours with a recorded one, in what matters to the endpoint.
struct RequestComparison {
    var recorded: RecordedCase.Call
    var ours: TokenRequest
    var isPinned: Bool

    /// Fields that endpoints look at; those of telemetry and of tracing are not sent.
    private static let comparedFields = ["content-type", "metadata", "x-identity-header", "secret", "authorization"]

    func compare() throws {
        #expect(ours.method.rawValue == recorded.method)
        #expect(URLParts(ours.url) == URLParts(recorded.url))
        let fields = ours.texts
        for name in Self.comparedFields {
            #expect(fields[name] == recorded.fields[name], "field \(name)")
        }
        var (expected, form) = (recorded.form, ours.form)
        expected["client_info"] = nil
        // JSON may be written with other blanks.
        expected["claims"] = try expected["claims"].map(canonical)
        form["claims"] = try form["claims"].map(canonical)
        if recorded.assertion != nil {
            expected["client_assertion"] = nil
            let assertion = form.removeValue(forKey: "client_assertion")
            try compareAssertion(try #require(assertion))
        }
        // A file's line end is no part of the token.
        expected["client_assertion"] = expected["client_assertion"].map { String($0.prefix { $0 != "\n" }) }
        #expect(form == expected)
        #expect(ours.isMetadata == !ours.url.contains("/oauth2/v2.0/token"))
        if case .pinned(let sha1) = ours.trust {
            #expect(isPinned && sha1 == [UInt8](repeating: 0xA1, count: 20))
        } else {
            #expect(!isPinned)
        }
    }

    private func canonical(_ json: String) throws -> String {
        let value = JSONParser.parse(json.utf8.span)
        return try #require(value).written.withBytes { $0.text }
    }

    /// A clean JWS (RFC 7515): what is particular to the recording, such as padding and fractions, is not copied.
    private func compareAssertion(_ assertion: String) throws {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
        try #require(parts.count == 3)
        let decoded = try parts.map { part in try Base64.decode(part.span, .url) }
        let (header, claims, signature) = (decoded[0], decoded[1], decoded[2])
        let (first, second) = (JSONParser.parse(header.span), JSONParser.parse(claims.span))
        try compareHeader(try #require(first))
        try compareClaims(try #require(second))
        let signed = Array("\(String(decoding: parts[0], as: UTF8.self)).".utf8) + parts[1]
        let verifier = try SignatureVerifier(certificate: PEM(file: Fixtures.root + "certificates/leaf.pem"))
        let isRS256 = recorded.assertion?["header"]?["alg"]?.text == "RS256"
        let isValid = verifier.isValid(signature.span, of: signed.span, by: isRS256 ? .rs256 : .ps256)
        #expect(isValid)
    }

    private func compareHeader(_ header: JSONValue) throws {
        let expected = try #require(recorded.assertion?["header"])
        #expect(header["alg"]?.text == expected["alg"]?.text)
        #expect(header["typ"]?.text == "JWT")
        let isRS256 = expected["alg"]?.text == "RS256"
        #expect(header["x5t"]?.text == (isRS256 ? "8jiqHTOrWfAnQEgCZk11_KB5c-Y" : nil))
        #expect(header["x5t#S256"]?.text == (isRS256 ? nil : "Wzw7D-vsauEXQ6Yu0KUp4Q2RH4tvQw1ObaaXxX1CFBU"))
        let chain = expected["x5c"]?.items.compactMap { $0.text?.filter { $0 != "\n" } }
        #expect(header["x5c"]?.items.compactMap(\.text) == chain)
    }

    private func compareClaims(_ claims: JSONValue) throws {
        let expected = try #require(recorded.assertion?["claims"])
        #expect(claims.names == ["aud", "iss", "sub", "jti", "iat", "nbf", "exp"])
        for name in ["aud", "iss", "sub"] { #expect(claims[name]?.text == expected[name]?.text) }
        let now = Int(RecordedCase.now.unixSeconds)
        for (name, value) in [("iat", now), ("nbf", now - 30), ("exp", now + 600)] {
            guard case .number(let text)? = claims[name] else {
                Issue.record("`\(name)` is no number")
                continue
            }
            #expect(text == "\(value)")
        }
        #expect(claims["jti"]?.text?.utf8.count == 36)
    }
}

/// A URL whose query is read, so that its spelling and its order do not count.
private struct URLParts: Equatable {
    var address: String
    var query: [String: String]

    init(_ url: String) {
        let parts = url.split(separator: "?", maxSplits: 1)
        address = String(parts[0])
        query = parts.count == 2 ? FormText.fields(String(parts[1])) : [:]
    }
}

/// Reads a query, or a form.
enum FormText {
    static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for item in text.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[decoded(parts[0])] = parts.count == 2 ? decoded(parts[1]) : ""
        }
        return fields
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = Hex.decode(Array(rest.prefix(2)).span) {
                bytes += value
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TokenRequest {
    /// The fields, names in lower case.
    var texts: [String: String] {
        var texts: [String: String] = [:]
        for (name, value) in fields {
            switch value {
            case .text(let text): texts[name.lowercased()] = text
            case .secret(let secret): texts[name.lowercased()] = secret.withBytes { $0.text }
            }
        }
        return texts
    }

    /// The body as a form.
    var form: [String: String] { body.map { $0.withBytes { FormText.fields($0.text) } } ?? [:] }
}
