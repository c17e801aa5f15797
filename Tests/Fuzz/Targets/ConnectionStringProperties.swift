import ConfigDSL
import Crypto

@testable import Credentials

/// A resource's connection string.
///
/// - It is accepted exactly when a plain reading finds both parts, once, and nothing else, with the same values.
/// - Written anew from what was read, it reads the same.
/// - An error holds nothing of a long value.
enum ConnectionStringProperties {
    static func check(_ script: inout Script) {
        let text = script.text
        let plain = PlainParts(text)
        do throws(ConnectionStringError) {
            let read = try ConnectionString(Secret(copying: text.span))
            let key = bytes(read.key)
            require(plain?.endpoint == read.endpoint, "the endpoint")
            require(plain?.key == key, "the key")
            require(!key.isEmpty, "a key is not empty")
            require(read.endpoint.scheme == .https || read.endpoint.isLoopback, "in clear to this machine only")
            rewrite(read, key)
        } catch {
            require(plain == nil, "what has its form is accepted: \(error)")
            keepsQuiet(error, text)
        }
    }

    private static func rewrite(_ read: ConnectionString, _ key: [UInt8]) {
        let text = "ACCESSKEY = \(PlainBase64.encode(key)) ;; endpoint= \(read.endpoint.origin)/;"
        guard let again = try? ConnectionString(Secret(copying: text)) else {
            return require(false, "what was read is accepted when written anew")
        }
        require(again.endpoint == read.endpoint && bytes(again.key) == key, "written anew it is the same")
    }

    /// Long enough not to stand in one of our sentences by chance.
    private static let tellingLength = 16

    private static func keepsQuiet(_ error: ConnectionStringError, _ text: [UInt8]) {
        let shown = Array(error.description.utf8)
        for part in text.split(separator: UInt8(ascii: ";")) {
            // Whatever is twice as long holds one of these pieces whole.
            for start in stride(from: part.startIndex, through: part.endIndex - tellingLength, by: tellingLength) {
                let piece = text[start..<start + tellingLength]
                require(!holds(shown, piece), "an error shows nothing of the string")
            }
        }
    }

    private static func bytes(_ secret: Secret) -> [UInt8] {
        secret.withBytes { span in span.indices.map { span[$0] } }
    }
}

/// The parts of a connection string, read the plain way.
private struct PlainParts {
    var endpoint: Endpoint
    var key: [UInt8]

    init?(_ text: [UInt8]) {
        var values: [[UInt8]: [UInt8]] = [:]
        for part in text.split(separator: UInt8(ascii: ";")).map({ trimmed(Array($0)) }) where !part.isEmpty {
            guard part.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else { return nil }
            guard let mark = part.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let name = trimmed(Array(part[..<mark])).map(lowercase)
            guard values.updateValue(trimmed(Array(part[(mark + 1)...])), forKey: name) == nil else { return nil }
        }
        guard values.count == 2, let origin = values[Array("endpoint".utf8)],
            let base64 = values[Array("accesskey".utf8)], let key = PlainBase64.decode(base64), !key.isEmpty,
            let endpoint = try? Endpoint(String(decoding: origin, as: UTF8.self)),
            endpoint.scheme == .https || endpoint.isLoopback
        else { return nil }
        (self.endpoint, self.key) = (endpoint, key)
    }
}

/// Base64 read the plain way: a number of bits at a time (RFC 4648 §4).
private enum PlainBase64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                text.append(place > group.count ? UInt8(ascii: "=") : digits[bits >> (18 - 6 * place) & 63])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `nil` for all that ``encode(_:)`` would write otherwise.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in text where byte != UInt8(ascii: "=") {
            guard let digit = digits.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | digit) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return Array(encode(bytes).utf8) == text ? bytes : nil
    }
}
