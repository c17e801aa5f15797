internal import Bytes
internal import HTTP1

/// The requests of one connection: bytes in, requests out.
///
///     awaitingHead ─head▶ awaitingBody ─complete▶ awaitingHead
///           └────────broken─────┴──────▶ broken
struct RequestReader: ~Copyable {
    /// What the bytes came to.
    enum Event: Equatable {
        /// Everything was consumed that can be.
        case needMore
        /// The client waits for `100 Continue`; told once, before its content.
        case awaitsContinue
        /// A whole request; the connection goes on behind it only when `isPersistent`.
        case request(EmulatedRequest, isPersistent: Bool)
        /// The bytes are no request of HTTP/1.1: answer so, and close.
        case refused(ServiceError)
    }

    /// The largest content, well above the service's 10 MB with base64 on top.
    static let bodyLimitBytes = 32 * 1024 * 1024

    private enum State {
        case awaitingHead
        case awaitingBody(EmulatedRequest)
        case broken(ServiceError)
    }

    private let limits = HeadLimits(requestLineBytes: 16_384, fieldLineBytes: 16_384)
    private var state = State.awaitingHead
    private var parser: RequestParser
    private var head = RequestHead()
    private var decoder = BodyDecoder()
    private var body = ByteBuffer()

    /// A reader at the start of a connection.
    init() { parser = RequestParser(limits: limits) }

    /// Takes what it can from the front of `input`; call again until it needs more.
    ///
    /// `receivedAtSeconds` and `peerIsLoopback` are noted on the request.
    mutating func next(_ input: inout ByteBuffer, receivedAtSeconds: Int, peerIsLoopback: Bool) -> Event {
        do throws(ServiceError) {
            switch state {
            case .broken(let error): return .refused(error)
            case .awaitingHead:
                guard let request = try readHead(&input, peerIsLoopback) else { return .needMore }
                state = .awaitingBody(request)
                if head.expectsContinue { return .awaitsContinue }
                return try readBody(of: request, &input, receivedAtSeconds)
            case .awaitingBody(let request):
                return try readBody(of: request, &input, receivedAtSeconds)
            }
        } catch {
            state = .broken(error)
            return .refused(error)
        }
    }

    /// Whether a request has begun and is not whole.
    var isWithinRequest: Bool {
        switch state {
        case .awaitingHead: parser.hasStarted
        case .awaitingBody: true
        case .broken: false
        }
    }

    /// Bytes of content that are held for a request that is not whole.
    var heldBytes: Int { body.count }

    /// The head as a request without content, once it is whole.
    private mutating func readHead(
        _ input: inout ByteBuffer, _ peerIsLoopback: Bool
    ) throws(ServiceError) -> EmulatedRequest? {
        let length: Int?
        do throws(ParseError) {
            length = try parser.parse(input.span, into: &head)
        } catch {
            throw ServiceError(error)
        }
        guard let length else { return nil }
        guard !head.hasUnknownExpectation else {
            throw ServiceError(status: 417, code: "ExpectationFailed", message: "The expectation is not known.")
        }
        if case .length(let count) = head.framing { try checkSize(count) }
        var request = EmulatedRequest(
            method: input.bytes(head.methodRange).text, target: input.bytes(head.rawTarget).text,
            receivedAtSeconds: 0, peerIsLoopback: peerIsLoopback)
        for index in 0..<head.fieldCount {
            let line = head.field(at: index)
            request.fields.append(EmulatedField(input.bytes(line.name).text, input.bytes(line.value).text))
        }
        decoder.begin(head.framing, limits: limits)
        input.consume(length)
        return request
    }

    private mutating func readBody(
        of request: EmulatedRequest, _ input: inout ByteBuffer, _ receivedAtSeconds: Int
    ) throws(ServiceError) -> Event {
        var offset = 0
        var isComplete = false
        do throws(ParseError) {
            reading: while true {
                switch try decoder.next(input.span, at: &offset) {
                case .data(let range): body.append(input.bytes(range))
                case .needMore: break reading
                case .complete:
                    isComplete = true
                    break reading
                }
            }
        } catch {
            throw ServiceError(error)
        }
        input.consume(offset)
        // Size lines count as well: a body of many tiny chunks is larger than its content.
        try checkSize(body.count + decoder.overheadBytes)
        guard isComplete else { return .needMore }
        var request = request
        request.body = body.span.array
        request.receivedAtSeconds = receivedAtSeconds
        let isPersistent = head.isPersistent
        body.releaseStorage()
        head.reset()
        parser.reset()
        state = .awaitingHead
        return .request(request, isPersistent: isPersistent)
    }

    private func checkSize(_ count: Int) throws(ServiceError) {
        guard count <= Self.bodyLimitBytes else {
            throw ServiceError(status: 413, code: "RequestEntityTooLarge", message: "The content is too large.")
        }
    }
}

extension ServiceError {
    /// What is answered to bytes that break HTTP's grammar.
    fileprivate init(_ error: ParseError) {
        self.init(status: error.status, code: "BadRequest", message: error.rule.sentence.description)
    }
}
