internal import Synchronization
internal import Transport

/// What a request comes to.
typealias TransferOutcome = Result<HTTPAnswer, HTTPFailure>

/// One call of `send`, as the caller's threads and the loop's share it.
final class TransferOrder: Sendable {
    /// What to send.
    let request: CheckedRequest
    /// Set before the loop hears of it, so that it holds whichever of start and cancellation the loop takes first.
    let isCancelled = Atomic(false)

    init(_ request: CheckedRequest) { self.request = request }
}

/// The thread that libcurl runs on: takes orders from any thread, and sleeps in `curl_multi_poll` between them.
final class TransferLoop: Sendable {
    /// Resumes whoever waits for a request.
    typealias Continuation = CheckedContinuation<TransferOutcome, Never>

    private enum Message {
        case start(TransferOrder, Continuation)
        case cancel(TransferOrder)
    }

    private struct Inbox {
        var messages: [Message] = []
        /// Requests that were started and have not ended.
        var underWay = 0
        var isClosed = false
    }

    private let inbox = Mutex(Inbox())
    private let multi: CurlMulti
    private let concurrencyLimit: Int

    /// Starts the thread, which lives until ``close()``.
    init(concurrencyLimit: Int) throws(HTTPFailure) {
        self.concurrencyLimit = concurrencyLimit
        multi = try CurlMulti()
        do {
            try Thread.start("acs-http") { [self] in run() }
        } catch {
            throw HTTPFailure(.unavailable, "the HTTP client has no thread: \(error)")
        }
    }

    /// Has the loop carry `order` out and resume `continuation` once, with what it came to.
    func start(_ order: TransferOrder, _ continuation: Continuation) {
        let refusal: HTTPFailure? = inbox.withLock { inbox in
            guard !inbox.isClosed else { return .shutDown }
            guard inbox.underWay < concurrencyLimit else {
                return HTTPFailure(.unavailable, "more than \(concurrencyLimit) requests would be under way at once")
            }
            inbox.underWay += 1
            inbox.messages.append(.start(order, continuation))
            return nil
        }
        if let refusal { continuation.resume(returning: .failure(refusal)) } else { multi.wake() }
    }

    /// Has the loop end `order`, if it has not ended.
    func cancel(_ order: TransferOrder) {
        order.isCancelled.store(true, ordering: .releasing)
        inbox.withLock { if !$0.isClosed { $0.messages.append(.cancel(order)) } }
        multi.wake()
    }

    /// Sees all that the loop's thread did before it resumed a continuation.  The runtime sees to that as well, but a
    /// continuation that is resumed before anybody waits for it is out of ThreadSanitizer's sight.
    func synchronize() { inbox.withLock { _ in } }

    /// Has the loop end all that is under way, and its thread.
    func close() {
        inbox.withLock { $0.isClosed = true }
        multi.wake()
    }

    // MARK: On the thread

    private func run() {
        let desk = TransferDesk(multi) { [self] in inbox.withLock { $0.underWay -= 1 } }
        while true {
            let (messages, isClosed) = inbox.withLock { inbox in
                defer { inbox.messages = [] }
                return (inbox.messages, inbox.isClosed)
            }
            for message in messages {
                switch message {
                case .start(let order, let continuation): desk.start(order, continuation)
                case .cancel(let order): desk.cancel(order)
                }
            }
            guard !isClosed else {
                desk.endAll(.shutDown)
                return
            }
            desk.advance()
            // With an error it would return at once, again and again.
            if !multi.wait() { Pause.nanoseconds(50_000_000) }
        }
    }
}

extension HTTPFailure {
    /// The client was shut down.
    static let shutDown = HTTPFailure(.cancelled, "the HTTP client is shut down")
}
