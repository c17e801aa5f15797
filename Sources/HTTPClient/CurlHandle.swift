internal import Bytes
private import CCurl
internal import Crypto

/// One of libcurl's easy handles: what one transfer is to do, then what it came to.  Used again for the next one.
///
/// Every option that matters is set for each transfer, also where it is libcurl's default, and none may fail: a build
/// of libcurl that does not know one of them sends nothing.  Lives on the loop's thread.
@safe final class CurlHandle {
    /// `CURL *`.
    let handle: UnsafeMutableRawPointer
    /// Where libcurl writes its own words for a failure.
    private let words: UnsafeMutablePointer<CChar>

    init() throws(HTTPFailure) {
        guard let handle = unsafe cCURL_easy_init() else { throw HTTPFailure(.unavailable, "libcurl has no memory") }
        unsafe self.handle = unsafe handle
        unsafe words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe cCURL_easy_cleanup(handle)
        unsafe words.deallocate()
    }

    /// Tells handles that exist at the same time apart.
    var id: UInt { unsafe UInt(bitPattern: handle) }

    /// Forgets the transfer: no pointer of it is left behind.
    func forget() {
        unsafe cCURL_easy_reset(handle)
        unsafe words.pointee = 0
    }

    // MARK: What a transfer came to

    /// libcurl's own words for the failure; they may name hosts, certificates and OpenSSL's reasons, not the URL.
    var failureWords: String { unsafe CurlLibrary.text(words) }

    /// The `errno` of the last connect that failed; 0 when there is none.
    var systemError: Int32 { Int32(truncatingIfNeeded: number(CURLINFO_OS_ERRNO)) }

    /// What a proxy answered to `CONNECT`; 0 when it did not.
    var proxyStatus: Int { number(CURLINFO_HTTP_CONNECTCODE) }

    /// True once the connection stood, TLS included.
    var wasConnected: Bool {
        var microseconds: curl_off_t = 0
        let code = unsafe cCURL_get_size(handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return code == CURLE_OK && microseconds > 0
    }

    private func number(_ item: CURLINFO) -> Int {
        var number = 0
        return unsafe cCURL_get_number(handle, item, &number) == CURLE_OK ? number : 0
    }

    // MARK: Options

    /// Sets an option to a number.
    private func set(_ option: CURLoption, _ number: Int) throws(HTTPFailure) {
        try check(unsafe cCURL_set_number(handle, option, number), option)
    }

    /// Sets an option to a copy of `text`, or to nothing.
    private func set(_ option: CURLoption, _ text: String?) throws(HTTPFailure) {
        try check(unsafe cCURL_set_text(handle, option, text), option)
    }

    /// Sets an option to a copy of a secret text, without a NUL byte.
    private func set(_ option: CURLoption, _ secret: Secret) throws(HTTPFailure) {
        var text = ByteBuffer(capacity: secret.count + 1)
        secret.withBytes { text.append($0) }
        text.append(0)
        let code = unsafe text.withReadableBytes { bytes in
            unsafe cCURL_set_text(handle, option, bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
        }
        text.wipe()
        try check(code, option)
    }

    private func check(_ code: CURLcode, _ option: CURLoption) throws(HTTPFailure) {
        guard code != CURLE_OK else { return }
        throw HTTPFailure(.unavailable, "libcurl refuses its option \(option.rawValue)")
    }
}

// MARK: Setting up

extension CurlHandle {
    /// Prepares the transfer of `request`; its streams come from and go to `transfer`, which must outlive it.
    func prepare(
        _ request: CheckedRequest, _ lines: borrowing FieldLines, for transfer: Transfer
    ) throws(HTTPFailure) {
        unsafe words.pointee = 0
        try check(unsafe cCURL_set_pointer(handle, CURLOPT_ERRORBUFFER, words), CURLOPT_ERRORBUFFER)
        try setMessage(request, lines)
        try setTimes(request)
        try setTrust(request.request.trust)
        try setProxy(request.request.proxy)
        try setStreams(transfer)
    }

    /// What is sent: these bytes, once, and nothing that was not asked for.
    private func setMessage(_ request: CheckedRequest, _ lines: borrowing FieldLines) throws(HTTPFailure) {
        try set(CURLOPT_URL, request.request.url)
        try set(CURLOPT_PROTOCOLS_STR, request.isEncrypted ? "https" : "http")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        // A request goes once: over a connection that was used before, libcurl sends one again, as often as it finds
        // dead ones (docs/decisions/0018-a-connection-for-each-token-request.md).
        try set(CURLOPT_FRESH_CONNECT, 1)
        try set(CURLOPT_FORBID_REUSE, 1)
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_HTTP_TRANSFER_DECODING, 1)
        try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try set(CURLOPT_ACCEPT_ENCODING, nil)
        try set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try check(unsafe cCURL_set_list(handle, CURLOPT_HTTPHEADER, lines.list), CURLOPT_HTTPHEADER)
        switch request.request.method {
        case .get: try set(CURLOPT_HTTPGET, 1)
        case .post:
            try set(CURLOPT_POST, 1)
            let size = curl_off_t(request.request.body?.count ?? 0)
            try check(unsafe cCURL_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, size), CURLOPT_POSTFIELDSIZE_LARGE)
        }
    }

