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

    var gateway: TestGateway
    let cell: ExchangeCell
    private(set) var budget = BodyBudget()
    /// All that the client got.
    private(set) var answered: [UInt8] = []
    /// What the resource got, one for each attempt.
    private(set) var attempts: [[UInt8]] = []
    /// Attempts whose connection was given up before it had the whole request.
    private(set) var givenUp: Set<Int> = []
    /// Set once the client's connection has ended.
    var end: End?
    /// The gateway's own answers by their codes.
    private(set) var refusals: [ErrorCode] = []
    /// The methods of all requests that were answered, in order; `GET` for one that could not be read.
    private(set) var methods: [String] = []
    /// A refusal came before the request's body was read to its end: what becomes of it depends on what is here.
    private(set) var hasPassedOver = false

    /// Called after each step.
    var afterStep: (() -> Void)?
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

    func drive() {
        while end == nil {
            do throws(GatewayError) {
                guard try step() else { return }
            } catch {
                answer(error)
            }
            afterStep?()
        }
    }

    /// One step; false when something must come in first.
    private func step() throws(GatewayError) -> Bool {
        switch cell.exchange.phase {
        case .awaitingHead: return try readHead()
        case .receivingBody: return try holdBody()
        case .awaitingToken, .awaitingUpstream: return false
        case .sending: return try send()
        case .awaitingAnswer: return try readAnswer()
        case .relaying: return try relay()
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
        var route: WorkerRoute?
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

    private func holdBody() throws(GatewayError) -> Bool {
        guard let route = cell.exchange.route?.settings else { return false }
        if try cell.exchange.holdBody(route, budget: &budget) == .complete {
            try startAttempt(route)
            return true
        }
        let isEnough = cell.exchange.awaitsContinue || cell.exchange.body.count >= HeldBody.besideHeadBytes
        if cell.exchange.mayStream, isEnough {
            try stream(route)
            return true
        }
        sayContinue()
        if try receiveBody() { return true }
        guard cell.exchange.mayStream else { return false }
        try stream(route)
        return true
    }

    private func stream(_ route: RouteSettings) throws(GatewayError) {
        cell.exchange.isStreaming = true
        try startAttempt(route)
    }

    private func sayContinue() {
        guard cell.exchange.awaitsContinue else { return }
        cell.exchange.awaitsContinue = false
        ResponseWriter.continueHead(to: &cell.exchange.toClient)
        flush()
    }

    private func receiveBody() throws(GatewayError) -> Bool {
        if let piece = nextClientPiece() {
            cell.exchange.inbound.append(piece)
            return true
        }
        guard hasClientEnded else { return false }
        throw GatewayError(.badRequest, "The connection ended within the body.", closes: true)
    }

    private func startAttempt(_ route: RouteSettings) throws(GatewayError) {
        if cell.exchange.attempts > 0 { giveUp() }
        cell.exchange.forgetAnswer()
        (resourcePieces, resourceEnd) = ([], nil)
        try cell.exchange.authorize(route, date: HTTPDate.bytes(secondsSince1970: Self.now))
        attempts.append([])
        cell.exchange.phase = .sending
    }

    private func send() throws(GatewayError) -> Bool {
        if try sendOn() {
            cell.exchange.phase = .awaitingAnswer
            return true
        }
        guard !resourcePieces.isEmpty || resourceEnd != nil else { return false }
        cell.exchange.phase = .awaitingAnswer  // an early answer
        return true
    }

    /// True once all was sent.
    private func sendOn() throws(GatewayError) -> Bool {
        guard let route = cell.exchange.route?.settings else { return false }
        while true {
            attempts[attempts.count - 1] += cell.exchange.takeOutbound()
            switch try cell.exchange.nextBodyPiece(route, budget: &budget) {
            case .ready: continue
            case .none:
                cell.exchange.isSent = true
                return true
            case .awaitsClient: break
            }
            sayContinue()
            guard try receiveBody() else { return false }
        }
    }

    /// The connection to the resource ends.
    func giveUp() {
        if !cell.exchange.isSent { givenUp.insert(attempts.count - 1) }
    }

    private func readAnswer() throws(GatewayError) -> Bool {
        guard let piece = nextResourcePiece() else {
            guard resourceEnd != nil else {
                guard !cell.exchange.isSent else { return false }
                cell.exchange.phase = .sending
                return true
            }
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
        guard let route = cell.exchange.route?.settings else { return }
        if cell.exchange.answerHead.status == 401, !route.credential.strategy.passesCallerAuthorization {
            try tryOtherKey(route)
            return
        }
        cell.exchange.decideOnRest()
        if !cell.exchange.sendsBesideAnswer { endBody() }
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
        guard cell.exchange.canBeSentAgain(route) else { throw GatewayError(.credentialUnavailable, "Too large.") }
        cell.exchange.wasRefused = true
        cell.exchange.keyIndex = (cell.exchange.keyIndex + 1) % keys
        try startAttempt(route)
    }

    private func relay() throws(GatewayError) -> Bool {
        if cell.exchange.sendsBesideAnswer { try sendBeside() }
        switch cell.exchange.relay() {
        case .complete:
            guard !cell.exchange.sendsBesideAnswer else {
                flush()
                return false
            }
            giveUp()
            cell.exchange.phase = .finishing
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

    private func sendBeside() throws(GatewayError) {
        do throws(GatewayError) {
            guard try sendOn() || resourceEnd != nil else { return }
        } catch {
            guard cell.exchange.hasWholeAnswer else { throw error }
        }
        cell.exchange.sendsBesideAnswer = false
        endBody()
    }

    func endBody() {
        _ = budget.move(from: cell.exchange.body.heldBytes, to: 0)
        cell.exchange.body.dropBytes()
    }

    private func finish() {
        flush()
        methods.append(cell.exchange.methodName)
        let keepsConnection = cell.exchange.keepsConnection
        endBody()
        cell.exchange.reset()
        if !keepsConnection { end = .closed }
    }

    func cut() {
        if cell.exchange.attempts > 0 { giveUp() }
        flush()
        methods.append(cell.exchange.methodName)
        end = .cut
    }

    /// The connection is over: what the exchange held goes back, as a worker takes it.
    func leave() {
        endBody()
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
    func answer(_ error: GatewayError) {
        guard cell.exchange.status == 0 else {
            cut()
            return
        }
        var error = error
        if cell.exchange.attempts > 0 { giveUp() }
        if !error.closes, !cell.exchange.decoder.isComplete {
            hasPassedOver = true
            error.closes = cell.exchange.awaitsContinue || !cell.exchange.skipBody()
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
