/// A response as a client of the gateway got it.
public struct Answer: Equatable, Sendable {
    /// Three digits.
    public var status: Int
    /// Start line and fields.
    public var head: StrictHead
    /// The body so far.
    public var body: StrictBody

    /// True when the body is whole.
    public var isComplete: Bool { body.isComplete }
    /// The body as Latin-1.
    public var text: String { String(latin1: body.content) }

    /// Reads a head; `method` is the request's, which decides whether a body can follow (RFC 9112 §6.3).
    init(_ bytes: some Collection<UInt8>, method: String) throws(GrammarError) {
        head = try StrictHead(bytes)
        status = try Self.status(of: head.startLine)
        body = StrictBody(.none)
        body = StrictBody(try framing(method: method))
    }

    private static func status(of line: String) throws(GrammarError) -> Int {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "HTTP/1.1", parts[1].utf8.count == 3, let status = Int(parts[1]),
            (100...999).contains(status)
        else { throw GrammarError("a bad status line: \(line.debugDescription)") }
        return status
    }

    private func framing(method: String) throws(GrammarError) -> StrictBody.Framing {
        let (lengths, codings) = (head.values("content-length"), head.values("transfer-encoding"))
        if (100...199).contains(status) || status == 204 {
            guard lengths.isEmpty, codings.isEmpty else { throw GrammarError("framing fields in a \(status)") }
            return .none
        }
        switch (lengths.count, codings.count) {
        case (0, 0): return method == "HEAD" || status == 304 ? .none : .untilClose
        case (0, 1):
            guard codings[0] == "chunked" else { throw GrammarError("transfer-encoding: \(codings[0])") }
            return method == "HEAD" || status == 304 ? .none : .chunked
        case (1, 0):
            guard let length = strictLength(lengths[0]) else { throw GrammarError("content-length: \(lengths[0])") }
            return method == "HEAD" || status == 304 ? .none : .length(length)
        case (_, _): throw GrammarError("framed twice: \(lengths + codings)")
        }
    }
}

/// A content-length of digits alone.
func strictLength(_ text: String) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
}

/// Splits what a connection brought into answers: interim ones, final ones, and whatever should not be there.
public struct AnswerReader: Sendable {
    /// Final answers in order; the last may be incomplete.
    public private(set) var finals: [Answer] = []
    /// 1xx answers in order.
    public private(set) var interims: [Answer] = []
    /// The first broken rule; nothing is read after it.
    public private(set) var problem: GrammarError?
    /// Bytes that are not part of an answer yet.
    public private(set) var rest: [UInt8] = []
    /// The methods of the requests, in order; the last goes on for further ones.
    public var methods: [String]

    /// Reads answers to requests with `methods`.
    public init(methods: [String] = ["GET"]) { self.methods = methods }

    /// Final answers that are whole.
    public var completeCount: Int { finals.count { $0.isComplete } }

    /// Takes further bytes of the connection.
    public mutating func append(_ bytes: [UInt8]) {
        rest += bytes
        guard problem == nil else { return }
        do throws(GrammarError) { while try step() {} } catch { problem = error }
    }

    /// The connection ended in an orderly way.
    public mutating func end() {
        if !finals.isEmpty { finals[finals.count - 1].body.end() }
    }

    private mutating func step() throws(GrammarError) -> Bool {
        if let last = finals.last, !last.isComplete {
            try finals[finals.count - 1].body.take(from: &rest)
            return finals[finals.count - 1].isComplete
        }
        guard let end = StrictHead.end(in: rest) else { return false }
        let method = methods.isEmpty ? "GET" : methods[min(finals.count, methods.count - 1)]
        let answer = try Answer(rest[..<end], method: method)
        rest.removeFirst(end + 4)
        if (100...199).contains(answer.status) { interims.append(answer) } else { finals.append(answer) }
        return true
    }
}
