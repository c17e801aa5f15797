internal import Admission
internal import Bytes
internal import Crypto
internal import HTTP1
internal import Telemetry
internal import Transport
internal import Upstream

/// One client's connection: reads, writes and keeps time for the ``Exchange`` at hand, one after the other.
///
/// Between requests it has no exchange and no buffers.  ``drive()`` is a loop over the exchange's phases; each step
/// says whether there is more to do at once.
final class ClientConnection: Connection {
    let worker: Worker
    /// The listener it came in by, in whatever generation is current.
    let binding: ListenerBinding
    /// What it was counted at when it came.
    let meter: ListenerMeter
    let peer: SocketAddress
    /// Who connected, on a Unix socket.
    var process: PeerProcess?
    /// The exchange at hand.
    var cell: ExchangeCell?
    /// The connection to the resource that is lent to the exchange.
    var upstream: UpstreamConnection?
    /// The connection to the resource that is being opened for the exchange.
    var dial: Dial?
    /// Requests answered.
    var served = 0
    /// What it moved since the loop told it last: see ``isTurnOver(_:)``.
    var movedBytes = 0
    /// Bytes read and dropped since our last answer; negative while the connection is in use.
    var lingeredBytes = -1
    /// The phase that ``armProgress(_:within:hasMoved:orBy:)`` set the deadline for.
    var armedPhase: Exchange.Phase?
    /// When that phase must have moved on; the connection's own deadline may be another's, and sooner.
    var progressDeadline = MonotonicTime.distantFuture
    /// The deadline of an idle connection stands: what tells nothing, such as a TLS record without content, moves it
    /// no further.
    private var isResting = false

    /// How long, and how much, is read from a client that was refused, so that the answer is not lost to a reset
    /// (http rule KA-7).
    private static let lingerNanoseconds: Int64 = 1_000_000_000
    private static let lingerLimitBytes = 65_536

    init(descriptor: Int32, peer: SocketAddress, tls: TLSConnection?, binding: ListenerBinding, worker: Worker) {
        (self.worker, self.binding, self.peer) = (worker, binding, peer)
        meter = binding.meter
        super.init(descriptor: descriptor, tls: tls)
    }

    /// Who this is, as far as the connection proves it.
    var identity: ConnectionIdentity {
        ConnectionIdentity(certificate: tls?.peerCertificate, process: process)
    }

    override func ready(_ readiness: Readiness) {
        note(readiness)
        if lingeredBytes >= 0 {
            linger()
            return
        }
        if !readiness.isDisjoint(with: [.failed, .hungUp]), cell != nil {
            clientIsGone()
            return
        }
        if tls != nil, cell == nil, flush() == .failed {
            finish()
            return
        }
        drive()
    }

    override func roundEnds() { drive() }

    override func deadlinePassed() { timeIsUp() }

    /// Goes through the phases until something must be waited for.
    func drive() {
        movedBytes = 0
        while descriptor >= 0 {
            guard let cell else {
                guard lingeredBytes < 0, mayRead else { return }
                self.cell = worker.lendCell(for: self)
                continue
            }
            // As long as it is the same exchange: taking it from the property counts references.
            repeat {
                guard step(cell) else { return }
            } while descriptor >= 0 && self.cell === cell
        }
    }

    /// Does what the phase asks for; true when there is more to do at once.
    ///
    /// What a step works with is taken from its properties here and handed down, since taking it counts references.
    @inline(__always)
    private func step(_ cell: ExchangeCell) -> Bool {
        switch cell.exchange.phase {
        case .awaitingHead: return readHead(cell)
        case .receivingBody:
            guard let route = cell.exchange.route else { return false }
            return holdBody(cell, route)
        case .awaitingToken, .awaitingUpstream: return false
        case .sending:
            guard let upstream, let route = cell.exchange.route else { return false }
            return sendRequest(cell, upstream, route)
        case .awaitingAnswer:
            guard let upstream, let route = cell.exchange.route else { return false }
            return readAnswer(cell, upstream, route)
        case .relaying:
            guard let upstream, let route = cell.exchange.route else { return false }
            return relay(cell, upstream, route)
        case .finishing: return sendRest(cell)
        }
    }

