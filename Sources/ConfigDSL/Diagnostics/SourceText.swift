internal import Bytes

/// The text of one file, for excerpts.
public struct SourceText: Sendable {
    /// The file as it was named when it was loaded.
    public let file: String
    /// Its bytes.
    public let bytes: [UInt8]

    init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    /// The offset at which each line starts.  Lines end in LF.
    var lineStarts: [Int] {
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
        return starts
    }

    /// The scalars of the bytes from `start` to the line's end; what is not UTF-8 is U+FFFD.
    func scalars(from start: Int) -> [Unicode.Scalar] {
        let rest = bytes[start...]
        var line = rest.prefix { $0 != 0x0A }
        if line.last == 0x0D { line.removeLast() }
        return Array(String(decoding: line, as: UTF8.self).unicodeScalars)
    }

    /// The scalars of line `number`; none when there is no such line.
    func line(_ number: Int) -> [Unicode.Scalar] {
        let starts = lineStarts
        return 1...starts.count ~= number ? scalars(from: starts[number - 1]) : []
    }

    /// The place that libyaml means: it counts one line more at the end of a text whose last line has no end.
    func place(line: Int, column: Int) -> SourcePlace {
        let end = end
        return line <= end.line ? SourcePlace(file: file, line: line, column: column) : end
    }

    /// Behind the last character.
    var end: SourcePlace {
        let starts = lineStarts
        let last = scalars(from: starts[starts.count - 1])
        return SourcePlace(file: file, line: starts.count, column: last.count + 1)
    }

    /// The line and column of a byte.
    func place(ofByte offset: Int) -> SourcePlace {
        let before = bytes[..<min(offset, bytes.count)]
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let column = String(decoding: bytes[start..<before.endIndex], as: UTF8.self).unicodeScalars.count + 1
        return SourcePlace(file: file, line: line, column: column)
    }

    /// True when the line stands in a section of the file that never holds a secret.
    ///
    /// Told by its letters, since the file is not YAML: the section is the last word at the start of a line.
    func isHarmless(line number: Int) -> Bool {
        let starts = lineStarts
        for start in starts[..<min(number, starts.count)].reversed() where start < bytes.count {
            let word = bytes[start...].prefix { ASCII.isLetter($0) || $0 == UInt8(ascii: "_") }
            if word.isEmpty { continue }
            return Self.harmlessSections.contains(String(decoding: word, as: UTF8.self))
        }
        return false
    }

    private static let harmlessSections: Set = [
        "version", "revision", "workers", "defaults", "listeners", "resources", "routes", "telemetry",
    ]
}
