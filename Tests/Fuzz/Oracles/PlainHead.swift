/// A head read the plain way: whole, by cutting it at its line ends.  Slow, obvious, and not the parser's code.
struct PlainHead {
    /// One field line: name, and value without the blanks around it.
    struct Field {
        var name: [UInt8]
        var value: [UInt8]
        /// The name in lower case.
        var lowered: [UInt8] { name.map(lowercase) }
        /// The name as an origin behind a CGI-like interface reads it (http rule CR-6).
        var merged: [UInt8] { lowered.map { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") ? dash : $0 } }
    }

    /// The first line, cut at its spaces.
    var firstLine: [[UInt8]] = []
    var fields: [Field] = []

    /// Reads `bytes`, one whole head that was accepted; ends the process where no head may look like that.
    init(_ bytes: [UInt8]) {
        for (index, byte) in bytes.enumerated() {
            let isPaired =
                switch byte {
                case 0x0D: index + 1 < bytes.count && bytes[index + 1] == 0x0A
                case 0x0A: index > 0 && bytes[index - 1] == 0x0D
                case 0x09: true
                case _: byte >= 0x20 && byte != 0x7F
                }
            require(isPaired, "no control character and no bare CR or LF in a head (GR-1, GR-2, HD-5)")
        }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0.dropLast()) }
        require(
            lines.count >= 3 && lines.removeLast().isEmpty && lines.removeLast().isEmpty, "an empty line at the end")
        require(!lines.contains([]), "no empty line before the end")
        firstLine = lines.removeFirst().split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        for line in lines {
            let name = Array(line.prefix { $0 != UInt8(ascii: ":") })
            require(!name.isEmpty && name.count < line.count && name.allSatisfy(isToken), "a name and a colon (HD-1)")
            fields.append(Field(name: name, value: trimmed(Array(line.dropFirst(name.count + 1)))))
        }
    }

    /// The values of all fields with this name.
    func values(_ name: String) -> [[UInt8]] {
        fields.filter { $0.lowered == Array(name.utf8) }.map(\.value)
    }

    /// The elements of all `Connection` lines, in lower case.
    var connectionOptions: [[UInt8]] {
        values("connection").flatMap {
            $0.split(separator: UInt8(ascii: ",")).map { trimmed(Array($0)).map(lowercase) }
        }
    }
}

private let dash = UInt8(ascii: "-")

func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 32 : byte }

/// `tchar` of RFC 9110 §5.6.2.
func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case _: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

/// Without spaces and tabs around it.
func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    guard let start = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) })
    else { return [] }
    return Array(bytes[start...end])
}

/// The value of one hexadecimal digit.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch lowercase(byte) {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: lowercase(byte) - 0x61 + 10
    case _: nil
    }
}

/// True when `piece` stands in `text` somewhere.
func holds(_ text: [UInt8], _ piece: ArraySlice<UInt8>) -> Bool {
    guard let first = piece.first, text.count >= piece.count else { return false }
    for start in 0...text.count - piece.count where text[start] == first {
        if text[start..<start + piece.count] == piece { return true }
    }
    return false
}
