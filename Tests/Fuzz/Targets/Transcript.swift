import Bytes
import HTTP1

/// What a reader of a connection made of its bytes: two ways of cutting them must give the same.
struct Transcript: Equatable {
    /// How it ended.
    enum End: Equatable {
        case inHead, inBody
        case refused(ParseError)
    }

    /// One message: its head, and its body as far as it came.
    struct Message: Equatable {
        var start: Int
        var head: HeadModel
        var body: [UInt8] = []
        var overheadBytes = 0
        var isComplete = false
    }

    var messages: [Message] = []
    var end = End.inHead

    /// Ends with an error.  How much of a refused line was counted depends on the cuts, and matters to nobody.
    mutating func refuse(_ error: ParseError) {
        end = .refused(error)
        if let last = messages.indices.last, !messages[last].isComplete { messages[last].overheadBytes = 0 }
    }

    /// Reads all of a body that is there, from `offset`; true once it is complete.
    mutating func readBody(
        _ decoder: inout BodyDecoder, _ bytes: Span<UInt8>, at offset: inout Int
    ) throws(ParseError) -> Bool {
        let last = messages.count - 1
        while true {
            let before = offset
            let event = try decoder.next(bytes, at: &offset)
            messages[last].overheadBytes = decoder.overheadBytes
            switch event {
            case .data(let range):
                require(range.start >= before && range.end == offset && range.count > 0, "data is what was consumed")
                for place in range.start..<range.end { messages[last].body.append(bytes[place]) }
            case .needMore:
                require(offset == bytes.count, "everything was consumed")
                return false
            case .complete:
                messages[last].isComplete = true
                return true
            }
        }
    }
}

/// All that a head says, to be compared.  Ranges count from the message's start.
struct HeadModel: Equatable {
    var length: Int
    /// The method or, of an answer, the status.
    var kind: Int
    var version: Version
    var framing: ResponseFraming
    var isPersistent: Bool
    /// The other flags and numbers, in one fixed order.
    var numbers: [Int]
    /// The other ranges, in one fixed order.
    var ranges: [ByteRange?]
    var fields: [FieldLine]

    init(_ head: borrowing RequestHead, length: Int) {
        self.length = length
        kind = Int(head.method.rawValue)
        version = head.version
        framing =
            switch head.framing {
            case .none: .none
            case .length(let count): .length(count)
            case .chunked: .chunked
            }
        isPersistent = head.isPersistent
        numbers = [
            head.expectsContinue ? 1 : 0, head.hasUnknownExpectation ? 1 : 0, head.hostPort ?? -1,
            head.authorizationField, head.clientRequestIDField, head.contentDigestField, head.msDateField,
            head.contentTypeField, Int(head.target.form.rawValue),
        ]
        ranges = [head.methodRange, head.rawTarget, head.target.path, head.target.query, head.host, head.hostName]
        fields = (0..<head.fieldCount).map { head.field(at: $0) }
    }

    init(_ head: borrowing ResponseHead, length: Int) {
        self.length = length
        kind = head.status
        version = head.version
        framing = head.framing
        isPersistent = head.isPersistent
        numbers = [head.declaredLength ?? -1]
        ranges = [head.reason]
        fields = (0..<head.fieldCount).map { head.field(at: $0) }
    }
}

extension HeadLimits {
    /// Limits that short inputs reach.
    static let small = HeadLimits(requestLineBytes: 48, fieldLineBytes: 40, headBytes: 160, fieldCount: 5)
    /// Limits that nothing reaches: for what is written anew.
    static let wide = HeadLimits(
        requestLineBytes: 1 << 20, fieldLineBytes: 1 << 20, headBytes: 1 << 20, fieldCount: 10_000)
}
