import Bytes
import Credentials
import HTTP1
import Support

@testable import Proxy

/// One client's connection driven by hand: bytes in, bytes out, no socket and no time.
///
/// Takes the steps of ``ClientConnection`` in the same order.  Bytes are read in the pieces that they are given in,
/// and only in the phases in which a connection would read them.
final class ExchangeBench {
    /// How the client's connection ended.
    enum End: Equatable {
        /// In order, behind a whole answer or none.
        case closed
        /// In the middle of an answer (http rule UP-7).
        case cut
    }

    let gateway: TestGateway
    let cell: ExchangeCell
    private(set) var budget = BodyBudget()
    /// All that the client got.
    private(set) var answered: [UInt8] = []
    /// What the resource got, one for each attempt.
    private(set) var attempts: [[UInt8]] = []
    /// Set once the client's connection has ended.
    private(set) var end: End?
    /// The gateway's own answers by their codes.
    private(set) var refusals: [ErrorCode] = []
    /// The methods of all requests that were answered, in order; `GET` for one that could not be read.
    private(set) var methods: [String] = []
    /// A refusal came before the request's body was read to its end: what becomes of it depends on what is here.
    private(set) var hasPassedOver = false

    private var clientPieces: [[UInt8]] = []
    private var hasClientEnded = false
    private var resourcePieces: [[UInt8]] = []
    private var resourceEnd: Bool?

    /// The one moment that these tests know: `Mon, 23 Nov 2026 09:08:07 GMT`.
    static let now = 1_795_424_887

    init(_ gateway: TestGateway, cell: ExchangeCell = ExchangeCell(), bodyBudgetBytes: Int = .max) {
        (self.gateway, self.cell) = (gateway, cell)
        budget.limitBytes = bodyBudgetBytes
        cell.exchange.prepare(limits: listener.headLimits)
    }

    private var listener: ListenerSettings { gateway.generation.shared.listeners[0] }

    // MARK: What comes in

    /// The client sends `pieces`, each read at once.
    func client(_ pieces: [UInt8]...) {
        clientPieces += pieces.filter { !$0.isEmpty }
        drive()
    }

    /// The client sends `text`, Latin-1.
    func client(_ text: String) { client(text.latin1) }

    /// The client sends no more.
    func clientEnds() {
        hasClientEnded = true
        drive()
    }

    /// The resource sends `pieces` over the connection of the last attempt.
    func resource(_ pieces: [UInt8]...) {
        resourcePieces += pieces.filter { !$0.isEmpty }
        drive()
    }

    /// The resource sends `text`, Latin-1.
    func resource(_ text: String) { resource(text.latin1) }

    /// The resource's connection ends: in order, or as TLS without close_notify.
    func resourceEnds(isClean: Bool = true) {
        resourceEnd = isClean
        drive()
    }

    // MARK: The steps

    private func drive() {
        while end == nil {
            do throws(GatewayError) {
                guard try step() else { return }
            } catch {
                answer(error)
            }
        }
    }

    /// One step; false when something must come in first.
    private func step() throws(GatewayError) -> Bool {
        switch cell.exchange.phase {
        case .awaitingHead: return try readHead()
        case .receivingBody: return try receiveBody()
        case .awaitingToken, .awaitingUpstream: return false
        case .sending:
            try send()
            return true
        case .awaitingAnswer: return try readAnswer()
        case .relaying: return relay()
        case .finishing:
            finish()
            return true
        }
    }

    private func readHead() throws(GatewayError) -> Bool {
        do throws(GatewayError) {
            if !cell.exchange.inbound.isEmpty, try cell.exchange.readHead() {
                try begin()
                return true
            }
            if let piece = nextClientPiece() {
                cell.exchange.inbound.append(piece)
                return true
            }
            guard hasClientEnded else { return false }
            guard cell.exchange.parser.hasStarted else {
                end = .closed
                return true
            }
            throw GatewayError(.badRequest, "The connection ended within the head.", closes: true)
        } catch {
            if error.closes { cell.exchange.keepsConnection = false }
            throw error
        }
    }

