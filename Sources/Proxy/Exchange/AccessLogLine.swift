internal import Bytes
internal import HTTP1
internal import Telemetry
internal import Transport

/// One line of the access log for one exchange, written when it ends, without allocation.
enum AccessLogLine {
    /// By itself, for what a function is handed it need not retain.
    @inline(never)
    static func write(
        _ exchange: inout Exchange, _ route: WorkerRoute?, _ client: ClientConnection, at time: Timestamp,
        _ timeText: inout TimestampText, now: MonotonicTime, id: InlineArray<20, UInt8>, into lines: inout ByteBuffer
    ) {
        let line = AccessLogWriter(at: time, text: &timeText, in: &lines)
        line.plainText(.requestID, id.span, in: &lines)
        // The parser took nothing but A-Z and `-`.
        line.plainText(.method, exchange.kept.bytes(exchange.methodBytes), in: &lines)
        line.path(ofTarget: exchange.kept.bytes(exchange.clientTarget), in: &lines)
        line.number(.status, exchange.status, in: &lines)
        if let reason = exchange.reason {
            exchange.scratch.clear()
            exchange.scratch.append(reason.reason)
            line.text(.reason, exchange.scratch.span, in: &lines)
        }
        if let route {
            line.constants(route.logConstants, in: &lines)
        } else if let generation = exchange.generation {
            line.constants(generation.shared.logConstants, in: &lines)
        }
        line.constants(client.binding.settings.logConstants, in: &lines)
        exchange.scratch.clear()
        client.peer.write(to: &exchange.scratch)
        line.text(.peer, exchange.scratch.span, in: &lines)
        line.text(.clientRequestID, exchange.kept.bytes(exchange.clientRequestID), in: &lines)
        line.text(.upstreamRequestID, exchange.kept.bytes(exchange.upstreamRequestID), in: &lines)
        line.number(.requestBytes, exchange.body.count, in: &lines)
        line.number(.responseBytes, exchange.answerBodyBytes, in: &lines)
        line.number(.attempts, exchange.attempts, in: &lines)
        let started = exchange.startedAt.nanoseconds == 0 ? now : exchange.startedAt
        line.duration(.total, nanoseconds: Int(now.since(started)), in: &lines)
        if exchange.attempts > 0 {
            line.duration(.upstream, nanoseconds: Int(exchange.upstreamNanoseconds), in: &lines)
        }
        line.end(in: &lines)
        exchange.scratch.clear()
    }
}

extension Exchange {
    /// By how many seconds the resource's clock differs from `now`, when that is more than a few minutes.
    borrowing func clockSkewSeconds(at now: Int) -> Int? {
        for index in 0..<answerHead.fieldCount {
            let field = answerHead.field(at: index)
            guard field.known == .date, let theirs = HTTPDate.parse(upstreamBytes.bytes(field.value)) else { continue }
            return abs(theirs - now) > 180 ? theirs - now : nil
        }
        return nil
    }
}
