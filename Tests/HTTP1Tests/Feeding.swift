import Bytes
import HTTP1

/// What came of feeding a parser.
enum Outcome: Equatable {
    /// A whole message part, told in full: two heads are equal when their descriptions are.
    case accepted(String)
    case refused(ParseError)
    case incomplete

    /// The status of a refusal.
    var refusal: Rule? {
        if case .refused(let error) = self { return error.rule }
        return nil
    }
}

/// Ways to cut bytes into pieces: all at once, in two at each place, one by one.
func cuts(_ count: Int) -> [[Int]] {
    [[count]] + (1..<max(count, 1)).map { [$0, count] } + [Array(1...max(count, 1))]
}

extension Array where Element == UInt8 {
    /// Bytes of a Latin-1 text: one for each character up to U+00FF.
    init(latin1 text: String) {
        self = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// The bytes of `range` as Latin-1 text.
    func text(_ range: ByteRange) -> String {
        String(String.UnicodeScalarView(self[range.start..<range.end].map { Unicode.Scalar($0) }))
    }
}

/// Parses one request head from `bytes`, which arrive up to each of `ends` in turn.
func parseRequest(_ bytes: [UInt8], ends: [Int]? = nil, limits: HeadLimits = HeadLimits()) -> Outcome {
    var parser = RequestParser(limits: limits)
    var head = RequestHead()
    do throws(ParseError) {
        for end in ends ?? [bytes.count] {
            if let length = try parser.parse(bytes.span.extracting(0..<end), into: &head) {
                return .accepted("\(length) bytes: " + describe(head, bytes))
            }
        }
        return .incomplete
    } catch {
        return .refused(error)
    }
}

/// Parses one answer's head likewise.
func parseAnswer(
    _ bytes: [UInt8], method: HTTP1.Method = .get, ends: [Int]? = nil, limits: HeadLimits = .answer
) -> Outcome {
    var parser = ResponseParser(limits: limits)
    var head = ResponseHead()
    do throws(ParseError) {
        for end in ends ?? [bytes.count] {
            if let length = try parser.parse(bytes.span.extracting(0..<end), requestMethod: method, into: &head) {
                return .accepted("\(length) bytes: " + describe(head, bytes))
            }
        }
        return .incomplete
    } catch {
        return .refused(error)
    }
}

/// Decodes a chunked request body likewise; accepted with its data, what was consumed, and the overhead.
func decodeBody(
    _ bytes: [UInt8], _ framing: RequestFraming = .chunked, ends: [Int]? = nil, limits: HeadLimits = HeadLimits()
) -> Outcome {
    var decoder = BodyDecoder()
    decoder.begin(framing, limits: limits)
    var body: [UInt8] = []
    var offset = 0
    do throws(ParseError) {
        for end in ends ?? [bytes.count] {
            feeding: while true {
                switch try decoder.next(bytes.span.extracting(0..<end), at: &offset) {
                case .data(let range): body += bytes[range.start..<range.end]
                case .needMore: break feeding
                case .complete:
                    let text = body.text(ByteRange(start: 0, end: body.count))
                    return .accepted("\(text), \(offset) consumed, \(decoder.overheadBytes) overhead")
                }
            }
        }
        return .incomplete
    } catch {
        return .refused(error)
    }
}

/// All that a request's head says.
func describe(_ head: borrowing RequestHead, _ bytes: [UInt8]) -> String {
    let text = { (range: ByteRange?) in range.map(bytes.text) ?? "-" }
    let indices = [
        head.authorizationField, head.clientRequestIDField, head.contentDigestField, head.msDateField,
        head.contentTypeField,
    ]
    var lines = [
        "\(head.method) \(text(head.methodRange)) \(text(head.rawTarget)) \(head.version)",
        "\(head.target.form) path \(text(head.target.path)) query \(text(head.target.query))",
        "\(head.framing) persistent \(head.isPersistent) expects \(head.expectsContinue) \(head.hasUnknownExpectation)",
        "host \(text(head.host)) name \(text(head.hostName)) port \(head.hostPort ?? -1) at \(indices)",
    ]
    for index in 0..<head.fieldCount { lines.append(describe(head.field(at: index), bytes)) }
    return lines.joined(separator: "\n")
}

/// All that an answer's head says.
func describe(_ head: borrowing ResponseHead, _ bytes: [UInt8]) -> String {
    var lines = [
        "\(head.status) \(bytes.text(head.reason)) \(head.version) \(head.framing)",
        "persistent \(head.isPersistent) length \(head.declaredLength ?? -1)",
    ]
    for index in 0..<head.fieldCount { lines.append(describe(head.field(at: index), bytes)) }
    return lines.joined(separator: "\n")
}

private func describe(_ line: FieldLine, _ bytes: [UInt8]) -> String {
    let flags = (line.isLookalike ? " lookalike" : "") + (line.isNominated ? " nominated" : "")
    return "[\(bytes.text(line.name))]=[\(bytes.text(line.value))] \(line.known)\(flags)"
}
