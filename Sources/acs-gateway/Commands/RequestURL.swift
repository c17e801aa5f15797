internal import Bytes
internal import ConfigDSL

/// A URL cut into what is signed: the host as `Host` tells it, and the request target, byte for byte.
struct RequestURL: Equatable {
    /// Lower case, with its port only where that is not the scheme's own.
    let host: String
    /// Path and query as they stand in the request line; a fragment and a `?` with nothing behind it are left out.
    let target: String

    init(_ text: String) throws(UsageError) {
        // From behind the scheme: an authority ends where the path, the query or the fragment begins.
        guard let mark = text.firstRange(of: "://") else {
            throw UsageError("URL has no scheme; write `https://` in front")
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        do throws(ValueError) {
            host = try Endpoint(String(text[..<end])).authority
        } catch {
            throw UsageError("URL \(error.message)" + (error.help.map { "; \($0)" } ?? ""))
        }
        var target = String(rest[end...].prefix { $0 != "#" })
        if target.hasSuffix("?"), target.firstIndex(of: "?") == target.index(before: target.endIndex) {
            target.removeLast()
        }
        if !target.hasPrefix("/") { target = "/" + target }
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw UsageError("URL has a blank or a character that is not ASCII; percent-encode it")
        }
        self.target = target
    }
}
