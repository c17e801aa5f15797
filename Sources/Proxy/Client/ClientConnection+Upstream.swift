internal import Bytes
internal import Credentials
internal import HTTP1
internal import Telemetry
internal import Transport
internal import Upstream

// The way to the resource and back.
extension ClientConnection {
    /// Asks for a token if one is needed, then for a connection, and sends one attempt over it.
    func startAttempt(_ cell: ExchangeCell, onlyFresh: Bool = false) -> Bool {
        guard let route = cell.exchange.route, let generation = cell.exchange.generation else { return false }
        if let slot = generation.tokenSlots[route.credential.index] {
            guard let token = slot.usable(at: worker.tokenInstant()) else { return awaitToken(cell, slot) }
            cell.exchange.token = token
        }
        cell.exchange.phase = .awaitingUpstream
        cell.exchange.forgetAnswer()
        if cell.exchange.attempts == 0 { cell.exchange.upstreamStartedAt = worker.loop.now }
        let pool = generation.pools[route.resource.index]
        switch pool.lend(to: self, timeout: route.times.connect, onlyFresh: onlyFresh) {
        case .ready(let connection):
            upstream = connection
            return sendAttempt(cell, route)
        case .opening(let connection):
            upstream = connection
            arm(cell, by: .distantFuture)
            return false
        case .failed(let failure):
            return couldNotConnect(failure, cell)
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
        return true
    }

    private func couldNotConnect(_ failure: ConnectFailure, _ cell: ExchangeCell) -> Bool {
        upstream = nil
        worker.note(failure, cell.exchange.route)
        return answer(upstreamError(.upstreamUnavailable, "The resource cannot be reached.", cell), cell)
    }

    // MARK: Sending

    func sendRequest(_ cell: ExchangeCell) -> Bool {
        guard let upstream else { return false }
        while true {
            let before = cell.exchange.outbound.count
            let sent = upstream.send(&cell.exchange.outbound)
            cell.exchange.sentBytes += before - cell.exchange.outbound.count
            switch sent {
            case .all: break
            case .blocked:
                if upstream.mayRead { return answerIsEarly(cell) }
                armAnswerDeadline(cell)
                return false
            case .failed: return answerIsEarly(cell)  // a refusal may have come before the end
            }
            do throws(SystemError) {
                guard try cell.exchange.nextBodyPiece() else { break }
            } catch {
                dropUpstream()
                return answer(
                    GatewayError(.overloaded, "The held body cannot be read: the disk is broken."), cell)
            }
        }
        cell.exchange.phase = .awaitingAnswer
        armAnswerDeadline(cell)
        return upstream.mayRead
    }

    /// Something came before all was sent: most likely a refusal, after which the resource reads no further.
    private func answerIsEarly(_ cell: ExchangeCell) -> Bool {
        cell.exchange.phase = .awaitingAnswer
        return true
    }

    private func armAnswerDeadline(_ cell: ExchangeCell) {
        guard let route = cell.exchange.route else { return }
        arm(cell, by: worker.loop.now.advanced(by: route.times.responseHead))
    }

    /// All of this attempt was handed to the system.
    private func isSent(_ cell: ExchangeCell) -> Bool {
        cell.exchange.outbound.isEmpty && cell.exchange.sentBodyBytes == cell.exchange.body.count
    }

    // MARK: The answer

    func readAnswer(_ cell: ExchangeCell) -> Bool {
        guard let upstream else { return false }
        while true {
            switch upstream.receive(into: &cell.exchange.upstreamBytes) {
            case .bytes:
                cell.exchange.hasAnswerBytes = true
                switch cell.exchange.readAnswerHead() {
                case .complete: return beginAnswer(cell)
                case .needsMore: continue
                case .broken:
                    dropUpstream()
                    return answer(
                        upstreamError(.upstreamFailed, "The resource's answer is not valid HTTP.", cell), cell)
                }
            case .wouldBlock:
                if !isSent(cell) { cell.exchange.phase = .sending }
                return !isSent(cell) && upstream.mayWrite
            case .end, .failed: return upstreamBroke(cell)
            }
        }
    }

    private func beginAnswer(_ cell: ExchangeCell) -> Bool {
        guard let route = cell.exchange.route, let generation = cell.exchange.generation else { return false }
        let credential = route.credential
        if cell.exchange.answerHead.status == 401, !credential.strategy.passesCallerAuthorization {
            return credentialWasRefused(cell, route)
        }
        if generation.preferredKeys[credential.index] != cell.exchange.keyIndex {
            generation.preferredKeys[credential.index] = cell.exchange.keyIndex
        }
        // There will be no further attempt.
        worker.bodyEnded(cell)
        cell.exchange.beginAnswer(route, binding.settings, isTLS: tls != nil)
        cell.exchange.phase = .relaying
        return true
    }

    func relay(_ cell: ExchangeCell) -> Bool {
        guard let upstream, let route = cell.exchange.route else { return false }
        while true {
            switch cell.exchange.relay() {
            case .complete:
                answerIsComplete(cell, upstream)
                return true
            case .broken: return answerIsBroken(cell)
            case .full:
                cell.exchange.holdsWholeAnswer = false
                switch send(&cell.exchange.toClient) {
                case .all: continue
                case .failed:
                    clientIsGone()
                    return false
                case .blocked:
                    guard cell.exchange.toClient.count >= Exchange.relayBufferBytes else { continue }
                    arm(cell, by: worker.loop.now.advanced(by: route.times.responseBody))
                    return false
                }
            case .needsMore: break
            }
            switch upstream.receive(into: &cell.exchange.upstreamBytes, atLeast: Exchange.readBytes) {
            case .bytes: continue
            case .end(let isClean):
                guard isClean, cell.exchange.answerDecoder.endOfStream() else { return cutAnswer(cell) }
                continue
            case .failed: return cutAnswer(cell)
            case .wouldBlock:
                cell.exchange.holdsWholeAnswer = false
                if send(&cell.exchange.toClient) == .failed {
                    clientIsGone()
                    return false
                }
                arm(cell, by: worker.loop.now.advanced(by: route.times.responseBody))
                return false
            }
        }
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
        if cell.exchange.answerHead.isPersistent, cell.exchange.upstreamBytes.isEmpty, isSent(cell), !upstream.mayRead {
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
        let wasUnsent = cell.exchange.sentBytes == 0
        let wasStale = upstream.isReused && !cell.exchange.hasAnswerBytes && cell.exchange.method.isIdempotent
        // A pooled connection that was dead before the first byte was no attempt; the next one is not from the pool.
        if wasUnsent, upstream.isReused { cell.exchange.attempts -= 1 }
        dropUpstream()
        if cell.exchange.attempts < route.attempts, wasUnsent || wasStale {
            return startAttempt(cell, onlyFresh: true)
        }
        if wasUnsent { return answer(upstreamError(.upstreamUnavailable, "The resource takes nothing.", cell), cell) }
        return answer(
            upstreamError(.upstreamFailed, "The resource ended the connection; the outcome is unknown.", cell),
            cell)
    }

    /// 401 to our own credential: once more with the other key if there is one, else the operator must act.
    private func credentialWasRefused(_ cell: ExchangeCell, _ route: RouteSettings) -> Bool {
        worker.noteRefusal(cell, route)
        let refusal = cell.exchange.refusal(of: route)
        dropUpstream()
        if let slot = cell.exchange.generation?.tokenSlots[route.credential.index] {
            return tokenWasRefused(cell, slot, route, refusal)
        }
        let keys = route.credential.strategy.alternatives
        if keys > 1, !cell.exchange.wasRefused, cell.exchange.attempts < route.attempts {
            cell.exchange.wasRefused = true
            cell.exchange.keyIndex = (cell.exchange.keyIndex + 1) % keys
            return startAttempt(cell)
        }
        return answer(Self.refused(refusal), cell)
    }

    static func refused(_ refusal: GatewayError.Detail) -> GatewayError {
        GatewayError(.upstreamRefusedCredential, "The resource refused the gateway's credential.", refusal)
    }

    func dropUpstream() {
        guard let upstream else { return }
        self.upstream = nil
        upstream.abandon()
    }

    func upstreamError(_ code: ErrorCode, _ sentence: StaticString, _ cell: ExchangeCell) -> GatewayError {
        GatewayError(code, sentence, cell.exchange.route.map { .resource($0.resource.name) } ?? .none)
    }
}

extension ClientConnection: UpstreamUser {
    func upstreamOpened(_ connection: UpstreamConnection) {
        guard let cell, let route = cell.exchange.route else {
            connection.giveBack()
            return
        }
        upstream = connection
        if sendAttempt(cell, route) { drive() }
    }

    func upstreamChanged(to connection: UpstreamConnection) { upstream = connection }

    func upstreamFailed(_ failure: ConnectFailure) {
        guard let cell else { return }
        if couldNotConnect(failure, cell) { drive() }
    }

    func upstreamBecameReady() { drive() }
}
