private import CCurl

/// libcurl's multi handle: all transfers of one thread, and the connections that it keeps for them.
@safe final class CurlMulti: Sendable {
    /// `CURLM *`.  Safe to share: other threads than the loop's only call `wake`, which libcurl allows; it is freed
    /// when nobody is left who could.
    private nonisolated(unsafe) let handle: UnsafeMutableRawPointer

    /// Idle connections that are kept.
    private static let idleConnectionLimit = 16
    /// Longest sleep of the loop; it is woken for everything that it must do sooner.
    private static let longestWaitMilliseconds: Int32 = 60_000

    init() throws(HTTPFailure) {
        if let problem = CurlLibrary.problem { throw problem }
        guard let handle = unsafe cCURL_multi_init() else {
            throw HTTPFailure(.unavailable, "libcurl has no memory")
        }
        unsafe self.handle = unsafe handle
        let isSet = unsafe cCURLM_set_number(handle, CURLMOPT_MAXCONNECTS, Self.idleConnectionLimit) == CURLM_OK
        guard isSet else { throw HTTPFailure(.unavailable, "libcurl refuses to limit its connections") }
    }

    deinit { unsafe cCURL_multi_cleanup(handle) }

    /// Ends the loop's sleep, or its next one; from any thread.
    func wake() { unsafe cCURL_multi_wakeup(handle) }

    /// Begins the transfer that `transfer` was prepared for.
    func add(_ transfer: CurlHandle) throws(HTTPFailure) {
        guard unsafe cCURL_multi_add_handle(handle, transfer.handle) == CURLM_OK else {
            throw HTTPFailure(.unavailable, "libcurl takes no further transfer")
        }
    }

    /// Ends a transfer; unless it has finished, its connection is closed.
    func remove(_ transfer: CurlHandle) { unsafe cCURL_multi_remove_handle(handle, transfer.handle) }

    /// Does all that can be done without waiting; false when libcurl failed.
    func perform() -> Bool {
        var running: Int32 = 0
        return unsafe cCURL_multi_perform(handle, &running) == CURLM_OK
    }

    /// Sleeps until a socket or a timer has something to do, or until ``wake()``; false when libcurl failed.
    func wait() -> Bool {
        unsafe cCURL_multi_poll(handle, Self.longestWaitMilliseconds) == CURLM_OK
    }

    /// The next transfer that has finished, by its handle's ``CurlHandle/id``, and its `CURLcode`.
    func nextFinished() -> (id: UInt, code: UInt32)? {
        var left: Int32 = 0
        while let message = unsafe cCURL_multi_info_read(handle, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let done = unsafe message.pointee.easy_handle else {
                continue
            }
            return unsafe (UInt(bitPattern: done), message.pointee.data.result.rawValue)
        }
        return nil
    }
}
