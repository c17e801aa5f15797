internal import Bytes
internal import Crypto
internal import Transport

/// A request that is fit for the wire: that it exists is the proof.
///
/// libcurl sends a URL and field lines as they are given; what could end a line, start another one, or be read in two
/// ways must not get that far.
struct CheckedRequest: Sendable {
    /// What was asked for.
    let request: HTTPRequest
    /// True for `https`.
    let isEncrypted: Bool
    /// `HOST` or `HOST:PORT` as in the URL: what messages call the server.
    let server: String
    /// At least 1, at most a day.
    let connectMilliseconds: Int
    /// At least 1, at most a day.
    let totalMilliseconds: Int

    /// Longest URL, in bytes; the longest of ours has a few hundred.
    static let urlLimitBytes = 8_192
    /// All names and values together.
    static let fieldsLimitBytes = 65_536

    /// The proof for `request`, or what is wrong with it.
    init(_ request: HTTPRequest) throws(HTTPFailure) {
        let place = try URLPlace(request.url)
        guard place.isEncrypted || request.allowsPlaintext else {
            throw HTTPFailure(.request, "`\(place.authority)` would be asked over plain `http`; use `https`")
        }
        try Self.check(fields: request.fields)
        guard request.method == .post || request.body == nil else {
            throw HTTPFailure(.request, "a GET for `\(place.authority)` has a body")
        }
        guard request.answerLimitBytes >= 0 else {
            throw HTTPFailure(.request, "the limit of an answer is negative: \(request.answerLimitBytes)")
        }
        try Self.check(request.trust, request.proxy, isEncrypted: place.isEncrypted)
        self.request = request
        (isEncrypted, server) = (place.isEncrypted, place.authority)
        connectMilliseconds = try Self.milliseconds(request.connectTimeout, for: place.authority)
        totalMilliseconds = try Self.milliseconds(request.totalTimeout, for: place.authority)
    }

    private static func milliseconds(_ time: Duration, for server: String) throws(HTTPFailure) -> Int {
        guard time > .zero else { throw HTTPFailure(.timeout, "no time was left to ask `\(server)`") }
        return Int(min(max(time.wholeNanoseconds / 1_000_000, 1), 86_400_000))
    }

    // MARK: Field lines

    /// Fields that frame the message or steer the connection; libcurl writes those that are needed.
    private static let ourFields: Set<String> = [
        "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    private static func check(fields: [HTTPField]) throws(HTTPFailure) {
        var count = 0
        for field in fields {
            let isToken = !field.name.isEmpty && field.name.utf8.allSatisfy(isTokenByte)
            // A wrong name is not shown: it may be what was meant to be a value.
            guard isToken else { throw HTTPFailure(.request, "the name of a field has a byte that no name may have") }
            guard !ourFields.contains(field.name.lowercased()) else {
                throw HTTPFailure(.request, "the field `\(field.name)` is not for a caller to set")
            }
            let isPlain = field.value.withBytes { bytes in
                count += bytes.count
                return bytes.indices.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] < 0x7F || bytes[$0] == ASCII.tab }
                    && ASCII.trimmed(bytes).count == bytes.count
            }
            guard isPlain else {
                let wrong = "a line end, a blank at one end or a byte that no value may have"
                throw HTTPFailure(.request, "the value of the field `\(field.name)` has \(wrong)")
            }
            count += field.name.utf8.count
        }
        guard count <= fieldsLimitBytes else {
            throw HTTPFailure(.request, "the fields of a request have more than \(fieldsLimitBytes) bytes")
        }
    }

    /// `tchar` of RFC 9110 §5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }

    // MARK: Trust and proxy

    private static func check(
        _ trust: HTTPRequest.Trust, _ proxy: HTTPRequest.Proxy, isEncrypted: Bool
    ) throws(HTTPFailure) {
        switch trust {
        case .system, .authorities: break
        case .pinned(let thumbprint):
            // Otherwise the secret that the pin guards would leave without it.
            guard isEncrypted else { throw HTTPFailure(.request, "a pinned certificate needs an `https` URL") }
            guard thumbprint.count == CertificatePin.thumbprintByteCount else {
                throw HTTPFailure(.request, "a thumbprint has 20 bytes, not \(thumbprint.count)")
            }
        }
        guard case .url(let url, let user) = proxy else { return }
        if case .pinned = trust { throw HTTPFailure(.request, "a pinned certificate is not asked for through a proxy") }
        guard isEncrypted else { throw HTTPFailure(.request, "only `https` requests may go through a proxy") }
        let place = try URLPlace(url)
        guard !place.isEncrypted, place.isWhole else {
            throw HTTPFailure(.request, "the proxy `\(place.authority)` is not given as `http://HOST:PORT`")
        }
        guard let user else { return }
        let isName = user.name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x3A }
        let isPassword = user.password.withBytes { bytes in bytes.indices.allSatisfy { bytes[$0] != 0 } }
        guard isName, isPassword else {
            throw HTTPFailure(.request, "the user of the proxy `\(place.authority)` has a byte that cannot be sent")
        }
    }
}

extension HTTPField.Value {
    /// Lets `body` read the bytes.
    func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .text(let text): try body(text.utf8.span)
        case .secret(let secret): try secret.withBytes(body)
        }
    }
}
