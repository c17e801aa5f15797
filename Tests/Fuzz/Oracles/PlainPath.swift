/// A path read the plain way: cut at its slashes, then each segment decoded (http rules PA-2, PA-2a, PA-6).
struct PlainPath {
    /// The segments that are not empty, decoded once, ASCII letters in lower case.
    var segments: [[UInt8]] = []

    /// `/` and the segment, for each.
    var text: [UInt8] { segments.flatMap { [0x2F] + $0 } }

    /// `nil` when two readers could take the path differently.
    init?(_ path: [UInt8]) {
        for raw in path.split(separator: 0x2F) {
            guard let segment = Self.decoded(raw), Self.isPlain(segment) else { return nil }
            segments.append(segment.map(lowercase))
        }
    }

    private static func decoded(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = raw
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    return nil
                }
                decoded.append(high * 16 + low)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    /// Nothing that a second reader would take for a separator, a control, a parameter, an escape or a dot segment.
    private static func isPlain(_ segment: [UInt8]) -> Bool {
        if segment.contains(where: { $0 < 0x20 || $0 == 0x7F || "/\\;".utf8.contains($0) }) { return false }
        if segment == [0x2E] || segment == [0x2E, 0x2E] { return false }
        for index in segment.indices.dropLast(2) where segment[index] == UInt8(ascii: "%") {
            if hexDigit(segment[index + 1]) != nil, hexDigit(segment[index + 2]) != nil { return false }
        }
        return String(validating: segment, as: UTF8.self) != nil
    }
}

/// A query read the plain way.
enum PlainQuery {
    private static let names = Set(
        ["subscription-key", "api-key", "access_token", "sig", "code"].map { Array($0.utf8) })

    /// True when a key, decoded once where it can be, names a credential (http rule CR-5).
    static func holdsCredential(_ query: [UInt8]) -> Bool {
        query.split(separator: UInt8(ascii: "&")).contains { part in
            names.contains(decoded(part.prefix { $0 != UInt8(ascii: "=") }).map(lowercase))
        }
    }

    private static func decoded(_ key: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = key
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(hexDigit)
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                decoded.append(digits[0] * 16 + digits[1])
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }
}