    private func begin() throws(GatewayError) {
        cell.exchange.keepHead()
        var failure: GatewayError?
        var route: RouteSettings?
        do throws(GatewayError) {
            route = try cell.exchange.admit(at: 0, by: gateway.generation)
        } catch {
            failure = error
        }
        cell.exchange.takeHead(limits: listener.headLimits)
        if let failure { throw failure }
        if route == nil {
            answerOptions()
        } else {
            cell.exchange.phase = .receivingBody
        }
    }

    private func receiveBody() throws(GatewayError) -> Bool {
        guard let route = cell.exchange.route else { return false }
        if try cell.exchange.holdBody(route, budget: &budget) == .complete {
            try startAttempt(route)
            return true
        }
        if cell.exchange.awaitsContinue {
            cell.exchange.awaitsContinue = false
            ResponseWriter.continueHead(to: &cell.exchange.toClient)
            flush()
        }
        if let piece = nextClientPiece() {
            cell.exchange.inbound.append(piece)
            return true
        }
        guard hasClientEnded else { return false }
        throw GatewayError(.badRequest, "The connection ended within the body.", closes: true)
    }

    private func startAttempt(_ route: RouteSettings) throws(GatewayError) {
        cell.exchange.forgetAnswer()
        (resourcePieces, resourceEnd) = ([], nil)
        try cell.exchange.authorize(route, date: HTTPDate.bytes(secondsSince1970: Self.now))
        attempts.append([])
        cell.exchange.phase = .sending
    }

    private func send() throws(GatewayError) {
        repeat {
            attempts[attempts.count - 1] += cell.exchange.takeOutbound()
        } while try nextBodyPiece()
        cell.exchange.phase = .awaitingAnswer
    }

    private func nextBodyPiece() throws(GatewayError) -> Bool {
        guard let isPiece = try? cell.exchange.nextBodyPiece() else {
            throw GatewayError(.overloaded, "The held body cannot be read: the disk is broken.")
        }
        return isPiece
    }

    private func readAnswer() throws(GatewayError) -> Bool {
        guard let piece = nextResourcePiece() else {
            guard resourceEnd != nil else { return false }
            throw GatewayError(.upstreamFailed, "The resource ended the connection; the outcome is unknown.")
        }
        cell.exchange.upstreamBytes.append(piece)
        switch cell.exchange.readAnswerHead() {
        case .complete: try beginAnswer()
        case .needsMore: break
        case .broken: throw GatewayError(.upstreamFailed, "The resource's answer is not valid HTTP.")
        }
        return true
    }

    private func beginAnswer() throws(GatewayError) {
        guard let route = cell.exchange.route else { return }
        if cell.exchange.answerHead.status == 401, !route.credential.strategy.passesCallerAuthorization {
            try tryOtherKey(route)
            return
        }
        cell.exchange.beginAnswer(route, listener, isTLS: false)
        cell.exchange.phase = .relaying
    }

    private func tryOtherKey(_ route: RouteSettings) throws(GatewayError) {
        let refusal = cell.exchange.refusal(of: route)
        let keys = route.credential.strategy.alternatives
        guard keys > 1, !cell.exchange.wasRefused, cell.exchange.attempts < route.attempts else {
            throw GatewayError(
                .upstreamRefusedCredential, "The resource refused the gateway's credential.", refusal)
        }
        cell.exchange.wasRefused = true
        cell.exchange.keyIndex = (cell.exchange.keyIndex + 1) % keys
        try startAttempt(route)
    }

    private func relay() -> Bool {
        switch cell.exchange.relay() {
        case .complete: cell.exchange.phase = .finishing
        case .broken: cut()
        case .full: flush()
        case .needsMore:
            if let piece = nextResourcePiece() {
                cell.exchange.upstreamBytes.append(piece)
            } else if let isClean = resourceEnd {
                if !isClean || !cell.exchange.answerDecoder.endOfStream() { cut() }
            } else {
                flush()
                return false
            }
        }
        return true
    }

    private func finish() {
        flush()
        methods.append(cell.exchange.methodName)
        let keepsConnection = cell.exchange.keepsConnection
        _ = budget.move(from: cell.exchange.body.heldBytes, to: 0)
        cell.exchange.reset()
        if !keepsConnection { end = .closed }
    }

