import Glibc

/// A text that a test compares with, and that it writes anew when it is told to.
public struct GoldenFile {
    /// Its absolute path.
    public let path: String

    /// The golden file at `path`.
    public init(_ path: String) {
        self.path = path
    }

    /// The text as it is, or, when `ACS_GATEWAY_UPDATE_GOLDEN` is set, as it is now made to be.
    public func expected(becoming text: String) throws -> String {
        guard unsafe getenv("ACS_GATEWAY_UPDATE_GOLDEN") != nil else {
            return String(decoding: try Files.bytes(at: path), as: UTF8.self)
        }
        guard let file = unsafe fopen(path, "wb") else { throw SystemError("fopen \(path)") }
        defer { unsafe fclose(file) }
        let bytes = Array(text.utf8)
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw SystemError("fwrite \(path)") }
        return text
    }
}
