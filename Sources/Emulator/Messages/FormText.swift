internal import Bytes

/// `application/x-www-form-urlencoded`: a query, or the content of a form.
enum FormText {
    /// The pairs of `text` in order, each decoded once; `+` is a space.  400 for bad escapes and what is not UTF-8.
    static func pairs(_ text: some StringProtocol) throws(ServiceError) -> [EmulatedField] {
        var pairs: [EmulatedField] = []
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            pairs.append(
                EmulatedField(
                    try decoded(parts[0], plusIsSpace: true),
                    try parts.count > 1 ? decoded(parts[1], plusIsSpace: true) : ""))
        }
        return pairs
    }

    /// `text` with its escapes decoded.
    static func decoded(_ text: some StringProtocol, plusIsSpace: Bool) throws(ServiceError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(ASCII.space)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(ASCII.hexValue),
                    let low = rest.popFirst().flatMap(ASCII.hexValue)
                else { throw .badRequest("The request target has a bad escape.") }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badRequest("The request target is not UTF-8.")
        }
        return text
    }
}