    private func cut() {
        flush()
        methods.append(cell.exchange.methodName)
        end = .cut
    }

    /// The connection is over: what the exchange held goes back, as a worker takes it.
    func leave() {
        _ = budget.move(from: cell.exchange.body.heldBytes, to: 0)
        cell.exchange.reset()
        cell.exchange.inbound.clear()
        cell.exchange.toClient.clear()
    }

    private func flush() {
        answered += cell.exchange.takeAnswered()
    }

    private func nextClientPiece() -> [UInt8]? { clientPieces.isEmpty ? nil : clientPieces.removeFirst() }
    private func nextResourcePiece() -> [UInt8]? { resourcePieces.isEmpty ? nil : resourcePieces.removeFirst() }
}

// MARK: Answers of the gateway's own

extension ExchangeBench {
    private func answer(_ error: GatewayError) {
        guard cell.exchange.status == 0 else {
            cut()
            return
        }
        var error = error
        if cell.exchange.phase == .awaitingHead || cell.exchange.phase == .receivingBody, !error.closes {
            hasPassedOver = hasPassedOver || !cell.exchange.decoder.isComplete
            error.closes =
                !cell.exchange.decoder.isComplete && (cell.exchange.awaitsContinue || !cell.exchange.skipBody())
        }
        if error.closes { cell.exchange.keepsConnection = false }
        cell.exchange.status = error.code.status
        refusals.append(error.code)
        cell.exchange.write(error)
        cell.exchange.phase = .finishing
    }

    private func answerOptions() {
        hasPassedOver = hasPassedOver || !cell.exchange.decoder.isComplete
        if !cell.exchange.decoder.isComplete, cell.exchange.awaitsContinue || !cell.exchange.skipBody() {
            cell.exchange.keepsConnection = false
        }
        cell.exchange.status = 204
        ResponseWriter.statusLine(204, to: &cell.exchange.toClient)
        HeadWriter.end(&cell.exchange.toClient)
        cell.exchange.phase = .finishing
    }
}

extension Exchange {
    /// The method as text; `GET` for a request that could not be read.
    fileprivate var methodName: String {
        methodBytes.isEmpty ? "GET" : kept.bytes(methodBytes).text
    }

    /// What is to be sent to the resource.
    fileprivate mutating func takeOutbound() -> [UInt8] {
        defer { outbound.clear() }
        return outbound.span.array
    }

    /// What is to be sent to the client.
    fileprivate mutating func takeAnswered() -> [UInt8] {
        defer { toClient.clear() }
        return toClient.span.array
    }

    /// Writes the answer that `error` is.
    fileprivate mutating func write(_ error: GatewayError) {
        let (id, date, clientID) = (Array("id".utf8), Array("now".utf8), kept.bytes(clientRequestID).array)
        let context = ErrorResponse.Context(
            clientRequestID: clientID.span, requestID: id.span, date: date.span, isHead: method == .head,
            closes: !keepsConnection, saysKeepAlive: isHTTP10)
        ErrorResponse.write(error, context, body: &scratch, into: &toClient)
    }
}

// MARK: What came out

extension ExchangeBench {
    /// The client's answers, read by the letter.
    func answers() -> AnswerReader {
        // Of one that is still on its way the method is the exchange's own.
        var reader = AnswerReader(methods: methods + [cell.exchange.methodName])
        reader.append(answered)
        if end == .closed { reader.end() }
        return reader
    }

    /// The request of the attempt `number`, read by the letter.
    func request(_ number: Int = 0) throws -> StrictRequest {
        var bytes = attempts[number]
        let end = (0..<bytes.count - 3).first { bytes[$0..<$0 + 4].elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) }
        guard let end else { throw GrammarError("a head without its end") }
        var request = try StrictRequest(bytes[..<end])
        bytes.removeFirst(end + 4)
        try request.body.take(from: &bytes)
        guard bytes.isEmpty else { throw GrammarError("\(bytes.count) bytes behind the request") }
        return request
    }
}
