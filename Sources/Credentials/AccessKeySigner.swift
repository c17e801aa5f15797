public import Bytes
public import Crypto

/// Signs requests with one access key of a Communication Services resource.
///
/// Signed text, no final newline: `METHOD ⏎ target ⏎ date;host;digest`, `target` as on the wire, `date` an IMF-fixdate
/// (RFC 9110 §5.6.7), `digest` the base64 of the body's SHA-256.
/// Source: Azure Communication Services REST reference, "Authentication", "Signing an HTTP Request".
public struct AccessKeySigner: Sendable {
    /// Keyed once; each signature starts from a copy of the keyed state.
    private let key: HMACKey

    /// Signs with the bytes of `key`, which a resource shows in base64.
    public init(_ key: Secret) {
        self.key = HMACKey(key)
    }

    /// Appends the three field lines that authorize `request` to `head`, and leaves the signed text in `text`.
    public func authorize(
        _ request: borrowing OutboundRequest, writing head: inout ByteBuffer, text: inout ByteBuffer
    ) {
        let digest = Base64Digest(request.bodyDigest)
        text.clear()
        text.append(request.method)
        text.append("\n")
        text.append(request.target)
        text.append("\n")
        text.append(request.date)
        text.append(";")
        text.append(request.host)
        text.append(";")
        text.append(digest.span)
        let signature = Base64Digest(key.sign(text.span))

        head.append("x-ms-date: ")
        head.append(request.date)
        head.append("\r\nx-ms-content-sha256: ")
        head.append(digest.span)
        head.append("\r\nauthorization: HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=")
        head.append(signature.span)
        head.append("\r\n")
    }

    /// A request signed for a person to see, as `acs-gateway sign` shows it.  Not for a request's way.
    ///
    /// - Parameters:
    ///   - method: in any case; it is signed, and must be sent, in upper case.
    ///   - target: the request target as it will be sent.
    ///   - host: the value of the Host field.
    ///   - date: an IMF-fixdate.
    public func signed(
        method: String, target: String, host: String, date: Span<UInt8>, body: Span<UInt8>
    ) -> SignedRequest {
        let upperCase = method.utf8.map { ASCII.isLetter($0) ? $0 & 0xDF : $0 }
        let method = String(decoding: upperCase, as: UTF8.self)
        let request = OutboundRequest(
            method: method.utf8.span, target: target.utf8.span, host: host.utf8.span, date: date,
            bodyDigest: SHA256.digest(of: body))
        var head = ByteBuffer()
        var text = ByteBuffer()
        authorize(request, writing: &head, text: &text)
        let lines = head.span.text.split(separator: "\r\n").map(String.init)
        return SignedRequest(method: method, fieldLines: lines, signedText: text.span.text)
    }
}

/// What signing one request gave, as text.
public struct SignedRequest: Equatable, Sendable {
    /// The method as it was signed.
    public let method: String
    /// The three field lines, without line ends.
    public let fieldLines: [String]
    /// What was signed.  The key is not part of it.
    public let signedText: String
}
