internal import Bytes

/// A numeric address: IPv4 as four decimal numbers, IPv6 as RFC 4291 §2.2 writes it.
struct IPAddress: Hashable {
    /// 4 or 16 bytes.
    let bytes: [UInt8]

    var isVersion6: Bool { bytes.count == 16 }

    /// 127.0.0.0/8 and ::1, also as ::ffff:127.x.x.x.
    var isLoopback: Bool {
        if !isVersion6 { return bytes[0] == 127 }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF { return bytes[12] == 127 }
        return bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// An address that no router on the Internet forwards: RFC 1918 §3, RFC 3927, RFC 4193, RFC 4291 §2.5.6.
    var isPrivate: Bool {
        if isVersion6 { return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }
        switch (bytes[0], bytes[1]) {
        case (10, _), (172, 16...31), (192, 168), (169, 254): return true
        case _: return false
        }
    }

    /// 0.0.0.0 and ::, which stand for every address.
    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// `nil` for anything that is not exactly an address: leading zeros, short forms and zones are refused.
    init?(_ text: String) {
        guard let bytes = Self.version4(Substring(text)) ?? Self.version6(text) else { return nil }
        self.bytes = bytes
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part -> UInt8? in
            guard part.utf8.count <= 3, part == "0" || part.first != "0" else { return nil }
            return Int(decimal: String(part)).flatMap(UInt8.init(exactly:))
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func version6(_ text: String) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let all = groups(Substring(text))
            return all?.count == 16 ? all : nil
        }
        guard let front = groups(text[..<gap.lowerBound], mayEndInVersion4: false),
            let back = groups(text[gap.upperBound...])
        else {
            return nil
        }
        // `::` stands for at least one group.
        let missing = 16 - front.count - back.count
        return missing >= 2 ? front + [UInt8](repeating: 0, count: missing) + back : nil
    }

    /// Groups of up to four digits between single colons, the last perhaps an IPv4 address, as bytes.
    private static func groups(_ text: Substring, mayEndInVersion4: Bool = true) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndInVersion4, index == parts.count - 1, let tail = version4(part) {
                bytes += tail
            } else if (1...4).contains(part.utf8.count), let group = UInt16(hexadecimal: part) {
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            } else {
                return nil
            }
        }
        return bytes
    }

    /// The canonical text (RFC 5952 for IPv6), without brackets.
    var text: String {
        if !isVersion6 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        let words = groups.map { String($0, radix: 16) }
        guard let gap = Self.longestZeros(groups) else { return words.joined(separator: ":") }
        return words[..<gap.lowerBound].joined(separator: ":") + "::" + words[gap.upperBound...].joined(separator: ":")
    }

    /// The first of the longest runs of two or more zero groups.
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
            if end - start >= 2, end - start > best?.count ?? 0 { best = start..<end }
            start = end + 1
        }
        return best
    }
}

extension UInt16 {
    /// Hexadecimal digits alone; a sign, which the library's initializer takes, is none.
    fileprivate init?(hexadecimal text: Substring) {
        guard text.utf8.allSatisfy({ ASCII.hexValue($0) != nil }), let value = UInt16(text, radix: 16) else {
            return nil
        }
        self = value
    }
}
