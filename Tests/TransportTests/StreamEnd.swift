import Bytes
import Crypto

@testable import Transport

/// One end of a connection in a loop, which sends what it is given and keeps what it hears.
final class StreamEnd: Connection {
    /// What is still to be sent.
    var unsent = ByteBuffer()
    /// What was heard.
    private(set) var heard = ByteBuffer()
    /// How reading ended; `nil` while it goes on.
    private(set) var end: Received?
    /// A send failed.
    private(set) var hasFailed = false
    /// Sends that did not take everything.
    private(set) var blockedCount = 0
    /// Nothing is read while this is true.
    var isDeaf = false
    /// Sending ends once everything is sent.
    var finishesWhenSent = false
    /// What one read asks for at least.
    var readBytes = 4096

    override func ready(_ readiness: Readiness) {
        note(readiness)
        work()
    }

    /// Sends and reads as far as it goes.
    func work() {
        guard descriptor >= 0 else { return }
        sendAll()
        while !isDeaf, end == nil {
            switch receive(into: &heard, atLeast: readBytes) {
            case .bytes: continue
            case .wouldBlock:
                // The handshake may have just come to its end.
                sendAll()
                return
            case let ended: end = ended
            }
        }
    }

    private func sendAll() {
        switch send(&unsent) {
        case .all:
            if finishesWhenSent, tls?.isEstablished ?? true {
                finishesWhenSent = false
                finishSending()
            }
        case .blocked: blockedCount += 1
        case .failed: hasFailed = true
        }
    }

    /// Sends `bytes` behind what is still to be sent.
    func give(_ bytes: [UInt8]) {
        unsent.append(bytes)
        work()
    }

    /// All that was heard.
    var heardBytes: [UInt8] { heard.array }
}

extension ByteBuffer {
    /// A copy.
    var array: [UInt8] { span.array }
}