    private func setTimes(_ request: CheckedRequest) throws(HTTPFailure) {
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.connectMilliseconds)
        try set(CURLOPT_TIMEOUT_MS, request.totalMilliseconds)
        // Otherwise the end of a transfer waits, and all others with it, for a resolver that hangs.
        try set(CURLOPT_QUICK_EXIT, 1)
        // Endpoints of Azure close what was idle for some minutes: a connection that may be closing is not used again.
        try set(CURLOPT_MAXAGE_CONN, 60)
        try set(CURLOPT_MAXLIFETIME_CONN, 3_600)
    }

    private func setTrust(_ trust: HTTPRequest.Trust) throws(HTTPFailure) {
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try set(CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20")
        // The directory of authorities would stand beside those that were named, and keep libcurl from remembering
        // the system's file, which takes some 20 ms to read.
        try set(CURLOPT_CAPATH, nil)
        try set(CURLOPT_CA_CACHE_TIMEOUT, 3_600)
        switch trust {
        case .system:
            try set(CURLOPT_SSL_VERIFYPEER, 1)
            try set(CURLOPT_SSL_VERIFYHOST, 2)
        case .authorities(let pem):
            try set(CURLOPT_SSL_VERIFYPEER, 1)
            try set(CURLOPT_SSL_VERIFYHOST, 2)
            let code = pem.text.withBytes { text in
                unsafe text.withUnsafeBytes { bytes in
                    unsafe cCURL_set_blob(handle, CURLOPT_CAINFO_BLOB, bytes.baseAddress, bytes.count)
                }
            }
            try check(code, CURLOPT_CAINFO_BLOB)
        case .pinned:
            // `Transfer` puts the pin in place of both.
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
            // libcurl does not know of the pin: no session may serve another request, as no connection does.
            try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
            try check(unsafe cCURL_set_ssl_context_callback(handle, takeContext), CURLOPT_SSL_CTX_FUNCTION)
        }
    }

    private func setProxy(_ proxy: HTTPRequest.Proxy) throws(HTTPFailure) {
        // Empty, not unset: then the environment's `http_proxy` and `no_proxy` would speak.
        try set(CURLOPT_NOPROXY, "")
        try set(CURLOPT_PRE_PROXY, "")
        switch proxy {
        case .none: try set(CURLOPT_PROXY, "")
        case .url(let url, let user):
            try set(CURLOPT_PROXY, url)
            try set(CURLOPT_HTTPPROXYTUNNEL, 1)
            try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
            guard let user else { return }
            try set(CURLOPT_PROXYAUTH, cCURLAUTH_BASIC())
            try set(CURLOPT_PROXYUSERNAME, user.name)
            try set(CURLOPT_PROXYPASSWORD, user.password)
        }
    }

    /// There is no `CURLOPT_SEEKFUNCTION`: a body of which something was read is never sent again (http rule RT-2).
    private func setStreams(_ transfer: Transfer) throws(HTTPFailure) {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        try check(unsafe cCURL_set_stream_callback(handle, CURLOPT_READFUNCTION, readBody), CURLOPT_READFUNCTION)
        try check(unsafe cCURL_set_stream_callback(handle, CURLOPT_WRITEFUNCTION, writeBody), CURLOPT_WRITEFUNCTION)
        try check(unsafe cCURL_set_stream_callback(handle, CURLOPT_HEADERFUNCTION, writeLine), CURLOPT_HEADERFUNCTION)
        try check(unsafe cCURL_set_before_request_callback(handle, mayBegin), CURLOPT_PREREQFUNCTION)
        let contextOptions = [
            CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA, CURLOPT_SSL_CTX_DATA,
        ]
        for option in contextOptions { try check(unsafe cCURL_set_pointer(handle, option, context), option) }
    }
}

// MARK: Callbacks

/// The transfer that a callback's context stands for.
private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

/// libcurl wants more of the request's body: `CURLOPT_READFUNCTION`.
private func readBody(
    _ room: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    unsafe transfer(context)?.giveBody(to: UnsafeMutableRawBufferPointer(start: room, count: size * count)) ?? 0
}

/// libcurl has more of the answer's body: `CURLOPT_WRITEFUNCTION`.  Less than all says that it is not wanted.
private func writeBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let part = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer(context)?.take(body: Span(_unsafeBytes: part)) == true ? size * count : -1
}

/// libcurl has the next line of a head: `CURLOPT_HEADERFUNCTION`.  Less than all says that it is not wanted.
private func writeLine(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer(context)?.take(line: Span(_unsafeBytes: line)) == true ? size * count : -1
}

/// libcurl has set up TLS for a new connection: `CURLOPT_SSL_CTX_FUNCTION`.
private func takeContext(
    _ handle: UnsafeMutableRawPointer?, _ tls: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?
) -> CURLcode {
    guard let tls = unsafe tls, unsafe transfer(context)?.pin(tls) == true else { return CURLE_ABORTED_BY_CALLBACK }
    return CURLE_OK
}

/// libcurl has connected and would now send the request: `CURLOPT_PREREQFUNCTION`.
private func mayBegin(
    _ context: UnsafeMutableRawPointer?, _ peer: UnsafeMutablePointer<CChar>?, _ own: UnsafeMutablePointer<CChar>?,
    _ peerPort: Int32, _ ownPort: Int32
) -> Int32 {
    unsafe transfer(context)?.mayBegin() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
