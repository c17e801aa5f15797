import Support

@testable import Proxy

/// A few requests in a row, most of them good, some changed at random places.
struct RandomClient {
    private let bytes: [UInt8]

    /// 0xC7 stands for the client's own credential: it must never go on.
    private static let credential = "Authorization: Bearer \u{C7}\r\nx-ms-date: \u{C7}\r\nCookie: \u{C7}\r\n"

    private static let requests = [
        "GET /sms?n=1 HTTP/1.1\r\nHost: gw\r\n\r\n",
        "GET //eu//a%62c/?n=2 HTTP/1.1\r\nHost: GW:8080:8080\r\nX-A: b\r\n\r\n",
        "POST /sms?n=3 HTTP/1.1\r\nHost: gw\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz",
        "POST /eu?n=4 HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=\"y\"\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n",
        "PATCH /sms?n=5 HTTP/1.1\r\nHost: gw\r\nConnection: keep-alive, x-a\r\nX-A: b\r\nContent-Length: 0\r\n\r\n",
        "HEAD /eu/x?n=6 HTTP/1.1\r\nHost: gw\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: gw\r\n\r\n",
        "POST /small?n=7 HTTP/1.1\r\nHost: gw\r\nContent-Length: 21\r\n\r\nabcdefghijklmnopqrstu",
        "GET /nowhere HTTP/1.1\r\nHost: gw\r\n\r\n",
        "POST /nowhere HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\n\r\nabc",
        "DELETE /eu/x?n=8 HTTP/1.1\r\nHost: gw\r\n\r\n", "GET /sms/../x HTTP/1.1\r\nHost: gw\r\n\r\n",
        "GET http://gw/sms?n=9 HTTP/1.1\r\nHost: gw\r\n\r\n", "GET /sms?sig=a HTTP/1.1\r\nHost: gw\r\n\r\n",
        "GET /sms?n=10 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /sms?n=11 HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n",
        "POST /sms?n=12 HTTP/1.1\r\nHost: gw\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        "POST /sms?n=13 HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n7fffffffffffffff\r\n",
    ]
    /// Bytes that mean something to a parser.
    private static let telling = "\r\n\t :,;=\"?#*/%[]0aZ_.-\u{0}\u{7F}\u{80}\u{FF}".latin1

    init(using random: inout SeededGenerator) {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var request = Self.requests.randomElement(using: &random) ?? ""
            if let end = request.firstRange(of: "\r\n"), Bool.random(using: &random), !request.contains("*") {
                request.insert(contentsOf: Self.credential, at: end.upperBound)
            }
            bytes += Int.random(in: 0..<4, using: &random) == 0 ? Self.changed(request.latin1, &random) : request.latin1
        }
        // Some clients go away in the middle.
        if Int.random(in: 0..<8, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        }
        self.bytes = bytes
    }

    private static func changed(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let byte = telling.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            case _: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
            }
        }
        return bytes
    }

    /// The bytes at once, or cut at random places.
    func pieces(using random: inout SeededGenerator, isWhole: Bool) -> [[UInt8]] {
        isWhole ? [bytes] : cutAtRandom(bytes, using: &random)
    }
}

/// A resource that answers well, badly, or not to the end; the same to the same request.
enum RandomResource {
    /// What an answer says of the request that it is for.
    static func echo(of request: StrictRequest) -> String {
        hexadecimal(Array(ReferenceDigest.sha256(request.target.latin1 + request.body.content).prefix(8)))
    }

    /// Answers the attempt that is under way.
    static func answer(
        _ bench: ExchangeBench, attempt: Int, isWhole: Bool, using random: inout SeededGenerator
    ) {
        guard let request = try? bench.request(attempt) else { return }
        let echo = echo(of: request)
        // Chosen by the request alone, so that it does not depend on how bytes were cut.
        let choice = ReferenceDigest.sha256(bench.attempts[attempt])[0] % 16
        let (text, ends) = script(Int(choice), "X-Echo: \(echo)\r\n")
        let pieces = isWhole ? [text.latin1] : cutAtRandom(text.latin1, using: &random)
        for piece in pieces {
            guard bench.attempts.count == attempt + 1 else { return }
            bench.resource(piece)
        }
        guard let isClean = ends, bench.attempts.count == attempt + 1, bench.cell.exchange.phase != .awaitingHead else {
            return
        }
        bench.resourceEnds(isClean: isClean)
    }

    /// The bytes of an answer, and how the connection ends, if it does.
    private static func script(_ choice: Int, _ field: String) -> (text: String, ends: Bool?) {
        let okay = "HTTP/1.1 200 OK\r\n\(field)"
        switch choice {
        case 0: return (okay + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: y\r\n\r\n", nil)
        case 1: return (okay + "\r\nuntil the end", true)
        case 2: return (okay + "\r\nnot until the end", false)
        case 3: return (okay + "Content-Length: 10\r\n\r\nhalf", true)
        case 4: return (okay + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", true)
        case 5: return (okay + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX", nil)
        case 6: return ("HTTP/1.1 204 No Content\r\n\(field)\r\n", nil)
        case 7:
            return (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nA: b\r\n\r\n\(okay)Content-Length: 2\r\n\r\nok", nil
            )
        case 8: return ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", nil)
        case 9: return ("HTTP/1.1 101 Switching Protocols\r\n\r\n", nil)
        case 10: return ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", nil)
        case 11: return ("", true)
        case 12: return ("HTTP/1.1 20", true)
        case _: return (okay + "Content-Length: 5\r\nConnection: x-b\r\nX-B: c\r\n\r\nhello", nil)
        }
    }
}

/// `bytes` cut into pieces: a few, or one for each byte.
private func cutAtRandom(_ bytes: [UInt8], using random: inout SeededGenerator) -> [[UInt8]] {
    if Int.random(in: 0..<8, using: &random) == 0 { return bytes.map { [$0] } }
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = Int.random(in: 1...max(1, bytes.count / 2), using: &random)
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return pieces
}
