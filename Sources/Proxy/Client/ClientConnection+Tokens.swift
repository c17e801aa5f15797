internal import Bytes
internal import Credentials
internal import HTTP1
internal import Transport

// Waiting for a token, without holding the worker up (config language, section 6: no credential, no request).
extension ClientConnection {
    /// Parks the exchange until a token comes, at most `timeouts.connect`.
    func awaitToken(_ cell: ExchangeCell, _ slot: TokenSlot) -> Bool {
        guard let route = cell.exchange.route?.settings else { return false }
        let now = worker.loop.now
        if slot.isRetired { return answer(missingToken(cell, retryAfterSeconds: 1), cell) }
        guard now >= slot.refusedUntil else {
            let seconds = Int((slot.refusedUntil.since(now) + 999_999_999) / 1_000_000_000)
            return answer(Self.noToken(cell, retryAfterSeconds: seconds), cell)
        }
        cell.exchange.phase = .awaitingToken
        pauseBody(cell)
        slot.wait(self)
        worker.services.tokens.needed(slot.identity)
        arm(cell, by: now.advanced(by: route.times.connect.wholeNanoseconds))
        return false
    }

    /// Opening a connection takes time, in which a token may end or another come: false when none may be sent now.
    func renewToken(_ cell: ExchangeCell, _ route: WorkerRoute) -> Bool {
        guard let slot = route.tokenSlot else { return true }
        guard let token = slot.usable(at: worker.tokenInstant()) else { return false }
        cell.exchange.token = token
        return true
    }

    /// A token came for those who wait.
    func tokenCame() {
        guard let cell, cell.exchange.phase == .awaitingToken, let route = cell.exchange.route else { return }
        let token = route.tokenSlot?.token
        if let refusal = cell.exchange.refusal, token?.serial == cell.exchange.token?.serial {
            fail(Self.refused(refusal), cell)  // there is no other
        } else if startAttempt(cell, route) {
            drive()
        }
    }

    /// The control plane has no token, and says when it will try again.
    func tokenIsUnavailable(retryAfterSeconds: Int) {
        guard let cell, cell.exchange.phase == .awaitingToken else { return }
        fail(missingToken(cell, retryAfterSeconds: retryAfterSeconds), cell)
    }

    /// Neither yes nor no in time.
    func tokenDidNotCome(_ cell: ExchangeCell) {
        leaveToken()
        fail(missingToken(cell, retryAfterSeconds: 1), cell)
    }

    /// Nobody need tell this connection of a token.
    func leaveToken() {
        guard let cell, cell.exchange.phase == .awaitingToken, let route = cell.exchange.route else { return }
        route.tokenSlot?.leave(self)
    }

    /// The resource refused the token: it is dropped and fetched anew, at most once a minute, and the request is sent
    /// once more with the next one.
    func tokenWasRefused(
        _ cell: ExchangeCell, _ slot: TokenSlot, _ route: WorkerRoute, _ refusal: GatewayError.Detail
    ) -> Bool {
        let rejected = cell.exchange.token?.serial
        let isFirst = !cell.exchange.wasRefused && cell.exchange.attempts < route.settings.attempts
        let canBeSentAgain = cell.exchange.canBeSentAgain(route.settings)
        cell.exchange.wasRefused = true
        if isFirst, let newer = slot.usable(at: worker.tokenInstant()), newer.serial != rejected {
            // Somebody else was refused before us.
            return canBeSentAgain ? startAttempt(cell, route) : answer(tooLargeForAnother(cell), cell)
        }
        let now = worker.loop.now
        if let rejected, slot.rejectedSerial != rejected {
            let claims = cell.exchange.claims()
            guard slot.reject(rejected, hasClaims: claims != nil, at: now) else {
                return answer(Self.refused(refusal), cell)
            }
            worker.services.tokens.rejected(slot.identity, rejected, claims)
        }
        guard isFirst, !slot.isRetired else { return answer(Self.refused(refusal), cell) }
        guard canBeSentAgain else { return answer(tooLargeForAnother(cell), cell) }
        cell.exchange.refusal = refusal
        cell.exchange.phase = .awaitingToken
        pauseBody(cell)
        slot.wait(self)
        arm(cell, by: now.advanced(by: route.settings.times.connect.wholeNanoseconds))
        return false
    }

    /// What a request without a token is told: that there is none, or, after a 401, what the resource said.
    private func missingToken(_ cell: ExchangeCell, retryAfterSeconds: Int) -> GatewayError {
        if let refusal = cell.exchange.refusal { return Self.refused(refusal) }
        return Self.noToken(cell, retryAfterSeconds: retryAfterSeconds)
    }

    private static func noToken(_ cell: ExchangeCell, retryAfterSeconds: Int) -> GatewayError {
        let resource = cell.exchange.route.map { GatewayError.Detail.resource($0.settings.resource.name) } ?? .none
        var error = GatewayError(.credentialUnavailable, "There is no token for the resource.", resource)
        error.knownRetryAfterSeconds = retryAfterSeconds
        return error
    }
}

extension Exchange {
    /// The claims that a 401 asks the next token to hold.
    borrowing func claims() -> String? {
        for index in 0..<answerHead.fieldCount {
            let field = answerHead.field(at: index)
            guard field.known == .wwwAuthenticate, !field.isLookalike else { continue }
            if let claims = ClaimsChallenge.claims(in: upstreamBytes.bytes(field.value)) { return claims }
        }
        return nil
    }
}
