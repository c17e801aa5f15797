internal import Bytes
internal import Credentials
internal import Crypto
internal import HTTP1
internal import Transport

// The body's way in.  What has come completely goes out with its head and its length.  Of what has not, one that can be
// signed already streams (docs/decisions/0015-bodies-stream.md), the rest is held until it is complete.
extension Exchange {
    /// Decides what may become of the body that the head announces.
    mutating func planBody(_ route: RouteSettings) {
        let isSigned = route.credential.needsBodyDigest
        body.isHashed = isSigned || declaredDigest != nil
        switch head.framing {
        case .none: mayStream = false
        case .length: mayStream = !isSigned || declaredDigest != nil
        case .chunked: mayStream = !isSigned
        }
    }

    /// What reading on in a body came to.
    enum BodyProgress {
        case complete
        case needsMore
    }

    /// Takes in what ``inbound`` holds of the body.
    mutating func holdBody(_ route: RouteSettings, budget: inout BodyBudget) throws(GatewayError) -> BodyProgress {
        var offset = 0
        defer { inbound.consume(offset) }
        while true {
            switch try nextBodyEvent(at: &offset, route) {
            case .data(let range): try hold(range, route, &budget)
            case .needMore: return .needsMore
            case .complete:
                try checkDigest()
                return .complete
            }
        }
    }

    /// What comes next in the body, within its limit.
    private mutating func nextBodyEvent(
        at offset: inout Int, _ route: RouteSettings
    ) throws(GatewayError) -> BodyDecoder.Event {
        let event: BodyDecoder.Event
        do throws(ParseError) {
            event = try decoder.next(inbound, at: &offset)
        } catch {
            throw GatewayError(error)
        }
        guard body.count + decoder.overheadBytes <= route.bodyLimitBytes + Self.chunkOverheadAllowedBytes else {
            throw Self.bodyTooLarge
        }
        switch event {
        case .data(let range):
            guard body.count + range.count <= route.bodyLimitBytes else { throw Self.bodyTooLarge }
        case .needMore:
            // What was announced, by the length or a chunk's size line, need not be waited for.  A chunk may
            // announce the largest number there is, so nothing is added to it.
            guard decoder.remaining <= route.bodyLimitBytes - body.count else { throw Self.bodyTooLarge }
        case .complete: break
        }
        return event
    }

    private mutating func hold(_ range: ByteRange, _ route: RouteSettings, _ budget: inout BodyBudget)
        throws(GatewayError)
    {
        let before = body.heldBytes
        var isHeld = true
        do throws(SystemError) {
            try body.append(
                range, of: inbound, memoryLimit: mayStream ? .max : route.bodyMemoryBytes,
                directory: generation?.shared.spoolDirectory ?? "/tmp")
        } catch {
            isHeld = false
        }
        // Also when it failed: memory may have been given back before the disk was found full.
        let fits = budget.move(from: before, to: body.heldBytes)
        guard isHeld else {
            throw GatewayError(.overloaded, "The body cannot be held: the disk is full or broken.", closes: true)
        }
        guard fits else {
            throw GatewayError(.overloaded, "Too many bodies are held at the moment.", closes: true)
        }
    }

    /// The whole body is here: what its sender said of it must be true.
    private borrowing func checkDigest() throws(GatewayError) {
        guard let declaredDigest, declaredDigest != body.finishedDigest() else { return }
        throw GatewayError(.bodyDigestMismatch, "The body's digest is not the one that was declared.")
    }

    /// Chunk lines are legal overhead; beyond this much they count against the body's limit (http rule CK-4).
    private static let chunkOverheadAllowedBytes = 65_536

    private static var bodyTooLarge: GatewayError {
        GatewayError(.bodyTooLarge, "The body is larger than this route takes.", closes: true)
    }

    /// Nothing of the request is still to come: its head was complete, and so was its body.
    var wasReadToItsEnd: Bool { !methodBytes.isEmpty && decoder.isComplete }

    /// Reads past the rest of a body that nobody wants; true when it ended within what is here already.
    mutating func skipBody() -> Bool {
        var offset = 0
        defer { inbound.consume(offset) }
        while true {
            guard let event = try? decoder.next(inbound, at: &offset) else { return false }
            switch event {
            case .data: continue
            case .needMore: return false
            case .complete: return true
            }
        }
    }
}

