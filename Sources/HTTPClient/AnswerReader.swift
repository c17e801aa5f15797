internal import Bytes
internal import Crypto

/// Puts an answer together from the lines and body parts that libcurl hands over, within limits.
///
///     awaitingStatusLine ──status──▶ awaitingFields ──empty line──▶ awaitingBody
///             ▲                            │
///             └──empty line after 1xx──────┘
///
/// libcurl has undone the chunks by then, but hands over lines as they came: they are read strictly here.
struct AnswerReader: ~Copyable {
    /// Why an answer is not taken.
    enum Problem: Error, Equatable {
        case bodyTooLarge(limitBytes: Int)
        case headTooLarge
        case notHTTP1
        case brokenLine
        case noFinalAnswer
    }

    private enum State {
        case awaitingStatusLine, awaitingFields, awaitingBody
    }

    /// Bytes of all heads and trailers together: an identity provider's has some 2 KiB.
    static let headLimitBytes = 32_768

    private var state = State.awaitingStatusLine
    private var status = 0
    private var fields: [(name: String, value: String)] = []
    private var headBytes = 0
    private var body = ByteBuffer()
    private let bodyLimitBytes: Int

    init(bodyLimitBytes: Int) { self.bodyLimitBytes = bodyLimitBytes }

    /// The next line of a head or trailer, its end included.
    mutating func take(line: Span<UInt8>) throws(Problem) {
        headBytes += line.count
        guard headBytes <= Self.headLimitBytes else { throw .headTooLarge }
        guard line.count >= 2, line.extracting(last: 2).equals("\r\n") else { throw .brokenLine }
        let text = line.extracting(droppingLast: 2)
        switch state {
        case .awaitingStatusLine:
            status = try Self.status(in: text)
            state = .awaitingFields
        case .awaitingFields where text.isEmpty:
            state = status < 200 ? .awaitingStatusLine : .awaitingBody
            if status < 200 { fields = [] }
        case .awaitingFields:
            fields.append(try Self.field(in: text))
        case .awaitingBody:
            break  // a trailer: counted, and dropped
        }
    }

    /// The next part of the body.
    mutating func take(body part: Span<UInt8>) throws(Problem) {
        guard state == .awaitingBody else { throw .noFinalAnswer }
        guard part.count <= bodyLimitBytes - body.count else { throw .bodyTooLarge(limitBytes: bodyLimitBytes) }
        if body.freeSpace < part.count {
            // A buffer that grew by itself would leave a copy of what may be a token behind.
            var larger = ByteBuffer(capacity: max(2 * body.count, body.count + part.count))
            larger.append(body)
            body.wipe()
            body = larger
        }
        body.append(part)
    }

    /// The whole answer, once libcurl says that it ended.
    mutating func finish() throws(Problem) -> HTTPAnswer {
        guard state == .awaitingBody else { throw .noFinalAnswer }
        let answer = HTTPAnswer(status: status, fields: fields, body: Secret(copying: body.span))
        wipe()
        return answer
    }

    /// Overwrites what came of the body.
    mutating func wipe() { body.wipe() }

    // MARK: Lines

    /// `HTTP/1.1 200 OK` (RFC 9112 §4); the reason may be missing.
    private static func status(in line: Span<UInt8>) throws(Problem) -> Int {
        guard line.count >= 12, line.extracting(first: 7).equals("HTTP/1."), ASCII.isDigit(line[7]),
            line[8] == ASCII.space, line.count == 12 || line[12] == ASCII.space
        else { throw .notHTTP1 }
        var status = 0
        for index in 9..<12 {
            guard ASCII.isDigit(line[index]) else { throw .notHTTP1 }
            status = status * 10 + Int(line[index] - 0x30)
        }
        guard 100...599 ~= status else { throw .notHTTP1 }
        return status
    }

    /// `name: value` (RFC 9112 §5), never folded.
    private static func field(in line: Span<UInt8>) throws(Problem) -> (name: String, value: String) {
        guard let colon = line.indices.first(where: { line[$0] == 0x3A }), colon > 0 else { throw .brokenLine }
        let name = line.extracting(first: colon)
        let value = ASCII.trimmed(line.extracting(droppingFirst: colon + 1))
        guard name.indices.allSatisfy({ CheckedRequest.isTokenByte(name[$0]) }),
            value.indices.allSatisfy({ value[$0] >= 0x20 && value[$0] != 0x7F || value[$0] == ASCII.tab })
        else { throw .brokenLine }
        return (name.text, value.text)
    }
}
