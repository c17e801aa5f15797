/// Where a message broke the grammar that these tests hold the gateway to.
public struct GrammarError: Error, Equatable, CustomStringConvertible {
    /// A sentence with the culprit.
    public var description: String
    /// Wraps a sentence.
    public init(_ description: String) { self.description = description }
}

/// The start line and fields of a message, read by the letter of RFC 9112.
///
/// A reader of its own, apart from the room `HTTP1`: two that share code would share mistakes.  It accepts only what
/// a careful sender writes, so it is stricter than a receiver need be.
public struct StrictHead: Equatable, Sendable {
    /// One field line; text is Latin-1.
    public struct Field: Equatable, Sendable {
        /// As spelled on the wire.
        public var name: String
        /// Without blanks around it.
        public var value: String
    }

    /// The first line, without its end.
    public var startLine: String
    /// All field lines, in order.
    public var fields: [Field] = []

    /// Reads `bytes`, which end before the empty line's CR LF.
    public init(_ bytes: some Collection<UInt8>) throws(GrammarError) {
        let lines = try Self.lines(of: bytes)
        startLine = String(latin1: lines[0])
        guard lines[0].allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw GrammarError("a control byte in the start line: \(startLine.debugDescription)")
        }
        for line in lines.dropFirst() { fields.append(try Self.field(line)) }
    }

    /// The values of each line named `name`, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.asciiLowercased == name.asciiLowercased }.map(\.value)
    }

    /// The value of the one line named `name`; `nil` when there is none or more than one.
    public func only(_ name: String) -> String? {
        let all = values(name)
        return all.count == 1 ? all[0] : nil
    }

    /// Where the empty line that ends a head stands in `bytes`: the index of its preceding line's CR LF.
    static func end(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...bytes.count - 4).first { at in
            bytes[at] == 0x0D && bytes[at + 1] == 0x0A && bytes[at + 2] == 0x0D && bytes[at + 3] == 0x0A
        }
    }

    private static func lines(of bytes: some Collection<UInt8>) throws(GrammarError) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var afterReturn = false
        for byte in bytes {
            switch (byte, afterReturn) {
            case (0x0A, true): lines.append([])
            case (_, true): throw GrammarError("a CR that no LF follows, in line \(lines.count)")
            case (0x0A, false): throw GrammarError("a bare LF in line \(lines.count)")
            case (0x0D, false): break
            case (_, false): lines[lines.count - 1].append(byte)
            }
            afterReturn = byte == 0x0D
        }
        if afterReturn { throw GrammarError("a CR at the end of the head") }
        return lines
    }

    private static func field(_ line: [UInt8]) throws(GrammarError) -> Field {
        let shown = String(latin1: line).debugDescription
        guard let colon = line.firstIndex(of: 0x3A) else { throw GrammarError("a field line without colon: \(shown)") }
        let name = line[..<colon]
        guard !name.isEmpty, name.allSatisfy(isTokenByte) else { throw GrammarError("a bad field name: \(shown)") }
        let value = line[(colon + 1)...].drop(while: isBlank)
        let trimmed = value.prefix(1 + (value.lastIndex { !isBlank($0) } ?? value.startIndex - 1) - value.startIndex)
        guard trimmed.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else {
            throw GrammarError("a control byte in a field value: \(shown)")
        }
        return Field(name: String(latin1: name), value: String(latin1: trimmed))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// RFC 9110 §5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
