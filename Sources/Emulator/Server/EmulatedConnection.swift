internal import Bytes
internal import Crypto
internal import HTTP1
internal import Transport

/// One client of the emulator: its requests one after the other, each answered before the next is looked at.
///
///     reading ─request▶ holding ─latency over▶ reading ─last answer▶ ending ─▶ draining ─▶ (closed)
final class EmulatedConnection: Connection {
    private enum Phase {
        /// Waits for a request, or for the client to take the last answer.
        case reading
        /// An answer waits for its time; it may be the last.
        case holding(isLast: Bool)
        /// What is in `output` is the last; then the client is told so.
        case ending
        /// All is said: what the client still sends is dropped, so that our last words are not lost to a reset.
        case draining
    }

    /// A client that does nothing for so long is let go.
    private static let patienceNanoseconds: Int64 = 60_000_000_000
    /// How long a client may take to notice the end, and how much it may send meanwhile.
    private static let drainNanoseconds: Int64 = 2_000_000_000
    private static let drainLimitBytes = RequestReader.bodyLimitBytes
    /// Bytes read in one go.
    private static let readBytes = 65_536

    private unowned let service: EmulatorService
    private let peerIsLoopback: Bool
    /// What ``EmulatorService/holds(_:for:)`` counts for this connection.
    var countedBytes = 0
    private var phase = Phase.reading
    private var drainedBytes = 0
    private var reader = RequestReader()
    private var input = ByteBuffer()
    private var output = ByteBuffer()

    init(descriptor: Int32, tls: TLSConnection?, peerIsLoopback: Bool, service: EmulatorService) {
        self.service = service
        self.peerIsLoopback = peerIsLoopback
        super.init(descriptor: descriptor, tls: tls)
    }

    override func ready(_ readiness: Readiness) {
        note(readiness)
        advance()
    }

    override func deadlinePassed() {
        switch phase {
        case .holding(let isLast):
            phase = isLast ? .ending : .reading
            advance()
        case .reading, .ending, .draining: service.end(self)
        }
    }

    /// Goes on until the socket has nothing to give or take.
    func advance() {
        while true {
            if case .holding = phase { return }
            switch send(&output) {
            case .all: break
            case .blocked: return wait(Self.patienceNanoseconds)
            case .failed: return service.end(self)
            }
            switch phase {
            case .reading:
                guard readAndAnswer() else { return }
            case .ending:
                finishSending()
                phase = .draining
                wait(Self.drainNanoseconds)
            case .draining:
                input.clear()
                switch receive(into: &input) {
                case .bytes(let count):
                    drainedBytes += count
                    if drainedBytes > Self.drainLimitBytes { return service.end(self) }
                case .wouldBlock: return
                case .end, .failed: return service.end(self)
                }
            case .holding:
                return
            }
        }
    }

    /// One step of reading; false when the connection has to wait, or is gone.
    private func readAndAnswer() -> Bool {
        let now = service.secondsSince1970()
        switch reader.next(&input, receivedAtSeconds: now, peerIsLoopback: peerIsLoopback) {
        case .needMore:
            guard service.holds(reader.heldBytes, for: self) else {
                service.answer(toMalformed: .tooMuchHeld).write(
                    to: &output, method: "", isPersistent: false, atSeconds: now)
                phase = .ending
                return true
            }
            return readMore()
        case .awaitsContinue:
            ResponseWriter.continueHead(to: &output)
        case .request(let request, let isPersistent):
            _ = service.holds(0, for: self)
            let answer = service.answer(to: request)
            answer.write(to: &output, method: request.method, isPersistent: isPersistent, atSeconds: now)
            if answer.delay > .zero {
                phase = .holding(isLast: !isPersistent)
                wait(answer.delay.wholeNanoseconds)
            } else if !isPersistent {
                phase = .ending
            }
        case .refused(let error):
            service.answer(toMalformed: error).write(to: &output, method: "", isPersistent: false, atSeconds: now)
            phase = .ending
        }
        return true
    }

    private func readMore() -> Bool {
        switch receive(into: &input, atLeast: Self.readBytes) {
        case .bytes:
            return true
        case .wouldBlock:
            if input.isEmpty { input.releaseStorage() }
            wait(Self.patienceNanoseconds)
            return false
        case .end, .failed:
            service.end(self)
            return false
        }
    }

    private func wait(_ nanoseconds: Int64) {
        setDeadline(service.now.advanced(by: nanoseconds))
    }
}

extension ServiceError {
    /// All clients together have sent more content than is held.
    fileprivate static let tooMuchHeld = ServiceError(
        status: 503, code: "ServiceUnavailable", message: "The server is currently unable to handle the request.",
        fields: [EmulatedField("retry-after", "1")])
}
