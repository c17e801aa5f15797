internal import Bytes
internal import Crypto
internal import HTTP1

/// The dialogue with a proxy until its tunnel is open: our `CONNECT`, and its answer (RFC 9110 §9.3.6).
///
/// Sans-IO: ``UpstreamConnection`` sends ``outgoing`` and reads into ``incoming``.  Bounded by the limits of an
/// answer's head; of a refusal no body is read, since the connection is closed.
final class Tunnel {
    /// What has come of it.
    enum Progress: Equatable {
        /// The head is not complete.
        case needsMore
        /// What is sent from now on reaches the target.
        case open
        /// The proxy will not.
        case refused(status: Int)
        /// It did not speak HTTP, or said more than its answer; a sentence without its subject.
        case broken(String)
    }

    /// What must be sent; it holds the proxy's credential, so it is wiped at the end.
    var outgoing = ByteBuffer()
    /// What was read.
    var incoming = ByteBuffer()

    private var parser = ResponseParser(limits: .answer)
    private var head = ResponseHead()
    private var interimCount = 0
    /// 1xx answers in a row (http rule UP-8).
    private static let interimLimit = 16

    init(_ proxy: UpstreamProxy) { proxy.request.withBytes { outgoing.append($0) } }

    deinit { outgoing.wipe() }

    /// Reads on in ``incoming``.
    func read() -> Progress {
        while true {
            let length: Int?
            do throws(ParseError) {
                length = try Self.parse(incoming, by: &parser, into: &head)
            } catch {
                return .broken("did not answer in HTTP")
            }
            guard let length else { return .needsMore }
            switch head.status {
            case 100..<200:
                interimCount += 1
                guard head.status != 101, interimCount <= Self.interimLimit else {
                    return .broken("did not answer in HTTP")
                }
                incoming.consume(length)
                head.reset()
                parser.reset()
            case 200..<300:
                // Whoever is behind the tunnel speaks when it is spoken to; these bytes are nobody's (UP-6).
                guard incoming.count == length else { return .broken("sent bytes behind its answer") }
                return .open
            case let status: return .refused(status: status)
            }
        }
    }

    private static func parse(
        _ bytes: borrowing ByteBuffer, by parser: inout ResponseParser, into head: inout ResponseHead
    ) throws(ParseError) -> Int? {
        try parser.parse(bytes.span, requestMethod: .connect, into: &head)
    }
}
