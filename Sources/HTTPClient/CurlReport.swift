private import CCurl
internal import Transport

/// What libcurl tells of a transfer that ended, in our words.
struct CurlReport {
    /// A `CURLcode`.
    let code: UInt32
    let handle: CurlHandle
    let request: CheckedRequest

    private var server: String { request.server }

    /// Why the transfer failed; `nil` when it did not.
    var failure: HTTPFailure? {
        switch CURLcode(code) {
        case CURLE_OK: nil
        case CURLE_COULDNT_RESOLVE_HOST: HTTPFailure(.resolve, "the name in `\(server)` has no address now")
        case CURLE_COULDNT_RESOLVE_PROXY: HTTPFailure(.resolve, "the name of the proxy for `\(server)` has no address")
        case CURLE_OPERATION_TIMEDOUT: timeout
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: connect
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_ABORTED_BY_CALLBACK:
            certificate
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED:
            HTTPFailure(.tls, "TLS with `\(server)` failed: \(words)")
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_RECV_ERROR:
            lost
        // The scheme was checked before: the protocol that is not supported is HTTP/0.9.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: failure(of: .notHTTP1)
        default:
            HTTPFailure(.unavailable, "libcurl failed to ask `\(server)`: \(reason)")
        }
    }

    /// Why an answer that came was not taken.
    func failure(of problem: AnswerReader.Problem) -> HTTPFailure {
        switch problem {
        case .bodyTooLarge(let limitBytes):
            HTTPFailure(.tooLarge, "`\(server)` answered with more than \(limitBytes) bytes")
        case .headTooLarge:
            HTTPFailure(.tooLarge, "`\(server)` answered with a head of more than \(AnswerReader.headLimitBytes) bytes")
        case .notHTTP1: HTTPFailure(.answer, "`\(server)` did not answer in HTTP/1.1")
        case .brokenLine: HTTPFailure(.answer, "`\(server)` answered with a field line that breaks the rules of HTTP")
        case .noFinalAnswer: HTTPFailure(.answer, "`\(server)` gave no final answer")
        }
    }

    /// libcurl's standing words for ``code``.
    private var reason: String { unsafe CurlLibrary.text(cCURL_easy_strerror(CURLcode(code))) }

    /// libcurl's words for this one failure.
    private var words: String {
        let words = handle.failureWords
        return words.isEmpty ? "no reason given" : words
    }

    private var timeout: HTTPFailure {
        let (connect, total) = (request.connectMilliseconds, request.totalMilliseconds)
        if handle.wasConnected { return HTTPFailure(.timeout, "`\(server)` did not answer within \(total) ms") }
        return HTTPFailure(.timeout, "no connection to `\(server)` within \(min(connect, total)) ms")
    }

    private var connect: HTTPFailure {
        let reason = SystemError(call: "connect", code: handle.systemError).reason
        return HTTPFailure(.connect, "no connection to `\(server)`: \(handle.systemError == 0 ? words : reason)")
    }

    private var certificate: HTTPFailure {
        switch request.request.trust {
        case .system, .authorities:
            HTTPFailure(.certificate, "the certificate of `\(server)` is not believed: \(words)")
        case .pinned:
            HTTPFailure(.certificate, "the certificate of `\(server)` does not have the thumbprint that is expected")
        }
    }

    private var lost: HTTPFailure {
        // A proxy that refuses to connect us shows as a receive that failed.
        let status = handle.proxyStatus
        if status != 0, !(200...299 ~= status), !handle.wasConnected {
            return HTTPFailure(.connect, "the proxy for `\(server)` refused to connect with status \(status)")
        }
        return HTTPFailure(.lost, "the connection to `\(server)` broke before its answer was whole")
    }
}
