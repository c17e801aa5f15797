import Bytes
import HTTP1
import Support

@testable import Proxy

// MARK: What came out

extension ExchangeBench {
    /// The client's answers, read by the letter.
    func answers() -> AnswerReader {
        // Of one that is still on its way the method is the exchange's own.
        var reader = AnswerReader(methods: methods + [cell.exchange.methodName])
        reader.append(answered)
        if end == .closed { reader.end() }
        return reader
    }

    /// The request of the attempt `number`, read by the letter.
    func request(_ number: Int = 0) throws -> StrictRequest {
        var bytes = attempts[number]
        let end = (0..<bytes.count - 3).first { bytes[$0..<$0 + 4].elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) }
        guard let end else { throw GrammarError("a head without its end") }
        var request = try StrictRequest(bytes[..<end])
        bytes.removeFirst(end + 4)
        try request.body.take(from: &bytes)
        guard bytes.isEmpty else { throw GrammarError("\(bytes.count) bytes behind the request") }
        return request
    }
}

extension Exchange {
    /// The method as text; `GET` for a request that could not be read.
    var methodName: String {
        methodBytes.isEmpty ? "GET" : kept.bytes(methodBytes).text
    }

    /// What is to be sent to the resource.
    mutating func takeOutbound() -> [UInt8] {
        defer { outbound.clear() }
        return outbound.span.array
    }

    /// What is to be sent to the client.
    mutating func takeAnswered() -> [UInt8] {
        defer { toClient.clear() }
        return toClient.span.array
    }

    /// Writes the answer that `error` is.
    mutating func write(_ error: GatewayError) {
        let (id, date, clientID) = (Array("id".utf8), Array("now".utf8), kept.bytes(clientRequestID).array)
        let context = ErrorResponse.Context(
            clientRequestID: clientID.span, requestID: id.span, date: date.span, isHead: method == .head,
            closes: !keepsConnection, saysKeepAlive: isHTTP10)
        ErrorResponse.write(error, context, body: &scratch, into: &toClient)
    }
}
