internal import Bytes
internal import Credentials
internal import Crypto
internal import HTTP1
internal import Transport

// The resource's side: each attempt is authorized last and anew; the answer is parsed and written anew.
extension Exchange {
    /// Writes the head of one attempt, and what is here of the body when that is small: all that is signed is final.
    mutating func authorize(_ route: RouteSettings, date: InlineArray<29, UInt8>) throws(GatewayError) {
        // What came to its end while it waited for another attempt has a length, and needs no chunks.
        if isStreaming, decoder.isComplete, body.isWhole { isStreaming = false }
        outbound.clear()
        outbound.append(unsignedHead)
        writeFraming()
        try Self.authorize(
            by: route, key: keyIndex, token: token, request: kept, (methodBytes, target), date: date,
            digest: digestToSign(), head: &outbound, scratch: &scratch)
        outbound.append("\r\n")
        (sentBodyBytes, isHandedOn, isSent) = (0, false, false)
        attempts += 1
        guard !body.isSpooled, body.count <= HeldBody.besideHeadBytes else { return }
        if body.count > 0 { try writePiece() }
        isHandedOn = !isStreaming
    }

    /// What its sender says: of a whole body it was checked, of one that streams it is before the body's end goes on.
    /// A strategy that needs no digest does not look at it.
    private borrowing func digestToSign() -> SHA256Digest {
        guard body.isHashed else { return HeldBody.emptyDigest }
        return declaredDigest ?? (isStreaming ? HeldBody.emptyDigest : body.finishedDigest())
    }

    /// Has the credential's strategy write what authorizes the request whose parts stand in `kept`.
    private static func authorize(
        by route: RouteSettings, key: Int, token: AccessToken?, request kept: borrowing ByteBuffer,
        _ parts: (method: ByteRange, target: ByteRange), date: InlineArray<29, UInt8>, digest: SHA256Digest,
        head: inout ByteBuffer, scratch: inout ByteBuffer
    ) throws(GatewayError) {
        let host = route.resource.hostField
        let request = OutboundRequest(
            method: kept.bytes(parts.method), target: kept.bytes(parts.target), host: host.span, date: date.span,
            bodyDigest: digest)
        do throws(CredentialError) {
            try route.credential.strategy.authorize(
                request, with: token, attempt: key, writing: &head, scratch: &scratch)
        } catch {
            throw GatewayError(.credentialUnavailable, "The request cannot be authorized at the moment.")
        }
    }

    /// A body of known length has its length, another chunks; a method that usually has one says so when it has none
    /// (BD-3).
    private mutating func writeFraming() {
        var length = body.count
        switch head.framing {
        case .length(let announced): length = announced
        case .chunked:
            guard !isStreaming else {
                outbound.append("transfer-encoding: chunked\r\n")
                return
            }
        case .none:
            guard method == .post || method == .put || method == .patch else { return }
        }
        outbound.append("content-length: ")
        outbound.append(decimal: length)
        outbound.append("\r\n")
    }

    /// What reading on in an answer's head came to.
    enum AnswerProgress {
        case complete
        case needsMore
        /// The answer breaks a rule of HTTP, or is one that nobody asked for.
        case broken
    }

    /// Reads on in the answer's head; interim answers are dropped (http rule UP-8).
    mutating func readAnswerHead() -> AnswerProgress {
        while true {
            let complete: Int?
            do throws(ParseError) {
                complete = try answerParser.parse(upstreamBytes, requestMethod: method, into: &answerHead)
            } catch {
                return .broken
            }
            guard let length = complete else { return .needsMore }
            if answerHead.status >= 200 {
                headLength = length
                return .complete
            }
            interimCount += 1
            guard answerHead.status != 101, interimCount <= Self.interimLimit else { return .broken }
            upstreamBytes.consume(length)
            answerHead.reset()
            answerParser.reset()
        }
    }

