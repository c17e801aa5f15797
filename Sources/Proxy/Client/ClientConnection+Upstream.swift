internal import Bytes
internal import Credentials
internal import HTTP1
internal import Telemetry
internal import Transport
internal import Upstream

// The way to the resource and back.
extension ClientConnection {
    /// Asks for a token if one is needed, then for a connection, and sends one attempt over it.
    func startAttempt(_ cell: ExchangeCell, _ route: WorkerRoute, onlyFresh: Bool = false) -> Bool {
        if let slot = route.tokenSlot {
            guard let token = slot.usable(at: worker.tokenInstant()) else { return awaitToken(cell, slot) }
            cell.exchange.token = token
        }
        cell.exchange.phase = .awaitingUpstream
        pauseBody(cell)
        cell.exchange.forgetAnswer()
        if cell.exchange.attempts == 0 { cell.exchange.upstreamStartedAt = worker.loop.now }
        switch route.pool.lend(to: self, timeout: route.settings.times.connect, onlyFresh: onlyFresh) {
        case .ready(let connection):
            route.resourceMeter.reused()
            upstream = connection
            return sendAttempt(cell, route.settings)
        case .opening(let dial):
            self.dial = dial
            arm(cell, by: .distantFuture)
            return false
        case .failed(let failure):
            return couldNotConnect(failure, cell, route)
        }
    }

    private func sendAttempt(_ cell: ExchangeCell, _ route: RouteSettings) -> Bool {
        do throws(GatewayError) {
            try cell.exchange.authorize(route, date: worker.date())
        } catch {
            dropUpstream()
            return answer(error, cell)
        }
        cell.exchange.phase = .sending
        worker.loop.postpone(self)
        return false
    }

    private func couldNotConnect(_ failure: ConnectFailure, _ cell: ExchangeCell, _ route: WorkerRoute) -> Bool {
        route.resourceMeter.failed()
        worker.note(failure, route.settings)
        return answer(upstreamError(.upstreamUnavailable, "The resource cannot be reached.", cell), cell)
    }

    // MARK: The answer

    func readAnswer(_ cell: ExchangeCell, _ upstream: UpstreamConnection, _ route: WorkerRoute) -> Bool {
        while true {
            switch upstream.receiveAnswer(into: &cell.exchange.upstreamBytes) {
            case .bytes:
                switch cell.exchange.readAnswerHead() {
                case .complete: return beginAnswer(cell, upstream, route)
                case .needsMore: continue
                case .broken:
                    dropUpstream()
                    return answer(
                        upstreamError(.upstreamFailed, "The resource's answer is not valid HTTP.", cell), cell)
                }
            case .wouldBlock:
                guard !cell.exchange.isSent else { return false }
                cell.exchange.phase = .sending
                return upstream.mayWrite
            case .end, .failed: return upstreamBroke(cell)
            }
        }
    }

    private func beginAnswer(_ cell: ExchangeCell, _ upstream: UpstreamConnection, _ route: WorkerRoute) -> Bool {
        if cell.exchange.answerHead.status == 401, !route.settings.credential.passesCallerAuthorization {
            return credentialWasRefused(cell, route)
        }
        route.preference.keyIndex = cell.exchange.keyIndex
        // There will be no further attempt.
        cell.exchange.decideOnRest()
        if !cell.exchange.sendsBesideAnswer { worker.bodyEnded(cell) }
        cell.exchange.beginAnswer(route.settings, binding.settings, isTLS: tls != nil)
        cell.exchange.phase = .relaying
        return relay(cell, upstream, route)
    }

