internal import Bytes
internal import Crypto

/// One request on its way, and what has come of its answer: what libcurl's callbacks speak to.
///
/// Lives on the loop's thread, from its start until it was removed from the multi handle.
@safe final class Transfer {
    /// Who asked.
    let order: TransferOrder
    /// Resumes who asked; once.
    let continuation: TransferLoop.Continuation
    /// What carries it out.
    let handle: CurlHandle

    private let lines: FieldLines
    private let pin: CertificatePin?
    private var sentBytes = 0
    private var answer: AnswerReader
    private var problem: AnswerReader.Problem?

    /// Prepares `handle` for the request of `order`.
    init(
        _ order: TransferOrder, _ continuation: TransferLoop.Continuation, on handle: CurlHandle
    ) throws(HTTPFailure) {
        (self.order, self.continuation, self.handle) = (order, continuation, handle)
        let request = order.request.request
        lines = try FieldLines(request.fields)
        answer = AnswerReader(bodyLimitBytes: request.answerLimitBytes)
        switch request.trust {
        case .system, .authorities: pin = nil
        case .pinned(let thumbprint):
            guard let pin = CertificatePin(sha1: thumbprint) else { preconditionFailure("an unchecked thumbprint") }
            self.pin = pin
        }
        try handle.prepare(order.request, lines, for: self)
    }

    deinit { answer.wipe() }

    // MARK: Callbacks

    /// Copies the next bytes of the request's body to the front of `room`, and says how many; 0 at its end.
    func giveBody(to room: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = order.request.request.body else { return 0 }
        return body.withBytes { bytes in
            let count = min(bytes.count - sentBytes, room.count)
            unsafe bytes.extracting(sentBytes..<sentBytes + count).withUnsafeBytes { unsafe room.copyMemory(from: $0) }
            sentBytes += count
            return count
        }
    }

    /// Takes a line of the answer's head; false when it is not wanted.
    func take(line: Span<UInt8>) -> Bool {
        note { reader throws(AnswerReader.Problem) in try reader.take(line: line) }
    }

    /// Takes a part of the answer's body; false when it is not wanted.
    func take(body: Span<UInt8>) -> Bool {
        note { reader throws(AnswerReader.Problem) in try reader.take(body: body) }
    }

    private func note(_ body: (inout AnswerReader) throws(AnswerReader.Problem) -> Void) -> Bool {
        do throws(AnswerReader.Problem) {
            try body(&answer)
            return true
        } catch {
            problem = error
            return false
        }
    }

    /// Has `context`, an `SSL_CTX *`, verify the pin; false when it cannot.
    func pin(_ context: UnsafeMutableRawPointer) -> Bool { unsafe pin?.install(onContext: context) == true }

    /// True when the request may leave: the last look, should a build of libcurl have passed the pin by.
    func mayBegin() -> Bool { pin?.hasMatched != false }

    // MARK: The end

    /// What the transfer came to, which ended with `code`, a `CURLcode`.
    func outcome(_ code: UInt32) -> TransferOutcome {
        let report = CurlReport(code: code, handle: handle, request: order.request)
        if let failure = problem.map(report.failure(of:)) ?? report.failure { return .failure(failure) }
        do throws(AnswerReader.Problem) {
            return .success(try answer.finish())
        } catch {
            return .failure(report.failure(of: error))
        }
    }
}
