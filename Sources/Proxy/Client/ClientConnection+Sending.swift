internal import Bytes
internal import HTTP1
internal import Transport
internal import Upstream

// The request's way to the resource: its head, and its body as far as it is held, then as it comes.
//
// Neither side can make the other's bytes pile up: the client is read only when the resource took what there was.
extension ClientConnection {
    /// What sending came to.
    private enum SendProgress {
        /// All of the request was handed to the system.
        case complete
        /// The client must send more of its body.
        case awaitsClient
        /// Nobody: others come first.
        case turnIsOver
        /// The resource must take something.
        case awaitsResource
        /// The resource takes nothing more; it may have said why.
        case resourceStopped
        /// There is nobody to answer.
        case clientIsGone
    }

    /// Sends on before any answer.
    func sendRequest(_ cell: ExchangeCell, _ upstream: UpstreamConnection, _ route: WorkerRoute) -> Bool {
        var hasMoved = false
        do throws(GatewayError) {
            switch try sendOn(cell, upstream, route, &hasMoved) {
            case .complete:
                cell.exchange.phase = .awaitingAnswer
                armProgress(cell, within: route.settings.times.responseHead, hasMoved: true)
                return upstream.mayRead
            case .awaitsResource:
                if upstream.mayRead { return answerIsEarly(cell) }
                armProgress(cell, within: route.settings.times.responseHead, hasMoved: hasMoved)
                return false
            case .awaitsClient:
                if upstream.mayRead { return answerIsEarly(cell) }
                armBody(cell, route)
                return false
            case .turnIsOver:
                armBody(cell, route)
                return false
            case .resourceStopped: return answerIsEarly(cell)
            case .clientIsGone:
                clientIsGone()
                return false
            }
        } catch {
            return answer(error, cell)
        }
    }

    /// Sends until one side must be waited for; notes whether the resource took anything.
    private func sendOn(
        _ cell: ExchangeCell, _ upstream: UpstreamConnection, _ route: WorkerRoute, _ hasMoved: inout Bool
    ) throws(GatewayError) -> SendProgress {
        while true {
            let before = cell.exchange.outbound.count
            let sent = upstream.sendRequest(&cell.exchange.outbound)
            if cell.exchange.outbound.count != before { hasMoved = true }
            switch sent {
            case .all: break
            case .blocked:
                pauseBody(cell)
                return .awaitsResource
            case .failed: return .resourceStopped
            }
            switch try cell.exchange.nextBodyPiece(route.settings, budget: &worker.bodies) {
            case .ready: continue
            case .none:
                cell.exchange.isSent = true
                return .complete
            case .awaitsClient: break
            }
            resumeBody(cell)
            guard sayContinue(cell) else { return .clientIsGone }
            switch try receiveBody(cell) {
            case .bytes(let count): if isTurnOver(count) { return .turnIsOver }
            case .wouldBlock: return .awaitsClient
            case .end, .failed: return .clientIsGone
            }
        }
    }

    /// Reads some of the body; an end within it is an error, and the request stays incomplete (http rule BD-1).
    func receiveBody(_ cell: ExchangeCell) throws(GatewayError) -> Received {
        let wanted = cell.exchange.decoder.remaining > Exchange.readBytes ? HeldBody.pieceBytes : 4096
        let received = receive(into: &cell.exchange.inbound, atLeast: wanted)
        switch received {
        case .bytes: cell.exchange.bodyProgressAt = worker.loop.now
        case .wouldBlock, .failed: break
        case .end: throw GatewayError(.badRequest, "The connection ended within the body.", closes: true)
        }
        return received
    }

    /// Tells a client that waits for it to send its body (http rule EX-1); false when it is gone.
    func sayContinue(_ cell: ExchangeCell) -> Bool {
        guard cell.exchange.awaitsContinue else { return true }
        cell.exchange.awaitsContinue = false
        ResponseWriter.continueHead(to: &cell.exchange.toClient)
        return send(&cell.exchange.toClient) != .failed
    }

    // MARK: Before the end

    /// Something came before all was sent: most likely a refusal, after which the resource reads no further.
    private func answerIsEarly(_ cell: ExchangeCell) -> Bool {
        cell.exchange.phase = .awaitingAnswer
        return true
    }

    /// What sending on beside an answer came to.
    enum Beside {
        /// The answer can go on.
        case goesOn
        /// It cannot; true when there is more to do at once.
        case ended(Bool)
    }

    /// Sends on while an answer is relayed.
    func sendBesideAnswer(
        _ cell: ExchangeCell, _ upstream: UpstreamConnection, _ route: WorkerRoute, _ hasMoved: inout Bool
    ) -> Beside {
        do throws(GatewayError) {
            switch try sendOn(cell, upstream, route, &hasMoved) {
            case .awaitsClient, .turnIsOver, .awaitsResource: break
            case .complete, .resourceStopped: endSending(cell)
            case .clientIsGone:
                clientIsGone()
                return .ended(false)
            }
            return .goesOn
        } catch {
            guard !cell.exchange.hasWholeAnswer else {
                // It has its answer: only the resource must not take the request for whole.
                endSending(cell)
                return .goesOn
            }
            if cell.exchange.holdsWholeAnswer { cell.exchange.withdrawAnswer() }
            return .ended(answer(error, cell))
        }
    }

    /// Nothing more of the request goes out; if it is not complete, the resource's connection cannot be used again.
    func endSending(_ cell: ExchangeCell) {
        cell.exchange.sendsBesideAnswer = false
        worker.bodyEnded(cell)
    }

    // MARK: Time

    /// The client's body is not read for now: it must not pay for the time (http rule TM-2).
    func pauseBody(_ cell: ExchangeCell) {
        if cell.exchange.isStreaming, cell.exchange.bodyPausedAt.nanoseconds == 0 {
            cell.exchange.bodyPausedAt = worker.loop.now
        }
    }

    private func resumeBody(_ cell: ExchangeCell) {
        guard cell.exchange.bodyPausedAt.nanoseconds != 0 else { return }
        let now = worker.loop.now
        cell.exchange.bodyStartedAt = cell.exchange.bodyStartedAt.advanced(
            by: now.since(cell.exchange.bodyPausedAt))
        cell.exchange.bodyPausedAt = MonotonicTime(nanoseconds: 0)
        cell.exchange.bodyProgressAt = now
    }

    /// The client must send: its body must not pause too long, and keep up 1 KiB/s after its first ten seconds.
    func armBody(_ cell: ExchangeCell, _ route: WorkerRoute) { armFixed(cell, by: bodyDeadline(cell, route)) }

    /// When the client has let its body wait too long, or sent too little of it.
    func bodyDeadline(_ cell: ExchangeCell, _ route: WorkerRoute) -> MonotonicTime {
        let progress = max(cell.exchange.bodyProgressAt, cell.exchange.bodyStartedAt)
        let pause = progress.advanced(by: route.settings.times.requestBody)
        // Divided first: a body's length in nanoseconds could be more than there is.
        let paid = max(10_000_000_000, Int64(cell.exchange.body.count / 1024) * 1_000_000_000)
        return min(pause, cell.exchange.bodyStartedAt.advanced(by: paid))
    }

    /// True while an answer is under way and the request beside it waits for its client.
    func awaitsBodyBesideAnswer(_ cell: ExchangeCell) -> Bool { cell.exchange.sendsBesideAnswer && awaitsBody(cell) }

    /// True when only the client can be waited for.
    func awaitsBody(_ cell: ExchangeCell) -> Bool {
        cell.exchange.isStreaming && !cell.exchange.isHandedOn && cell.exchange.bodyPausedAt.nanoseconds == 0
    }
}