    func relay(_ cell: ExchangeCell, _ upstream: UpstreamConnection, _ route: WorkerRoute) -> Bool {
        // The answer's progress; that of the request beside it is another's, or who sends could do without reading.
        var (hasMoved, hasSentOn) = (false, false)
        if cell.exchange.sendsBesideAnswer {
            switch sendBesideAnswer(cell, upstream, route, &hasSentOn) {
            case .goesOn: break
            case .ended(let goesOn): return goesOn
            }
        }
        while true {
            switch cell.exchange.relay() {
            case .complete:
                guard !cell.exchange.sendsBesideAnswer || upstream.hasPeerFinished else {
                    return awaitRestOfRequest(cell, route, hasSentOn)
                }
                answerIsComplete(cell, upstream)
                worker.loop.postpone(self)
                return false
            case .broken: return answerIsBroken(cell)
            case .full:
                cell.exchange.holdsWholeAnswer = false
                let before = cell.exchange.toClient.count
                let sent = send(&cell.exchange.toClient)
                if cell.exchange.toClient.count != before { hasMoved = true }
                switch sent {
                case .all: continue
                case .failed:
                    clientIsGone()
                    return false
                case .blocked:
                    guard cell.exchange.toClient.count >= Exchange.relayBufferBytes else { continue }
                    armAnswer(cell, route, hasMoved: hasMoved)
                    return false
                }
            case .needsMore: break
            }
            switch upstream.receiveAnswer(into: &cell.exchange.upstreamBytes, atLeast: Exchange.readBytes) {
            case .bytes(let count):
                hasMoved = true
                if isTurnOver(count) { return pauseRelay(cell, route, hasMoved) }
            case .end(let isClean):
                guard isClean, cell.exchange.answerDecoder.endOfStream() else { return cutAnswer(cell) }
                continue
            case .failed: return cutAnswer(cell)
            case .wouldBlock: return pauseRelay(cell, route, hasMoved)
            }
        }
    }

    /// The client gets what there is of its answer; more comes later.
    private func pauseRelay(_ cell: ExchangeCell, _ route: WorkerRoute, _ hasMoved: Bool) -> Bool {
        cell.exchange.holdsWholeAnswer = false
        let before = cell.exchange.toClient.count
        if send(&cell.exchange.toClient) == .failed {
            clientIsGone()
            return false
        }
        armAnswer(cell, route, hasMoved: hasMoved || cell.exchange.toClient.count != before)
        return false
    }

    /// The answer must go on; and the request beside it, if only its client can be waited for.
    private func armAnswer(_ cell: ExchangeCell, _ route: WorkerRoute, hasMoved: Bool) {
        let beside = awaitsBodyBesideAnswer(cell) ? bodyDeadline(cell, route) : .distantFuture
        armProgress(cell, within: route.settings.times.responseBody, hasMoved: hasMoved, orBy: beside)
    }

    /// The client has all of its answer, and sends on: to a resource that still takes it.
    private func awaitRestOfRequest(_ cell: ExchangeCell, _ route: WorkerRoute, _ hasSentOn: Bool) -> Bool {
        cell.exchange.holdsWholeAnswer = false
        let before = cell.exchange.toClient.count
        switch send(&cell.exchange.toClient) {
        case .failed: clientIsGone()
        case .all where awaitsBody(cell): armBody(cell, route)
        case .all: armProgress(cell, within: route.settings.times.responseBody, hasMoved: hasSentOn)
        case .blocked: armAnswer(cell, route, hasMoved: cell.exchange.toClient.count != before)
        }
        return false
    }

    /// The answer's body is not valid HTTP: 502 if nothing of it was sent, else what was sent must look cut (UP-1).
    private func answerIsBroken(_ cell: ExchangeCell) -> Bool {
        guard cell.exchange.holdsWholeAnswer else { return cutAnswer(cell) }
        cell.exchange.withdrawAnswer()
        return answer(upstreamError(.upstreamFailed, "The resource's answer is not valid HTTP.", cell), cell)
    }

    private func cutAnswer(_ cell: ExchangeCell) -> Bool {
        dropUpstream()
        cut(cell)
        return false
    }

    /// The connection is clean if the answer ended where it said, nothing came behind it, and all of ours was taken.
    private func answerIsComplete(_ cell: ExchangeCell, _ upstream: UpstreamConnection) {
        cell.exchange.upstreamNanoseconds = worker.loop.now.since(cell.exchange.upstreamStartedAt)
        self.upstream = nil
        if cell.exchange.answerHead.isPersistent, cell.exchange.upstreamBytes.isEmpty, cell.exchange.isSent {
            upstream.giveBack()
        } else {
            upstream.drop()
        }
        cell.exchange.phase = .finishing
    }

