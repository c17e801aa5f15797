internal import Bytes

/// Credentials do not travel in a query (http rule CR-5): it is refused, not cleaned, since cleaning would change what
/// is signed.
enum QueryRules {
    private static let longestName = 16

    /// True when a key of `query`, percent-decoded once, names a credential.
    static func holdsCredential(_ query: Span<UInt8>) -> Bool {
        var position = 0
        while position < query.count {
            var key = InlineArray<16, UInt8>(repeating: 0)
            var length = 0
            while position < query.count, query[position] != 0x26, query[position] != 0x3D {
                let byte = decoded(query, at: &position)
                if length < longestName { key[length] = ASCII.lowercased(byte) }
                length += 1
            }
            if length <= longestName, isCredential(key.span.extracting(..<length)) { return true }
            while position < query.count, query[position] != 0x26 { position &+= 1 }
            position &+= 1
        }
        return false
    }

    private static func decoded(_ query: Span<UInt8>, at position: inout Int) -> UInt8 {
        let byte = query[position]
        position &+= 1
        guard byte == 0x25, position &+ 1 < query.count, let high = ASCII.hexValue(query[position]),
            let low = ASCII.hexValue(query[position &+ 1])
        else { return byte }
        position &+= 2
        return high << 4 | low
    }

    private static func isCredential(_ key: Span<UInt8>) -> Bool {
        switch key.count {
        case 3: key.equals("sig")
        case 4: key.equals("code")
        case 7: key.equals("api-key")
        case 12: key.equals("access_token")
        case 16: key.equals("subscription-key")
        case _: false
        }
    }
}
