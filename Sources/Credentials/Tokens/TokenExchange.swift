/// One fetch of a token with its steps and retries, without a socket or a clock.
///
///     ready ──send──▶ awaitingAnswer ──done, failed──▶ over
///       ▲                 │  └──send── (the next step)
///       └─────waited──────┘
///
/// Whoever carries it out calls ``next(after:at:)`` with nothing at first, with the answer after each `send`, and with
/// nothing after each `wait`.
public struct TokenExchange: Sendable {
    /// What to do next.
    public enum Step: Sendable {
        /// Send this, and come back with the answer.
        case send(TokenRequest)
        /// Let so much time pass, then come back.
        case wait(Duration)
        /// There is a token.
        case done(AccessToken)
        /// There is none.
        case failed(TokenFailure)
    }

    private enum State {
        case ready
        /// A request is under way, sent at that moment.
        case awaitingAnswer(since: TokenInstant)
        case over
    }

    private var conversation: any TokenConversation
    private var state = State.ready
    /// Retries so far.
    private var retries = 0

    init(_ conversation: any TokenConversation) {
        self.conversation = conversation
    }

    /// Goes on, `now`, after what the last step asked for.
    public mutating func next(after answer: Result<TokenAnswer, TransferFailure>?, at now: TokenInstant) -> Step {
        switch (state, answer) {
        case (.ready, nil):
            return take(conversation.begin(at: now), at: now)
        case (.awaitingAnswer(let start), .success(let answer)?):
            return take(conversation.read(answer, requestedAt: start, at: now), at: now)
        case (.awaitingAnswer, .failure(let failure)?):
            let failure = TokenFailure(
                failure.sentence, advice: conversation.unreachableAdvice, isRetryable: failure.isTemporary,
                kind: failure.isTimeout ? .timeout : .unreachable)
            return take(.failed(failure, status: nil), at: now)
        case (.ready, _?), (.awaitingAnswer, nil), (.over, _):
            preconditionFailure("a fetch was carried out in another order than it asked for")
        }
    }

    private mutating func take(_ move: TokenMove, at now: TokenInstant) -> Step {
        switch move {
        case .send(let request):
            state = .awaitingAnswer(since: now)
            return .send(request)
        case .done(let token):
            state = .over
            return .done(token)
        case .failed(let failure, let status):
            guard failure.isRetryable, let delay = delay(after: failure, status: status) else {
                state = .over
                return .failed(failure)
            }
            retries += 1
            state = .ready
            return .wait(delay)
        }
    }

    /// A longer `Retry-After` ends the fetch, so that those who wait for it can be told; the next begins after it.
    private static let longestWait = Duration.seconds(30)

    /// How long to wait before the next retry; `nil` when there is none.
    private func delay(after failure: TokenFailure, status: Int?) -> Duration? {
        let schedule = conversation.retryDelays(afterStatus: status)
        guard retries < schedule.count else { return nil }
        let delay = failure.retryAfter ?? schedule[retries]
        return delay <= Self.longestWait || failure.retryAfter == nil ? delay : nil
    }
}

/// What is particular to one way of getting a token: its requests, and how its answers read.
protocol TokenConversation: Sendable {
    /// The first request, made anew for each retry.
    mutating func begin(at now: TokenInstant) -> TokenMove

    /// What follows from `answer`, which came `now` and whose request was sent at `requestedAt`.
    mutating func read(_ answer: TokenAnswer, requestedAt: TokenInstant, at now: TokenInstant) -> TokenMove

    /// How long to wait before each retry after an answer with `status`, or after none; as many as there are retries.
    func retryDelays(afterStatus status: Int?) -> [Duration]

    /// What to do when nobody answers.
    var unreachableAdvice: String? { get }
}

/// How a conversation goes on.
enum TokenMove: Sendable {
    case send(TokenRequest)
    case done(AccessToken)
    /// `status` is that of the answer, if there was one.
    case failed(TokenFailure, status: Int?)

    /// What reading an answer of status 200 gave.
    static func reading(_ read: () throws(TokenFailure) -> AccessToken) -> TokenMove {
        do throws(TokenFailure) {
            return .done(try read())
        } catch {
            return .failed(error, status: 200)
        }
    }
}
