import Bytes
import HTTP1
import Testing

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"): a seed tells the whole run.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Bytes that mean something to a parser, besides any other.
private let telling = Array("\r\n\t :,;=\"\\?#*/[]0aZ_.-\u{0}\u{7F}".utf8) + [0x80, 0xFF]

private func mutated(_ original: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let byte =
            Bool.random(using: &random)
            ? telling.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        case 2 where bytes.count > 1: bytes.remove(at: place)
        case _:
            let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }
    return bytes
}

/// A few increasing ends, the last one that of the bytes.
private func randomEnds(_ count: Int, using random: inout SeededGenerator) -> [Int] {
    (0..<Int.random(in: 0...5, using: &random)).map { _ in Int.random(in: 0...count, using: &random) }.sorted() + [
        count
    ]
}

private let requests = [
    "GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n",
    "\r\nPOST /sms?api-version=2021-03-07 HTTP/1.1\r\nHost: gw.test:8080:8080\r\nContent-Length: 12\r\n"
        + "Connection: keep-alive, x-a\r\nX-A: \t1\t \r\nExpect: 100-continue\r\nx_ms-date: a\r\n\r\n",
    "PATCH http://gw.test:80/a//b?c HTTP/1.1\r\nhost: GW.test\r\nTransfer-Encoding: chunked\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\nHost: [::1]:80\r\nX-Forwarded-For: a\r\nauthorization: HMAC-SHA256 a=b\r\n\r\n",
]
private let answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: Mon, 23 Nov 2026 09:08:07 GMT\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nX-A:b\r\n\r\n",
]
private let bodies = [
    "3\r\nabc\r\nA;a=b;c=\"d\\\"e\"\r\n0123456789\r\n0\r\n\r\n", "1;x\r\na\r\n0\r\nX-T: v\r\nY: z\r\n\r\n",
]

@Suite("Random changes to good messages")
struct MutationTests {
    /// Printed, so that a failure can be replayed.
    private let seed: UInt64

    init() {
        seed = .random(in: 0...UInt64.max)
        print("seed of the random changes: \(seed)")
    }

    @Test("nothing traps, and every way to cut the bytes gives the same outcome", arguments: [0, 1, 2])
    func cutting(kind: Int) {
        var random = SeededGenerator(state: seed &+ UInt64(kind))
        for _ in 0..<2000 {
            let texts = [requests, answers, bodies][kind]
            let bytes = mutated(Array((texts.randomElement(using: &random) ?? "").utf8), using: &random)
            let parse = { (ends: [Int]?) -> Outcome in
                switch kind {
                case 0: parseRequest(bytes, ends: ends)
                case 1: parseAnswer(bytes, ends: ends)
                case _: decodeBody(bytes, ends: ends)
                }
            }
            let whole = parse(nil)
            #expect(parse(Array(1...bytes.count)) == whole, "seed \(seed): \(bytes)")
            #expect(parse(randomEnds(bytes.count, using: &random)) == whole, "seed \(seed): \(bytes)")
        }
    }

    @Test("what was accepted and is written anew says the same")
    func rewriting() throws {
        var random = SeededGenerator(state: seed)
        var accepted = 0
        for _ in 0..<2000 {
            let bytes = mutated(Array((requests.randomElement(using: &random) ?? "").utf8), using: &random)
            var parser = RequestParser(limits: HeadLimits())
            var head = RequestHead()
            guard let length = try? parser.parse(bytes.span, into: &head) else { continue }
            accepted += 1
            var written = ByteBuffer()
            let span = bytes.span
            written.append(span.extracting(head.methodRange.start..<head.methodRange.end))
            written.append(" ")
            written.append(span.extracting(head.rawTarget.start..<head.rawTarget.end))
            written.append(head.version == .http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
            for index in 0..<head.fieldCount { HeadWriter.field(head.field(at: index), of: span, to: &written) }
            HeadWriter.end(&written)
            let description = "\(length) bytes: " + describe(head, bytes)
            guard case .accepted(let again) = parseRequest(written.span.array) else {
                Issue.record("seed \(seed): refused when written anew: \(bytes)")
                continue
            }
            #expect(again.drop { $0 != ":" } == description.drop { $0 != ":" }, "seed \(seed): \(bytes)")
        }
        #expect(accepted > 100)
    }
}
