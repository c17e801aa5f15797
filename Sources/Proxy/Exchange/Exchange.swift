internal import Admission
internal import Bytes
internal import Credentials
internal import Crypto
internal import HTTP1
internal import Telemetry
internal import Transport
internal import Upstream

/// One request with its response.  Read this first: the steps are in order.
///
///     awaitingHead ─▶ receivingBody ─▶ awaitingUpstream ─▶ sending ─▶ awaitingAnswer ─▶ relaying ─▶ finishing
///          │                │                 │  ▲            │              │             │            │
///          │                │                 │  └── again ───┴──────────────┘             │            ▼
///          └────────────────┴────── answering with an error of our own ───▶ finishing  cut: reset    next head
///
/// Sans-IO: it takes bytes (its ``inbound`` and ``upstreamBytes`` buffers), instants and the outcome of sends, and
/// leaves bytes to send (``outbound``, the body, ``toClient``).  ``ClientConnection`` does the reading and writing.
///
/// One value serves many requests: a worker keeps a stack of them (``ExchangeCell``); an idle connection has none.
struct Exchange: ~Copyable {
    /// What it waits for.
    enum Phase {
        /// The rest of a request head.
        case awaitingHead
        /// The rest of a request body that must be complete, or could be at once.
        case receivingBody
        /// A token to authorize with.
        case awaitingToken
        /// A connection to the resource.
        case awaitingUpstream
        /// Room to send the request, or more of a body that streams.
        case sending
        /// The head of the answer.
        case awaitingAnswer
        /// The rest of the answer; beside it, when it came early, what `sending` waits for.
        case relaying
        /// Room to send the last bytes to the client.
        case finishing
    }

    var phase = Phase.awaitingHead

    // Bytes.
    /// From the client; the head stands at its front until it was read, then body and further requests.
    var inbound = ByteBuffer(capacity: Exchange.readBytes)
    /// To the client.
    var toClient = ByteBuffer(capacity: Exchange.readBytes)
    /// From the resource.
    var upstreamBytes = ByteBuffer(capacity: Exchange.readBytes)
    /// The head that every attempt shares: all but `content-length` and what authorizes.
    var unsignedHead = ByteBuffer(capacity: 2048)
    /// To the resource: the signed head, and the body or its next piece.
    var outbound = ByteBuffer(capacity: Exchange.readBytes)
    /// Copies of what outlives the head: ranges below point here.
    var kept = ByteBuffer(capacity: 1024)
    var scratch = ByteBuffer(capacity: 512)
    var body = HeldBody()

    // The request.
    var head = RequestHead()
    /// The head's length while it stands in ``inbound``.
    var headLength = 0
    var parser = RequestParser(limits: HeadLimits())
    var decoder = BodyDecoder()
    var path = RequestPath()
    var method = Method.other
    var methodBytes = ByteRange.empty
    var clientTarget = ByteRange.empty
    var target = ByteRange.empty
    var clientHost = ByteRange.empty
    var clientRequestID = ByteRange.empty
    var upstreamRequestID = ByteRange.empty
    var isHTTP10 = false
    /// The client waits for `100 Continue`.
    var awaitsContinue = false
    /// What the client says that the body's digest is.
    var declaredDigest: SHA256Digest?
    /// The body need not be held: what authorizes the request can be written before all of it is here.
    var mayStream = false
    /// The body goes on as it comes.
    var isStreaming = false
    /// The client may send another request once this one is answered.
    var keepsConnection = true
    /// The route that takes it, once decided.
    var route: WorkerRoute?
    var caller: String?

    // The answer.
    var answerHead = ResponseHead()
    var answerParser = ResponseParser(limits: .answer)
    var answerDecoder = BodyDecoder()
    var interimCount = 0
    /// The answer is written in chunks of ours.
    var writesChunks = false
    /// The status the client was sent; 0 before.
    var status = 0
    /// All of the answer so far stands in ``toClient``: none of it was sent.
    var holdsWholeAnswer = false
    var reason: ErrorCode?

