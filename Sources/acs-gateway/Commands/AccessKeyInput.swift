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
        return try key(content, from: "`\(shown(path))`")
    }

    /// The key that `text` is; `source` names where it came from, the key itself is never told.
    static func key(_ text: String, from source: String) throws(CommandError) -> Secret {
        try key(Array(text.utf8), from: source)
    }

    private static func key(_ text: [UInt8], from source: String) throws(CommandError) -> Secret {
        let key = withoutBlanks(text)
        guard !key.isEmpty else { throw CommandError("\(source) is empty; an access key is base64") }
        do throws(Base64Error) {
            return try Secret(base64: key.span)
        } catch {
            throw CommandError("\(source) is no access key: \(error)")
        }
    }
}

/// `text` without the blanks and line ends around it, which editors leave in files.
func withoutBlanks(_ text: [UInt8]) -> ArraySlice<UInt8> {
    let isBlank: (UInt8) -> Bool = {
        $0 == ASCII.space || $0 == ASCII.tab || $0 == ASCII.lineFeed || $0 == ASCII.carriageReturn
    }
    guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
    else { return [] }
    return text[first...last]
}

/// The file at `path`, whole, for a command.
func read(_ path: String, limitBytes: Int) throws(CommandError) -> [UInt8] {
    do throws(SystemError) {
        return try WholeFile.read(path, limitBytes: limitBytes).bytes
    } catch {
        throw CommandError("cannot read `\(shown(path))`: \(error.reason)")
    }
}
