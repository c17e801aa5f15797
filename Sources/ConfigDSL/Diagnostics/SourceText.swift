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

    /// The line and column of a byte.
    func place(ofByte offset: Int) -> SourcePlace {
        let before = bytes[..<min(offset, bytes.count)]
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let column = String(decoding: bytes[start..<before.endIndex], as: UTF8.self).unicodeScalars.count + 1
        return SourcePlace(file: file, line: line, column: column)
    }
}
