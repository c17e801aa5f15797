internal import Synchronization

/// All transfers that are under way; lives on the loop's thread.
final class TransferDesk {
    private let multi: CurlMulti
    private let noteEnd: () -> Void
    private var transfers: [Transfer] = []
    /// Handles without work: each keeps its TLS sessions, so that the next handshake with a server is shorter.
    private var idle: [CurlHandle] = []

    /// More idle handles than this are freed.
    private static let idleLimit = 8

    /// A desk for `multi`; `noteEnd` is called as each transfer ends.
    init(_ multi: CurlMulti, noteEnd: @escaping () -> Void) {
        (self.multi, self.noteEnd) = (multi, noteEnd)
    }

    /// Starts `order`; what goes wrong is told to `continuation`, like all that follows.
    func start(_ order: TransferOrder, _ continuation: TransferLoop.Continuation) {
        guard !order.isCancelled.load(ordering: .acquiring) else {
            return resume(continuation, .failure(.cancelled(order)))
        }
        do throws(HTTPFailure) {
            let handle = if let used = idle.popLast() { used } else { try CurlHandle() }
            let transfer = try Transfer(order, continuation, on: handle)
            try multi.add(handle)
            transfers.append(transfer)
        } catch {
            resume(continuation, .failure(error))
        }
    }

    /// Ends `order`, if it is under way.
    func cancel(_ order: TransferOrder) {
        guard let place = transfers.firstIndex(where: { $0.order === order }) else { return }
        end(at: place, .failure(.cancelled(order)))
    }

    /// Lets libcurl do all that it can do now, and ends what it has finished.
    func advance() {
        guard multi.perform() else {
            return endAll(HTTPFailure(.unavailable, "libcurl failed inside; all its requests were given up"))
        }
        while let (id, code) = multi.nextFinished() {
            guard let place = transfers.firstIndex(where: { $0.handle.id == id }) else { continue }
            end(at: place, transfers[place].outcome(code))
        }
    }

    /// Ends all transfers with `failure`.
    func endAll(_ failure: HTTPFailure) {
        while !transfers.isEmpty { end(at: transfers.count - 1, .failure(failure)) }
    }

    private func end(at place: Int, _ outcome: TransferOutcome) {
        let transfer = transfers.remove(at: place)
        multi.remove(transfer.handle)
        transfer.handle.forget()
        if idle.count < Self.idleLimit { idle.append(transfer.handle) }
        resume(transfer.continuation, outcome)
    }

    private func resume(_ continuation: TransferLoop.Continuation, _ outcome: TransferOutcome) {
        noteEnd()
        continuation.resume(returning: outcome)
    }
}

extension HTTPFailure {
    /// The task that waited for `order` was cancelled.
    fileprivate static func cancelled(_ order: TransferOrder) -> HTTPFailure {
        HTTPFailure(.cancelled, "the request to `\(order.request.server)` was cancelled")
    }
}
