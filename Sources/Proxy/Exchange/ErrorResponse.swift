internal import Bytes
internal import HTTP1

/// The one place that turns an error into an answer (config language, section 6): the service's own shape, so that SDKs
/// raise their typed errors; of the request only its client request id, and that only if it is harmless (ER-1).
enum ErrorResponse {
    /// `x-ms-client-request-id` is echoed up to this length.
    static let clientRequestIDLimitBytes = 128

    /// What the answer needs to know of the exchange.
    struct Context: ~Copyable, ~Escapable {
        let clientRequestID: Span<UInt8>
        let requestID: Span<UInt8>
        let date: Span<UInt8>
        let isHead: Bool
        let closes: Bool
        /// A `connection: keep-alive` is owed to an HTTP/1.0 client.
        let saysKeepAlive: Bool

        @_lifetime(copy clientRequestID, copy requestID, copy date)
        init(
            clientRequestID: Span<UInt8>, requestID: Span<UInt8>, date: Span<UInt8>, isHead: Bool, closes: Bool,
            saysKeepAlive: Bool
        ) {
            (self.clientRequestID, self.requestID, self.date) = (clientRequestID, requestID, date)
            (self.isHead, self.closes, self.saysKeepAlive) = (isHead, closes, saysKeepAlive)
        }
    }

    /// Appends the whole answer; `body` is scratch.  Gives the body's length as sent.
    @discardableResult
    static func write(
        _ error: GatewayError, _ context: borrowing Context, body: inout ByteBuffer, into answer: inout ByteBuffer
    ) -> Int {
        writeBody(error, requestID: context.requestID, into: &body)
        ResponseWriter.statusLine(error.code.status, to: &answer)
        answer.append("content-type: application/json\r\ncontent-length: ")
        answer.append(decimal: body.count)
        answer.append("\r\ndate: ")
        answer.append(context.date)
        answer.append("\r\nx-ms-error-code: ")
        answer.append(error.code.name)
        answer.append("\r\nx-acs-gateway-reason: ")
        answer.append(error.code.reason)
        answer.append("\r\n")
        if case .methods(let methods) = error.detail {
            answer.append("allow: ")
            answer.append(text: methods.joined(separator: ", "))
            answer.append("\r\n")
        }
        if error.code == .callerNotAuthenticated { answer.append("www-authenticate: Bearer\r\n") }
        if let seconds = error.retryAfterSeconds {
            answer.append("retry-after: ")
            answer.append(decimal: seconds)
            answer.append("\r\n")
        }
        if isHarmless(context.clientRequestID) {
            answer.append("x-ms-client-request-id: ")
            answer.append(context.clientRequestID)
            answer.append("\r\n")
        }
        if context.closes {
            answer.append("connection: close\r\n")
        } else if context.saysKeepAlive {
            answer.append("connection: keep-alive\r\n")
        }
        answer.append("\r\n")
        let length = context.isHead ? 0 : body.count
        if !context.isHead { answer.append(body.span) }
        body.clear()
        return length
    }

    private static func writeBody(_ error: GatewayError, requestID: Span<UInt8>, into body: inout ByteBuffer) {
        body.clear()
        body.append("{\"error\":{\"code\":\"")
        body.append(error.code.name)
        body.append("\",\"message\":\"")
        body.append(error.sentence)
        switch error.detail {
        case .none, .methods: break
        case .resource(let name):
            body.append(" Resource: `")
            body.append(text: name)
            body.append("`.")
        case .refusal(let resource, let code, let id):
            body.append(" Resource: `")
            body.append(text: resource)
            body.append("`, its code: `")
            body.append(text: code)
            body.append("`, its request id: `")
            body.append(text: id)
            body.append("`.")
        }
        if error.code == .internalError {
            body.append(" Request id: `")
            body.append(requestID)
            body.append("`.")
        }
        body.append("\"}}")
    }

    /// At most 128 letters, digits and `-`.
    static func isHarmless(_ id: Span<UInt8>) -> Bool {
        guard !id.isEmpty, id.count <= clientRequestIDLimitBytes else { return false }
        for index in id.indices where !ASCII.isLetter(id[index]) && !ASCII.isDigit(id[index]) && id[index] != 0x2D {
            return false
        }
        return true
    }
}
