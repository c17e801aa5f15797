internal import Bytes
internal import ConfigDSL
internal import Crypto

/// The address of a token endpoint: an origin, a path, and perhaps a query.
struct TokenURL: Sendable {
    let origin: Endpoint
    /// Begins with `/`.
    let path: String
    /// Without its `?`; `nil` when there is none.
    let query: String?

    /// Reads an absolute `http` or `https` URL.  The error never holds the text.
    init(_ text: String) throws(ValueError) {
        guard let mark = text.firstRange(of: "://") else {
            throw ValueError(.badTokenURL, "has no scheme", help: "write `https://` or `http://` in front")
        }
        let end = text[mark.upperBound...].firstIndex { "/?#".contains($0) } ?? text.endIndex
        do throws(ValueError) {
            origin = try Endpoint(String(text[..<end]))
        } catch {
            throw ValueError(.badTokenURL, error.message, help: error.help)
        }
        let rest = text[end...]
        guard rest.utf8.allSatisfy(Self.isURLByte), !rest.utf8.contains(UInt8(ascii: "#")) else {
            throw ValueError(
                .badTokenURL, "has a character that does not belong there", help: "percent-encode it, or leave it out")
        }
        let question = rest.firstIndex(of: "?") ?? rest.endIndex
        path = rest[..<question].isEmpty ? "/" : String(rest[..<question])
        query = question == rest.endIndex ? nil : String(rest[question...].dropFirst())
    }

    /// This origin with another path.
    init(_ origin: Endpoint, path: String) {
        (self.origin, self.path, query) = (origin, path, nil)
    }

    /// The URL with `items` behind what query it has, their values percent-encoded.
    func text(with items: [(name: String, value: String)] = []) -> String {
        var text = origin.origin + path
        var separator = query == nil ? "?" : "&"
        if let query {
            text += "?\(query)"
            if query.isEmpty { separator = "" }
        }
        for item in items {
            text += "\(separator)\(item.name)=\(PercentEncoding.text(of: item.value))"
            separator = "&"
        }
        return text
    }

    /// RFC 3986 §2: what may stand in a path, a query or a fragment.
    private static func isURLByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
    }
}

/// Percent-encoding (RFC 3986 §2.1), for queries and for forms: all but unreserved characters.
enum PercentEncoding {
    /// Appends `bytes`, encoded.
    static func append(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        for index in bytes.indices {
            let byte = bytes[index]
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~".utf8.contains(byte) {
                buffer.append(byte)
            } else {
                buffer.append("%")
                buffer.append(upperHexDigit(byte >> 4))
                buffer.append(upperHexDigit(byte & 0xF))
            }
        }
    }

    /// `text`, encoded.
    static func text(of text: String) -> String {
        var buffer = ByteBuffer()
        append(text.utf8.span, to: &buffer)
        return buffer.span.text
    }

    /// `secret`, encoded.
    static func secret(of secret: Secret) -> Secret {
        var buffer = ByteBuffer(capacity: 3 * secret.count)
        defer { buffer.wipe() }
        secret.withBytes { append($0, to: &buffer) }
        return Secret(copying: buffer.span)
    }

    private static func upperHexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
