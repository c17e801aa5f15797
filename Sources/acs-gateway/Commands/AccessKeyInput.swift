internal import Bytes
internal import Crypto
internal import Transport

/// An access key as commands are given one: base64, blanks and newlines around it aside.
enum AccessKeyInput {
    /// The longest file that can be a key; the service's have 88 bytes.
    private static let fileLimitBytes = 64 << 10

    /// The key in the file at `path`.
    static func key(inFile path: String) throws(CommandError) -> Secret {
        let content = try read(path, limitBytes: fileLimitBytes)
        return try key(content.span, from: "`\(shown(path))`")
    }

    /// The key that `text` is; `source` names where it came from, the key itself is never told.
    static func key(_ text: String, from source: String) throws(CommandError) -> Secret {
        try key(Array(text.utf8).span, from: source)
    }

    private static func key(_ text: Span<UInt8>, from source: String) throws(CommandError) -> Secret {
        var (start, end) = (0, text.count)
        while start < end, isBlank(text[start]) { start += 1 }
        while end > start, isBlank(text[end - 1]) { end -= 1 }
        guard start < end else { throw CommandError("\(source) is empty; an access key is base64") }
        do throws(Base64Error) {
            return try Secret(base64: text.extracting(start..<end))
        } catch {
            throw CommandError("\(source) is no access key: \(error)")
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.tab || byte == ASCII.lineFeed || byte == ASCII.carriageReturn
    }
}

/// The file at `path`, whole, for a command.
func read(_ path: String, limitBytes: Int) throws(CommandError) -> [UInt8] {
    do throws(SystemError) {
        return try WholeFile.read(path, limitBytes: limitBytes).bytes
    } catch {
        throw CommandError("cannot read `\(shown(path))`: \(error.reason)")
    }
}