    // MARK: Reading a request

    private func readHead(_ cell: ExchangeCell) -> Bool {
        do throws(GatewayError) {
            if !cell.exchange.inbound.isEmpty, try cell.exchange.readHead() { return begin(cell) }
            while true {
                let hadStarted = cell.exchange.parser.hasStarted
                switch receive(into: &cell.exchange.inbound) {
                case .bytes:
                    if !hadStarted { headBegan(cell) }
                    if try cell.exchange.readHead() { return begin(cell) }
                case .wouldBlock:
                    if cell.exchange.inbound.isEmpty { becomeIdle() }
                    return false
                case .end:
                    guard cell.exchange.parser.hasStarted else {
                        endInOrder()
                        return false
                    }
                    throw GatewayError(.badRequest, "The connection ended within the head.", closes: true)
                case .failed:
                    finish()
                    return false
                }
            }
        } catch {
            cell.exchange.keepsConnection = false
            return answer(error, cell)
        }
    }

    /// The first byte of a request: from here its head must come in time.
    private func headBegan(_ cell: ExchangeCell) {
        cell.exchange.startedAt = worker.loop.now
        isResting = false
        if served > 0 { setDeadline(worker.loop.now.advanced(by: binding.settings.requestHead)) }
    }

    /// The head is complete: the request is admitted and its body awaited, or it is answered.
    private func begin(_ cell: ExchangeCell) -> Bool {
        let now = worker.loop.now
        if cell.exchange.startedAt.nanoseconds == 0 { cell.exchange.startedAt = now }
        cell.exchange.headCompleteAt = now
        cell.exchange.isInFlight = true
        worker.meters.worker.began()
        cell.exchange.keepHead()
        served += 1
        if served >= binding.settings.requestsPerConnection || worker.isDraining || binding.isRemoved {
            cell.exchange.keepsConnection = false
        }
        var failure: GatewayError?
        var isOwn = false
        do throws(GatewayError) {
            isOwn = try cell.exchange.admit(at: binding.index, by: worker.generation, from: identity) == nil
        } catch {
            failure = error
        }
        cell.exchange.takeHead(limits: binding.settings.headLimits)
        if let failure { return answer(failure, cell) }
        if isOwn { return answerOptions(cell) }
        cell.exchange.phase = .receivingBody
        cell.exchange.bodyStartedAt = now
        return true
    }

    /// Reads the body that must be held; or whatever has come of one that streams, so that a small one is sent whole.
    ///
    /// By itself, for what a function is handed it need not retain.
    @inline(never)
    private func holdBody(_ cell: ExchangeCell, _ route: WorkerRoute) -> Bool {
        do throws(GatewayError) {
            while true {
                if try cell.exchange.holdBody(route.settings, budget: &worker.bodies) == .complete {
                    return startAttempt(cell, route)
                }
                if cell.exchange.mayStream,
                    cell.exchange.awaitsContinue || cell.exchange.body.count >= HeldBody.besideHeadBytes
                {
                    return stream(cell, route)
                }
                guard sayContinue(cell) else {
                    clientIsGone()
                    return false
                }
                switch try receiveBody(cell) {
                case .bytes(let count):
                    guard isTurnOver(count) else { continue }
                    armBody(cell, route)
                    return false
                case .wouldBlock:
                    if cell.exchange.mayStream { return stream(cell, route) }
                    armBody(cell, route)
                    return false
                case .end, .failed:
                    clientIsGone()
                    return false
                }
            }
        } catch {
            return answer(error, cell)
        }
    }

    /// The rest of the body goes on as it comes.
    private func stream(_ cell: ExchangeCell, _ route: WorkerRoute) -> Bool {
        cell.exchange.isStreaming = true
        return startAttempt(cell, route)
    }

    // MARK: Ending

    /// No request is under way: the exchange's buffers go to whoever needs them.
    private func becomeIdle() {
        guard let cell else { return }
        self.cell = nil
        worker.takeBack(cell)
        if hasPeerFinished || (worker.isDraining || binding.isRemoved) && served > 0 {
            endInOrder()
        } else if served > 0, !isResting {
            isResting = true
            setDeadline(worker.loop.now.advanced(by: binding.settings.idle))
        }
    }