    /// Writes the answer's head for the client and makes ready for the body behind it.
    mutating func beginAnswer(_ route: RouteSettings, _ listener: ListenerSettings, isTLS: Bool) {
        status = answerHead.status
        holdsWholeAnswer = true
        Self.writeStatusLine(status, answerHead.reason, of: upstreamBytes, to: &toClient)
        var run = FieldRun()
        for index in 0..<answerHead.fieldCount {
            let field = answerHead.field(at: index)
            guard ForwardingRules.passesToClient(field) else { continue }
            if FollowUpLinks.isLink(field.known), !field.isLookalike {
                run.end(of: upstreamBytes, into: &toClient)
                writeBase(listener, isTLS: isTLS)
                toClient.append(field.name, of: upstreamBytes)
                toClient.append(": ")
                route.resource.links.write(
                    field.value, of: upstreamBytes, base: scratch, rewrite: route.rewrite, into: &toClient)
                toClient.append("\r\n")
            } else {
                run.add(field, of: upstreamBytes, into: &toClient)
            }
            if field.known == .xMsRequestID, !field.isLookalike {
                upstreamRequestID = kept.keep(field.value, of: upstreamBytes)
            }
        }
        run.end(of: upstreamBytes, into: &toClient)
        writeAnswerFraming()
        let rest = HeadLimits.answer.rest(behind: headLength, fields: answerHead.fieldCount)
        answerDecoder.begin(answerHead.framing, limits: rest)
        upstreamBytes.consume(headLength)
        headLength = 0
    }

    private static func writeStatusLine(
        _ status: Int, _ reason: ByteRange, of message: borrowing ByteBuffer, to answer: inout ByteBuffer
    ) {
        ResponseWriter.statusLine(status, reason: message.bytes(reason), to: &answer)
    }

    /// Takes back an answer of which nothing was sent, so that another can be given.
    mutating func withdrawAnswer() {
        toClient.clear()
        (status, answerBodyBytes) = (0, 0)
    }

    /// How the client at hand calls us, into ``scratch``: nothing when it named no host.
    private mutating func writeBase(_ listener: ListenerSettings, isTLS: Bool) {
        scratch.clear()
        if !listener.publicBase.isEmpty {
            scratch.append(listener.publicBase)
        } else if !clientHost.isEmpty {
            if isTLS { scratch.append("https://") } else { scratch.append("http://") }
            scratch.append(clientHost, of: kept)
        }
    }

    /// How the client learns where the body ends, and whether the connection goes on.
    private mutating func writeAnswerFraming() {
        var isDelimited = true
        switch answerHead.framing {
        case .none:
            if let length = answerHead.declaredLength, status != 204 { writeAnswerLength(length) }
        case .length(let length): writeAnswerLength(length)
        case .chunked, .untilClose:
            isDelimited = !isHTTP10
            writesChunks = isDelimited
            if writesChunks { toClient.append("transfer-encoding: chunked\r\n") }
        }
        if !isDelimited { keepsConnection = false }
        if !keepsConnection {
            toClient.append("connection: close\r\n")
        } else if isHTTP10 {
            toClient.append("connection: keep-alive\r\n")
        }
        toClient.append("\r\n")
    }

    private mutating func writeAnswerLength(_ length: Int) {
        toClient.append("content-length: ")
        toClient.append(decimal: length)
        toClient.append("\r\n")
    }

    /// What moving an answer's bytes came to.
    enum RelayProgress {
        case complete
        /// Everything here was moved; more must be read.
        case needsMore
        /// The client must take something first.
        case full
        case broken
    }

    /// Moves the answer's body from ``upstreamBytes`` to ``toClient``, as far as that may grow.
    mutating func relay() -> RelayProgress {
        guard !hasWholeAnswer else { return .complete }
        var offset = 0
        defer { upstreamBytes.consume(offset) }
        while toClient.count < Self.relayBufferBytes {
            guard let event = try? answerDecoder.next(upstreamBytes, at: &offset) else { return .broken }
            switch event {
            case .data(let range):
                answerBodyBytes += range.count
                if writesChunks { ChunkWriter.begin(count: range.count, to: &toClient) }
                toClient.append(range, of: upstreamBytes)
                if writesChunks { ChunkWriter.end(&toClient) }
            case .needMore: return .needsMore
            case .complete:
                if writesChunks { ChunkWriter.last(&toClient) }
                hasWholeAnswer = true
                return .complete
            }
        }
        return .full
    }

    /// Bytes for a slow client that are held before reading from the resource stops (http rule TM-4).
    static let relayBufferBytes = 65_536
}
