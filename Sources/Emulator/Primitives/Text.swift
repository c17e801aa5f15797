internal import Bytes
internal import Crypto

extension String {
    /// A–Z folded to a–z.  Not `lowercased()`, to which U+212A is a `k`.
    var asciiLowercased: String {
        String(decoding: utf8.map(ASCII.lowercased), as: UTF8.self)
    }

    /// A UUID's 36 characters, in either case (RFC 9562 §4).
    var isUUID: Bool {
        let hyphen = UInt8(ascii: "-")
        let shape = utf8.map { $0 == hyphen ? hyphen : UInt8(ascii: "x") }
        let digits = utf8.filter { $0 != hyphen }
        return shape.elementsEqual("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".utf8) && Hex.decode(digits.span) != nil
    }
}