    // MARK: When it goes wrong

    /// The connection ended before an answer.  Sent again only when that is safe (http rules RT-1, RT-2).
    private func upstreamBroke(_ cell: ExchangeCell) -> Bool {
        guard let upstream, let route = cell.exchange.route else { return false }
        let breakdown = upstream.breakdown(isIdempotent: cell.exchange.method.isIdempotent)
        dropUpstream()
        // A pooled connection that was dead before the first byte was no attempt; the next one is not from the pool.
        if breakdown == .unsent(wasReused: true) { cell.exchange.attempts -= 1 }
        let mayRepeat = cell.exchange.attempts < route.settings.attempts
        switch breakdown {
        case .unsent:
            if mayRepeat, cell.exchange.body.isWhole { return startAttempt(cell, route, onlyFresh: true) }
            return answer(upstreamError(.upstreamUnavailable, "The resource takes nothing.", cell), cell)
        case .mayRepeat:
            if mayRepeat, cell.exchange.canBeSentAgain(route.settings) {
                return startAttempt(cell, route, onlyFresh: true)
            }
        case .outcomeUnknown: break
        }
        return answer(
            upstreamError(.upstreamFailed, "The resource ended the connection; the outcome is unknown.", cell),
            cell)
    }

    /// 401 to our own credential: once more with the other key if there is one, else the operator must act.
    private func credentialWasRefused(_ cell: ExchangeCell, _ route: WorkerRoute) -> Bool {
        worker.noteRefusal(cell, route.settings)
        let refusal = cell.exchange.refusal(of: route.settings)
        dropUpstream()
        if let slot = route.tokenSlot {
            return tokenWasRefused(cell, slot, route, refusal)
        }
        let keys = route.settings.credential.strategy.alternatives
        guard keys > 1, !cell.exchange.wasRefused else { return answer(Self.refused(refusal), cell) }
        cell.exchange.wasRefused = true
        cell.exchange.keyIndex = (cell.exchange.keyIndex + 1) % keys
        let mayRepeat = cell.exchange.attempts < route.settings.attempts
        if mayRepeat, cell.exchange.canBeSentAgain(route.settings) { return startAttempt(cell, route) }
        // For what follows.
        route.preference.keyIndex = cell.exchange.keyIndex
        return answer(mayRepeat ? tooLargeForAnother(cell) : Self.refused(refusal), cell)
    }

    /// The next request has another credential, but of this one's body too much is gone.
    func tooLargeForAnother(_ cell: ExchangeCell) -> GatewayError {
        upstreamError(
            .credentialUnavailable,
            "The resource refused the credential, and the body is too large to be kept for another try.", cell)
    }

    static func refused(_ refusal: GatewayError.Detail) -> GatewayError {
        GatewayError(.upstreamRefusedCredential, "The resource refused the gateway's credential.", refusal)
    }

    func dropUpstream() {
        if let dial {
            self.dial = nil
            dial.abandon()
        }
        guard let upstream else { return }
        self.upstream = nil
        upstream.drop()
    }

    func upstreamError(_ code: ErrorCode, _ sentence: StaticString, _ cell: ExchangeCell) -> GatewayError {
        GatewayError(code, sentence, cell.exchange.route.map { .resource($0.settings.resource.name) } ?? .none)
    }
}

extension ClientConnection: UpstreamUser {
    func upstreamOpened(_ connection: UpstreamConnection) {
        dial = nil
        guard let cell, let route = cell.exchange.route else {
            connection.giveBack()
            return
        }
        route.resourceMeter.opened()
        guard renewToken(cell, route) else {
            connection.giveBack()
            if startAttempt(cell, route) { drive() }
            return
        }
        upstream = connection
        if sendAttempt(cell, route.settings) { drive() }
    }

    func upstreamFailed(_ failure: ConnectFailure) {
        dial = nil
        guard let cell, let route = cell.exchange.route else { return }
        if couldNotConnect(failure, cell, route) { drive() }
    }

    func upstreamBecameReady() { drive() }
}
