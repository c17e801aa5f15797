internal import Bytes
internal import HTTP1
internal import Telemetry
internal import Transport

/// One client of the metrics: one request, one answer, and the end.
///
///     reading ──GET /metrics──▶ waiting ──page──▶ answering ─▶ draining ─▶ (closed)
///        └──────anything else─────────────────────────▲
///
/// Everything is bounded: the head, what is read behind it, and the time from the accept to the end.
final class MetricsConnection: Connection {
    private enum Phase {
        /// For a request's head.
        case reading
        /// For the page.
        case waiting
        /// For the client to take the answer.
        case answering
        /// For the client to notice the end; what it still sends is dropped.
        case draining
    }

    /// From the accept to the answer's last byte.
    static let patienceNanoseconds: Int64 = 5_000_000_000
    /// How long a client may take to notice the end, and how much it may send meanwhile.
    private static let drainNanoseconds: Int64 = 1_000_000_000
    private static let drainLimitBytes = 65_536
    /// Of a scraper's head, a few hundred bytes are usual.
    private static let limits = HeadLimits(
        requestLineBytes: 2048, fieldLineBytes: 4096, headBytes: 8192, fieldCount: 64)

    private unowned let service: MetricsService
    private var phase = Phase.reading
    private var parser = RequestParser(limits: limits)
    private var head = RequestHead()
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var drainedBytes = 0

    init(descriptor: Int32, service: MetricsService) {
        self.service = service
        super.init(descriptor: descriptor)
    }

    override func ready(_ readiness: Readiness) {
        note(readiness)
        advance()
    }

    override func deadlinePassed() { service.end(self) }

    /// The page came.
    func answer(page: [UInt8]) {
        guard phase == .waiting else { return }
        write(200, mediaType: MetricsPage.mediaType, page.span)
        advance()
    }

    private func advance() {
        while descriptor >= 0 {
            switch phase {
            case .reading:
                guard read() else { return }
            case .waiting:
                // A client that has gone is noticed when it is written to.
                return
            case .answering:
                switch send(&output) {
                case .all: beginDraining()
                case .blocked: return
                case .failed: return service.end(self)
                }
            case .draining:
                guard drain() else { return }
            }
        }
    }

    /// Reads on in the head; false when the connection has to wait, or is gone.
    private func read() -> Bool {
        switch receive(into: &input) {
        case .bytes: break
        case .wouldBlock: return false
        case .end, .failed:
            service.end(self)
            return false
        }
        do throws(ParseError) {
            guard try parser.parse(input, into: &head) != nil else { return true }
            takeRequest()
        } catch {
            write(error.status)
        }
        return true
    }

    private func takeRequest() {
        guard Self.isForMetrics(input, head) else { return write(404) }
        guard head.method == .get || head.method == .head else { return write(405) }
        phase = .waiting
        service.waitForPage(self)
    }

    private static func isForMetrics(_ input: borrowing ByteBuffer, _ head: borrowing RequestHead) -> Bool {
        let path: StaticString = "/metrics"
        return input.bytes(head.target.path).equals(path)
    }

    private func write(_ status: Int) { write(status, mediaType: "text/plain", "\(status)\n".utf8.span) }

    private func write(_ status: Int, mediaType: StaticString, _ body: Span<UInt8>) {
        ResponseWriter.statusLine(status, to: &output)
        HeadWriter.field("content-type", mediaType, to: &output)
        HeadWriter.field("content-length", decimal: body.count, to: &output)
        if status == 405 { HeadWriter.field("allow", "GET, HEAD", to: &output) }
        HeadWriter.field("connection", "close", to: &output)
        HeadWriter.end(&output)
        if head.method != .head { output.append(body) }
        phase = .answering
    }

    private func beginDraining() {
        finishSending()
        phase = .draining
        setDeadline(service.now.advanced(by: Self.drainNanoseconds))
    }

    private func drain() -> Bool {
        input.clear()
        switch receive(into: &input) {
        case .bytes(let count):
            drainedBytes += count
            if drainedBytes <= Self.drainLimitBytes { return true }
        case .wouldBlock: return false
        case .end, .failed: break
        }
        service.end(self)
        return false
    }
}
