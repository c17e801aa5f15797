internal import Bytes
internal import HTTP1
internal import Transport

// Deadlines: one of the phase at hand, one of the whole exchange (docs/limits.md).
extension ClientConnection {
    /// Sets the deadline of the phase at hand; the whole exchange has one too.
    func arm(_ cell: ExchangeCell, by deadline: MonotonicTime) {
        guard let route = cell.exchange.route else {
            setDeadline(deadline)
            return
        }
        setDeadline(min(deadline, cell.exchange.headCompleteAt.advanced(by: route.settings.times.total)))
    }

    /// Sets a deadline that no progress moves: the next ``armProgress(_:within:hasMoved:orBy:)`` starts anew.
    func armFixed(_ cell: ExchangeCell, by deadline: MonotonicTime) {
        armedPhase = nil
        arm(cell, by: deadline)
    }

    /// Sets the deadline of a phase that waits for bytes to move: anew only when some did, or the phase began.  `other`
    /// is that of something else, if it comes sooner.
    func armProgress(
        _ cell: ExchangeCell, within nanoseconds: Int64, hasMoved: Bool, orBy other: MonotonicTime = .distantFuture
    ) {
        if hasMoved || armedPhase != cell.exchange.phase {
            armedPhase = cell.exchange.phase
            progressDeadline = worker.loop.now.advanced(by: nanoseconds)
        }
        arm(cell, by: min(progressDeadline, other))
    }

    /// The deadline of the phase at hand has passed.
    func timeIsUp() {
        guard lingeredBytes < 0, let cell else {
            endInOrder()
            return
        }
        switch cell.exchange.phase {
        case .awaitingHead:
            guard cell.exchange.parser.hasStarted else {
                endInOrder()
                return
            }
            cell.exchange.keepsConnection = false
            fail(GatewayError(.requestTimeout, "The head did not come in time.", closes: true), cell)
        case .receivingBody:
            fail(GatewayError(.requestTimeout, "The body did not come in time.", closes: true), cell)
        case .awaitingToken:
            tokenDidNotCome(cell)
        case .awaitingUpstream:
            fail(upstreamError(.upstreamUnavailable, "No connection to the resource in time.", cell), cell)
        case .sending where awaitsBody(cell):
            fail(GatewayError(.requestTimeout, "The body did not come in time.", closes: true), cell)
        case .sending, .awaitingAnswer:
            let code: ErrorCode = cell.exchange.method.isSafe ? .upstreamTimeout : .upstreamFailed
            fail(upstreamError(code, "The resource did not answer in time.", cell), cell)
        case .relaying where isOnlyRequestLate(cell):
            // Nobody can wait any longer for the rest of its request; the answer, or what is missing of it, goes on.
            endSending(cell)
            drive()
        case .relaying, .finishing: cut(cell)
        }
    }

    /// Beside an answer that came, or still comes in time, the client's body is what did not.
    private func isOnlyRequestLate(_ cell: ExchangeCell) -> Bool {
        if cell.exchange.hasWholeAnswer, cell.exchange.toClient.isEmpty { return true }
        return awaitsBodyBesideAnswer(cell) && worker.loop.now < progressDeadline
    }

    func fail(_ error: GatewayError, _ cell: ExchangeCell) {
        if answer(error, cell) { drive() }
    }
}
