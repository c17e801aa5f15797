/// The body of a message as it arrives, its framing checked by the letter (RFC 9112 §§6, 7).
///
/// Chunks have no extensions and no trailers here: the gateway writes none, in neither direction.
public struct StrictBody: Equatable, Sendable {
    /// What tells where the body ends.
    public enum Framing: Equatable, Sendable {
        /// There is none.
        case none
        /// This many bytes follow.
        case length(Int)
        /// Chunks follow.
        case chunked
        /// All until the connection ends.
        case untilClose
    }

    private enum Awaiting: Equatable, Sendable {
        case data(Int), sizeLine, chunk(Int), chunkEnd, lastLine, close, nothing
    }

    /// How it is framed.
    public let framing: Framing
    /// What came so far, without framing.
    public private(set) var content: [UInt8] = []
    private var awaiting: Awaiting

    /// A body of which nothing has come yet.
    public init(_ framing: Framing) {
        self.framing = framing
        awaiting =
            switch framing {
            case .none, .length(0): .nothing
            case .length(let count): .data(count)
            case .chunked: .sizeLine
            case .untilClose: .close
            }
    }

    /// True once its framing says so; a body that ends with the connection: once ``end()`` was called.
    public var isComplete: Bool { awaiting == .nothing }

    /// The connection ended in an orderly way.
    public mutating func end() {
        if awaiting == .close { awaiting = .nothing }
    }

    /// Takes what belongs to the body off the front of `input`; leaves the rest, and half lines.
    public mutating func take(from input: inout [UInt8]) throws(GrammarError) {
        var rest = input[...]
        while let next = try step(&rest) { awaiting = next }
        input = Array(rest)
    }

    /// One step of reading; `nil` when more bytes are needed, or none.
    private mutating func step(_ rest: inout ArraySlice<UInt8>) throws(GrammarError) -> Awaiting? {
        switch awaiting {
        case .nothing: return nil
        case .close:
            content += rest
            rest = []
            return nil
        case .data(let left):
            guard !rest.isEmpty else { return nil }
            let count = move(left, from: &rest)
            return count == left ? .nothing : .data(left - count)
        case .chunk(let left):
            guard !rest.isEmpty else { return nil }
            let count = move(left, from: &rest)
            return count == left ? .chunkEnd : .chunk(left - count)
        case .chunkEnd: return try Self.line(&rest, atMost: 0).map { _ in .sizeLine }
        case .lastLine: return try Self.line(&rest, atMost: 0).map { _ in .nothing }
        case .sizeLine:
            guard let line = try Self.line(&rest, atMost: 16) else { return nil }
            let digits = String(latin1: line)
            guard !line.isEmpty, !digits.hasPrefix("+"), let size = Int(digits, radix: 16), size >= 0 else {
                throw GrammarError("a bad chunk size: \(digits.debugDescription)")
            }
            return size == 0 ? .lastLine : .chunk(size)
        }
    }

    private mutating func move(_ wanted: Int, from rest: inout ArraySlice<UInt8>) -> Int {
        let part = rest.prefix(wanted)
        content += part
        rest = rest.dropFirst(part.count)
        return part.count
    }

    private static func line(_ rest: inout ArraySlice<UInt8>, atMost limit: Int) throws(GrammarError) -> [UInt8]? {
        let line = rest.prefix { $0 != 0x0D && $0 != 0x0A }
        guard line.count <= limit else {
            throw GrammarError("a chunk line is too long: \(String(latin1: line.prefix(40)).debugDescription)")
        }
        let end = rest.dropFirst(line.count).prefix(2)
        guard end.elementsEqual([0x0D, 0x0A].prefix(end.count)) else {
            throw GrammarError(
                "a chunk line does not end in CR LF: \(String(latin1: rest.prefix(40)).debugDescription)")
        }
        guard end.count == 2 else { return nil }
        rest = rest.dropFirst(line.count + 2)
        return Array(line)
    }
}
