internal import Bytes
internal import HTTP1
internal import Transport

// Answers of the gateway's own.
extension ClientConnection {
    /// Answers with `error`, or cuts the answer that has already begun; true when there is more to do at once.
    func answer(_ error: GatewayError, _ cell: ExchangeCell) -> Bool {
        dropUpstream()
        guard cell.exchange.status == 0 else {
            cut(cell)
            return false
        }
        var error = error
        // A body that nobody read: passed over if it is here, else the connection cannot go on (BD-2, EX-1).
        if !error.closes, !cell.exchange.decoder.isComplete,
            cell.exchange.awaitsContinue || !cell.exchange.skipBody()
        {
            error.closes = true
        }
        if error.closes { cell.exchange.keepsConnection = false }
        worker.bodyEnded(cell)
        cell.exchange.status = error.code.status
        cell.exchange.reason = error.code
        if cell.exchange.number == 0 { cell.exchange.number = worker.nextNumber() }
        cell.exchange.write(error, id: worker.requestID(cell.exchange.number), date: worker.date())
        cell.exchange.phase = .finishing
        return true
    }

    /// `OPTIONS *` asks about the server as a whole (http rule ME-2).
    func answerOptions(_ cell: ExchangeCell) -> Bool {
        if !cell.exchange.decoder.isComplete, cell.exchange.awaitsContinue || !cell.exchange.skipBody() {
            cell.exchange.keepsConnection = false
        }
        cell.exchange.status = 204
        ResponseWriter.statusLine(204, to: &cell.exchange.toClient)
        HeadWriter.field("date", worker.date().span, to: &cell.exchange.toClient)
        if !cell.exchange.keepsConnection {
            HeadWriter.field("connection", "close", to: &cell.exchange.toClient)
        } else if cell.exchange.isHTTP10 {
            HeadWriter.field("connection", "keep-alive", to: &cell.exchange.toClient)
        }
        HeadWriter.end(&cell.exchange.toClient)
        cell.exchange.phase = .finishing
        return true
    }
}

extension Exchange {
    /// Writes the answer that `error` is.
    fileprivate mutating func write(_ error: GatewayError, id: InlineArray<20, UInt8>, date: InlineArray<29, UInt8>) {
        // The head's own method, since the rest of the head may be wrong or missing (ME-4).
        let facts = (isHead: head.method == .head, closes: !keepsConnection, saysKeepAlive: isHTTP10)
        answerBodyBytes = Self.write(
            error, clientRequestID: clientRequestID, of: kept, id: id, date: date, facts, body: &scratch,
            into: &toClient)
    }

    private static func write(
        _ error: GatewayError, clientRequestID: ByteRange, of kept: borrowing ByteBuffer, id: InlineArray<20, UInt8>,
        date: InlineArray<29, UInt8>, _ facts: (isHead: Bool, closes: Bool, saysKeepAlive: Bool),
        body: inout ByteBuffer, into answer: inout ByteBuffer
    ) -> Int {
        let context = ErrorResponse.Context(
            clientRequestID: kept.bytes(clientRequestID), requestID: id.span, date: date.span, isHead: facts.isHead,
            closes: facts.closes, saysKeepAlive: facts.saysKeepAlive)
        return ErrorResponse.write(error, context, body: &body, into: &answer)
    }

    /// What a resource said when it refused our credential: its code and its request id, for the operator.
    borrowing func refusal(of route: RouteSettings) -> GatewayError.Detail {
        var code = ""
        var id = ""
        for index in 0..<answerHead.fieldCount {
            let field = answerHead.field(at: index)
            if field.known == .xMsErrorCode { code = plain(upstreamBytes.bytes(field.value)) }
            if field.known == .xMsRequestID { id = plain(upstreamBytes.bytes(field.value)) }
        }
        if code.isEmpty { code = codeInBody() }
        return .refusal(resource: route.resource.name, code: code, requestID: id)
    }

    /// The first `"code":"…"` in what came of the body with the head.
    private borrowing func codeInBody() -> String {
        let bytes = upstreamBytes.span.extracting(headLength..<upstreamBytes.count)
        let text = bytes.extracting(..<min(bytes.count, 2048)).text
        guard let range = text.firstRange(of: "\"code\"") else { return "" }
        let value = text[range.upperBound...].drop { $0 == " " || $0 == ":" }
        guard value.first == "\"" else { return "" }
        return plain(Array(value.dropFirst().prefix { $0 != "\"" }.utf8).span)
    }

    /// `bytes` if they are harmless to repeat, else nothing.
    private func plain(_ bytes: Span<UInt8>) -> String {
        let allowed = bytes.indices.allSatisfy { index in
            let byte = bytes[index]
            return ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
        return allowed && bytes.count <= 128 ? bytes.text : ""
    }
}
