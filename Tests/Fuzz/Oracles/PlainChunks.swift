import HTTP1

/// A chunked body read the plain way, whole (RFC 9112 §7.1 with the limits of http rules CK-1 to CK-4, TR-1 to TR-3).
enum PlainChunks {
    /// Bytes of one size line, and of all extensions of a body.
    private static let lineLimit = 256
    private static let extensionLimit = 16 * 1024

    /// The data and the offset behind the body; `nil` when it is not complete or not well-formed.
    static func decode(_ bytes: [UInt8], _ limits: HeadLimits) -> (data: [UInt8], end: Int)? {
        var data: [UInt8] = []
        var rest = bytes[...]
        var extensionBytes = 0
        while true {
            guard let line = takeLine(&rest), line.count <= lineLimit else { return nil }
            let digits = line.prefix { hexDigit($0) != nil }
            guard (1...16).contains(digits.count) else { return nil }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
            let extensions = line.dropFirst(digits.count)
            // Its line end counts as well.
            if !extensions.isEmpty { extensionBytes += extensions.count + 1 }
            guard isExtensions(extensions), extensionBytes <= extensionLimit else { return nil }
            if size == 0 { break }
            guard size <= rest.count - 2 else { return nil }
            data += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [0x0D, 0x0A]) else { return nil }
            rest = rest.dropFirst(2)
        }
        return skipTrailer(&rest, limits) ? (data, rest.startIndex) : nil
    }

    /// The bytes before the next CR LF, which is taken too; no control but HTAB may stand in them.
    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let line = rest.prefix { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
        let behind = rest[line.endIndex...]
        guard behind.starts(with: [0x0D, 0x0A]) else { return nil }
        rest = behind.dropFirst(2)
        return line
    }

    /// `*( ";" token [ "=" ( token / quoted-string ) ] )`.
    private static func isExtensions(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        while !rest.isEmpty {
            guard rest.removeFirst() == UInt8(ascii: ";"), takeToken(&rest) else { return false }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            let isValue = rest.first == UInt8(ascii: "\"") ? takeQuoted(&rest) : takeToken(&rest)
            guard isValue else { return false }
        }
        return true
    }

    private static func takeToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let token = rest.prefix(while: isToken)
        rest = rest.dropFirst(token.count)
        return !token.isEmpty
    }

    private static func takeQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
        }
        return false
    }

    private static func skipTrailer(_ rest: inout ArraySlice<UInt8>, _ limits: HeadLimits) -> Bool {
        let start = rest.startIndex
        var count = 0
        while let line = takeLine(&rest) {
            guard rest.startIndex - start <= limits.headBytes else { return false }
            if line.isEmpty { return true }
            count += 1
            let name = line.prefix(while: isToken)
            guard !name.isEmpty, line.dropFirst(name.count).first == UInt8(ascii: ":") else { return false }
            guard line.count <= limits.fieldLineBytes, count <= limits.fieldCount else { return false }
        }
        return false
    }
}
