/// Files that several test targets read, found from this source file's place.
public enum Fixtures {
    /// `Tests/Fixtures/` with a slash at its end.
    public static var root: String { packageRoot + "Tests/Fixtures/" }

    /// The package's own directory with a slash at its end.
    public static var packageRoot: String {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return parts.joined(separator: "/") + "/"
    }

    /// The bytes of `Tests/Fixtures/NAME`; the test that asked fails when it cannot be read.
    public static func bytes(_ name: String) throws -> [UInt8] { try Files.bytes(at: root + name) }

    /// The lines of a text fixture, without empty ones.
    public static func lines(_ name: String) throws -> [String] {
        try String(decoding: bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
