/// The control plane's way out: tokens, key sets, vaults.  libcurl's multi interface, on one thread of its own.
///
/// What is sent is what was asked for, once, to whom it was asked for: no redirects, cookies, `.netrc`, proxies of the
/// environment, retries of a `POST`, decompression, nor an HTTP version other than 1.1.  Everything that a peer sends
/// has a limit, and every step has a deadline.  docs/decisions/0011-libcurl-in-the-control-plane.md says why libcurl.
public final class HTTPClient: Sendable {
    /// Requests that may be under way at once; more are refused.  The control plane needs a few.
    public static let concurrencyLimit = 256

    private let loop: TransferLoop

    /// Starts its thread; throws when libcurl is not the one that is needed.
    public convenience init() throws(HTTPFailure) { try self.init(concurrencyLimit: Self.concurrencyLimit) }

    init(concurrencyLimit: Int) throws(HTTPFailure) {
        loop = try TransferLoop(concurrencyLimit: concurrencyLimit)
    }

    deinit { loop.close() }

    /// Sends `request` and waits for its whole answer, whatever its status.
    ///
    /// Cancelling the task ends the transfer and its connection.
    public func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPAnswer {
        let order = TransferOrder(try CheckedRequest(request))
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { loop.start(order, $0) }
        } onCancel: {
            loop.cancel(order)
        }
        loop.synchronize()
        return try outcome.get()
    }

    /// Ends all requests that are under way with ``HTTPFailure/Kind/cancelled``, and refuses new ones.
    public func shutdown() { loop.close() }
}