    // The attempt.
    /// Sends to the resource so far.
    var attempts = 0
    /// Which of the credential's keys signs.
    var keyIndex = 0
    /// A key, or a token, was refused already.
    var wasRefused = false
    /// The token that authorizes this attempt, for strategies that need one.
    var token: AccessToken?
    /// What the resource said when it refused a token, while another is awaited.
    var refusal: GatewayError.Detail?
    /// Bytes of the body that this attempt has handed on.
    var sentBodyBytes = 0
    /// All of the request went to ``outbound``.
    var isHandedOn = false
    /// All of the request was taken by the system.
    var isSent = false
    /// The answer came before the request was sent, which goes on beside it.
    var sendsBesideAnswer = false
    /// All of the answer went to ``toClient``.
    var hasWholeAnswer = false

    /// It is counted among the requests that began and have not ended.
    var isInFlight = false

    // For the log.
    /// Counts the worker's exchanges; 0 until somebody asks for its id.
    var number: UInt32 = 0
    var generation: WorkerGeneration?
    var startedAt = MonotonicTime(nanoseconds: 0)
    var headCompleteAt = MonotonicTime(nanoseconds: 0)
    var bodyStartedAt = MonotonicTime(nanoseconds: 0)
    var bodyProgressAt = MonotonicTime(nanoseconds: 0)
    /// Since when the client's body is not read, for it has nowhere to go; 0 while it is.
    var bodyPausedAt = MonotonicTime(nanoseconds: 0)
    var upstreamStartedAt = MonotonicTime(nanoseconds: 0)
    var upstreamNanoseconds: Int64 = 0
    var answerBodyBytes = 0

    /// A usual message, and what one read asks for.
    static let readBytes = 16_384
    /// More than this is given back when an exchange ends.
    static let keptCapacityBytes = 131_072
    /// 1xx answers in a row (http rule UP-8).
    static let interimLimit = 16

    /// Makes ready for a connection's first request, or its first after a rest.
    mutating func prepare(limits: HeadLimits) {
        if parser.limits == limits { parser.reset() } else { parser = RequestParser(limits: limits) }
    }

    /// Forgets one request, ready for the next on the same connection; keeps what the client sent ahead.
    mutating func reset() {
        phase = .awaitingHead
        head.reset()
        parser.reset()
        forgetAnswer()
        unsignedHead.clear()
        outbound.clear()
        kept.clear()
        body.clear()
        method = .other
        (methodBytes, clientTarget, target, clientHost) = (.empty, .empty, .empty, .empty)
        (clientRequestID, upstreamRequestID) = (.empty, .empty)
        (route, caller, status, reason, generation) = (nil, nil, 0, nil, nil)
        (attempts, keyIndex, wasRefused, sentBodyBytes) = (0, 0, false, 0)
        (token, refusal) = (nil, nil)
        (answerBodyBytes, upstreamNanoseconds, number) = (0, 0, 0)
        (isHTTP10, keepsConnection, awaitsContinue, declaredDigest) = (false, true, false, nil)
        (mayStream, isStreaming, isHandedOn, isSent, sendsBesideAnswer) = (false, false, false, false, false)
        (startedAt, bodyProgressAt) = (MonotonicTime(nanoseconds: 0), MonotonicTime(nanoseconds: 0))
        bodyPausedAt = MonotonicTime(nanoseconds: 0)
        shrink()
    }

    /// Gives back what an unusual request made grow, as far as it is empty.
    mutating func shrink() {
        Self.shrink(&inbound)
        Self.shrink(&toClient)
        Self.shrink(&upstreamBytes)
        Self.shrink(&outbound)
        Self.shrink(&unsignedHead)
        Self.shrink(&kept)
        scratch.clear()
        Self.shrink(&scratch)
        path.shrink()
    }

    /// Forgets an answer that will not be used, before another attempt.
    mutating func forgetAnswer() {
        upstreamBytes.clear()
        answerHead.reset()
        answerParser.reset()
        (interimCount, writesChunks, hasWholeAnswer) = (0, false, false)
    }

    private static func shrink(_ buffer: inout ByteBuffer) {
        if buffer.isEmpty, buffer.capacity > keptCapacityBytes { buffer.releaseStorage() }
    }
}

/// An ``Exchange`` with an identity: what a worker's stack and a connection hold.
final class ExchangeCell {
    var exchange = Exchange()
    /// How many tokens its worker had seen replaced when it was lent.
    var replacedTokens = 0
}
