/// Writes blocks of whole lines to what may take less, or nothing, and never leaves half a line before another one.
///
/// What cannot be written is dropped, by whole lines: of a line that was begun, the rest is kept and comes first when
/// writing is possible again.  Sans-IO: whoever calls does the writing.
struct LineWriter {
    /// What is left of a line whose beginning was written; LF at its end.
    private var rest: ArraySlice<UInt8> = []

    /// Writes `block`, which ends with a line's end; gives how many lines are lost.
    ///
    /// - Parameter take: writes some of the bytes, and gives how many; `nil` or 0 when none can be written.
    mutating func write(_ block: [UInt8], _ take: (Span<UInt8>) -> Int?) -> Int {
        Self.write(&rest, take)
        guard rest.isEmpty else { return Self.lines(in: block[...]) }
        var left = block[...]
        Self.write(&left, take)
        let isTorn = left.startIndex > 0 && block[left.startIndex - 1] != 0x0A
        if isTorn {
            let end = left.firstIndex(of: 0x0A).map { $0 + 1 } ?? left.endIndex
            rest = left[..<end]
            left = left[end...]
        }
        return Self.lines(in: left)
    }

    /// What comes next goes elsewhere: a line that was begun is lost.  Gives how many that are.
    mutating func giveUpRest() -> Int {
        defer { rest = [] }
        return rest.isEmpty ? 0 : 1
    }

    /// How many lines end in `bytes`.
    static func lines(in bytes: ArraySlice<UInt8>) -> Int { bytes.count { $0 == 0x0A } }

    private static func write(_ bytes: inout ArraySlice<UInt8>, _ take: (Span<UInt8>) -> Int?) {
        while !bytes.isEmpty {
            guard let count = take(bytes.span), count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