// MARK: The way out

extension Exchange {
    /// What there is to send of the request behind an empty ``outbound``.
    enum NextPiece {
        /// It stands in ``outbound`` now.
        case ready
        /// It has not come yet.
        case awaitsClient
        /// Nothing: all went on.
        case none
    }

    /// The body goes on in chunks of ours, since nobody knows its length.
    var sendsChunks: Bool { isStreaming && head.framing == .chunked }

    /// The body, of which some was sent, can be sent once more from its start.  One that need not be held can only if
    /// it fits `body.memory`, however its bytes came (config language, section 6).
    borrowing func canBeSentAgain(_ route: RouteSettings) -> Bool {
        !mayStream || body.isWhole && fitsMemory(route)
    }

    /// What is known of the streaming body so far fits `body.memory`.
    private borrowing func fitsMemory(_ route: RouteSettings) -> Bool {
        if case .length(let length) = head.framing { return length <= route.bodyMemoryBytes }
        return body.count <= route.bodyMemoryBytes
    }

    /// Puts the next piece of the body into an empty ``outbound``.
    mutating func nextBodyPiece(
        _ route: RouteSettings, budget: inout BodyBudget
    ) throws(GatewayError) -> NextPiece {
        guard !isHandedOn else { return .none }
        if sentBodyBytes < body.count {
            try writePiece()
            isHandedOn = !isStreaming && sentBodyBytes == body.count
            return .ready
        }
        guard isStreaming else {
            isHandedOn = true
            return .none
        }
        let before = body.heldBytes
        let keeps = body.isWhole && fitsMemory(route) && budget.hasRoomToKeep
        if !keeps { body.passAll() }
        defer { _ = budget.move(from: before, to: body.heldBytes) }
        let progress = try takeIn(route, keeps: keeps)
        if sentBodyBytes < body.count { try writePiece() }
        if progress == .complete, sentBodyBytes == body.count { endBody() }
        return outbound.isEmpty ? (isHandedOn ? .none : .awaitsClient) : .ready
    }

    /// Takes in what has come of a streaming body, about a piece of it: to ``body`` what is kept or waits for its
    /// chunk, else straight to ``outbound``.  Before its end goes anywhere, a declared digest must have proved true.
    private mutating func takeIn(_ route: RouteSettings, keeps: Bool) throws(GatewayError) -> BodyProgress {
        var offset = 0
        defer { inbound.consume(offset) }
        while outbound.count + body.count - sentBodyBytes < HeldBody.pieceBytes {
            switch try nextBodyEvent(at: &offset, route) {
            case .data(let range):
                if keeps || sendsChunks {
                    body.keep(range, of: inbound)
                } else {
                    body.pass(range, of: inbound)
                    sentBodyBytes = body.count
                    if outbound.isEmpty, range.count == inbound.count {
                        swap(&inbound, &outbound)
                        offset = 0
                    } else {
                        outbound.append(range, of: inbound)
                    }
                }
            case .needMore: return .needsMore
            case .complete: break
            }
            if decoder.isComplete {
                try checkDigest()
                return .complete
            }
        }
        return .needsMore
    }

    /// Appends the next piece of what is held.
    mutating func writePiece() throws(GatewayError) {
        let count = min(body.count - sentBodyBytes, HeldBody.pieceBytes)
        if sendsChunks { ChunkWriter.begin(count: count, to: &outbound) }
        do throws(SystemError) {
            sentBodyBytes += try body.readPiece(at: sentBodyBytes, into: &outbound)
        } catch {
            throw GatewayError(.overloaded, "The held body cannot be read: the disk is broken.")
        }
        if sendsChunks { ChunkWriter.end(&outbound) }
    }

    private mutating func endBody() {
        if sendsChunks { ChunkWriter.last(&outbound) }
        isHandedOn = true
    }

    /// An answer began.  If the request is not sent yet, it goes on beside a good answer; behind a refusal nobody wants
    /// it.  A client's body that was not read to its end then ends the connection (http rule BD-2).
    mutating func decideOnRest() {
        guard !isSent else { return }
        sendsBesideAnswer = answerHead.status < 400 && !awaitsContinue
        if !decoder.isComplete, sendsBesideAnswer || awaitsContinue || !skipBody() { keepsConnection = false }
    }
}
