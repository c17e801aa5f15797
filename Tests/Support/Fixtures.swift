import Glibc

/// Files that several test targets read, found from this source file's place.
public enum Fixtures {
    /// `Tests/Fixtures/` with a slash at its end.
    public static var root: String {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/") + "/Fixtures/"
    }

    /// The bytes of `Tests/Fixtures/NAME`; the test that asked fails when it cannot be read.
    public static func bytes(_ name: String) throws -> [UInt8] {
        guard let file = unsafe fopen(root + name, "rb") else { throw FixtureMissing(name: name) }
        defer { unsafe fclose(file) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&block, 1, block.count, file)
            if count == 0 { return content }
            content += block[..<count]
        }
    }

    /// The lines of a text fixture, without empty ones.
    public static func lines(_ name: String) throws -> [String] {
        try String(decoding: bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// A fixture that is not there.
public struct FixtureMissing: Error {
    /// Its name below `Tests/Fixtures/`.
    public var name: String
}