    /// Writes the last bytes of an answer; then the next request, or the end.
    private func sendRest(_ cell: ExchangeCell) -> Bool {
        let before = cell.exchange.toClient.count
        switch send(&cell.exchange.toClient) {
        case .blocked:
            let limit = cell.exchange.route?.settings.times.responseBody ?? binding.settings.requestHead
            armProgress(cell, within: limit, hasMoved: cell.exchange.toClient.count != before)
            return false
        case .failed:
            clientIsGone()
            return false
        case .all: break
        }
        armedPhase = nil
        worker.logAccess(cell, self)
        let keepsConnection = cell.exchange.keepsConnection
        let isWhole = cell.exchange.wasReadToItsEnd
        worker.bodyEnded(cell)
        cell.exchange.reset()
        guard keepsConnection else {
            endAfterAnswer(cell, toWholeRequest: isWhole)
            return false
        }
        if cell.exchange.inbound.isEmpty {
            guard mayRead else {
                becomeIdle()
                return false
            }
            setDeadline(worker.loop.now.advanced(by: binding.settings.idle))
        } else {
            headBegan(cell)
        }
        return !isTurnOver(Self.requestCostBytes)
    }

    /// The last answer was sent: closes at once if the client has nothing under way, else reads on for a while.  Of a
    /// request that was refused before its end there may be more on its way.
    private func endAfterAnswer(_ cell: ExchangeCell, toWholeRequest isWhole: Bool) {
        let isQuiet = isWhole && cell.exchange.inbound.isEmpty && !mayRead
        cell.exchange.inbound.clear()
        self.cell = nil
        worker.takeBack(cell)
        let isSaid = finishSending(beforeClose: isQuiet) != .blocked
        guard !isQuiet || !isSaid else {
            finish()
            return
        }
        lingeredBytes = 0
        setDeadline(worker.loop.now.advanced(by: Self.lingerNanoseconds))
        linger()
    }

    private func linger() {
        while lingeredBytes <= Self.lingerLimitBytes {
            switch receive(into: &worker.dropped) {
            case .bytes(let count): lingeredBytes += count
            case .wouldBlock: return
            case .end, .failed: lingeredBytes = .max
            }
            worker.dropped.clear()
            if lingeredBytes == .max { break }
        }
        finish()
    }

    /// The client is gone: what was asked for it is not wanted any more (http rule RT-4).
    func clientIsGone() {
        if let cell {
            cell.exchange.reason = nil
            worker.logAccess(cell, self)
        }
        finish()
    }

    /// An answer that cannot be completed must look cut: no last chunk, fewer bytes than said, no close_notify (UP-7).
    func cut(_ cell: ExchangeCell) {
        _ = send(&cell.exchange.toClient)
        if cell.exchange.isHTTP10 { resetOnClose() }
        worker.logAccess(cell, self)
        finish()
    }

    /// Ends between two requests.  A client over TLS is told, or it could take the end for a cut.
    func endInOrder() {
        if tls != nil { finishSending(beforeClose: true) }
        finish()
    }

    /// Gives everything back and closes.
    func finish() {
        leaveToken()
        dropUpstream()
        if let cell {
            self.cell = nil
            if cell.exchange.isInFlight { worker.count(cell) }
            worker.bodyEnded(cell)
            // First, so that large ones are given back.
            cell.exchange.inbound.clear()
            cell.exchange.toClient.clear()
            cell.exchange.reset()
            worker.takeBack(cell)
        }
        worker.closed(self)
        close()
    }

    /// The worker drains, or the listener is gone: an idle connection ends now, a busy one after its answer.
    func endWhenIdle() {
        if cell == nil, lingeredBytes < 0 {
            // A request that has come and was not looked at yet is served: an event for it is on its way.
            if !hasSomethingToRead() { endInOrder() }
        } else if let cell, cell.exchange.status == 0 {
            cell.exchange.keepsConnection = false
        }
    }
}
