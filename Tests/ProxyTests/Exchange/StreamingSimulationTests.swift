import Support
import Testing

@testable import Proxy

/// Whatever comes first, the body's bytes, the answer's, or an end of either side: what the resource takes for a whole
/// request is what the client sent and declared, and every request has one answer.
@Suite("A streaming exchange between a random client and a random resource")
struct StreamingSimulationTests {
    @Test("a body is whole at the resource only if it was whole and right at the client")
    func statements() throws {
        let seed = Seed.drawn(for: "random streams")
        let gateways = [
            try TestGateway.forEverything(", body: { memory: 64B, max: 4KiB }", credential: "token"),
            try TestGateway.forEverything(", body: { memory: 64B, max: 4KiB }"),
        ]
        var (complete, incomplete) = (0, 0)
        for round in 0..<600 {
            var random = SeededGenerator(seed: seed &+ UInt64(round))
            let last = Int.random(in: 0...2, using: &random)
            let uploads = (0...last).map { Upload($0, isLast: $0 == last, using: &random) }
            let bench = ExchangeBench(gateways[round % 2])
            let note = "\(Seed.variable)=\(seed), round \(round)"
            play(uploads, on: bench, using: &random)
            for number in bench.attempts.indices {
                let isComplete = try expectStatements(ofAttempt: number, at: bench, uploads, note)
                (complete, incomplete) = (complete + (isComplete ? 1 : 0), incomplete + (isComplete ? 0 : 1))
            }
            expectStatements(ofAnswers: bench, note)
            try expectGoodRequest(after: bench, note)
        }
        #expect(complete > 200 && incomplete > 30, "there should be some of each")
    }

    /// Lets the client send and the resource answer, in any order.
    private func play(_ uploads: [Upload], on bench: ExchangeBench, using random: inout SeededGenerator) {
        var bytes = uploads.flatMap(\.bytes)[...]
        var answers = RandomAnswers()
        while bench.end == nil, !bytes.isEmpty {
            if Int.random(in: 0..<3, using: &random) == 0 {
                answers.sendSome(to: bench, using: &random)
            } else {
                let count = Int.random(in: 1...(Bool.random(using: &random) ? 5 : 600), using: &random)
                bench.client(Array(bytes.prefix(count)))
                bytes = bytes.dropFirst(count)
            }
        }
        if uploads.contains(where: \.isCut) { bench.clientEnds() }
        while bench.end == nil, answers.sendSome(to: bench, using: &random) {}
        bench.clientEnds()
        while bench.end == nil, answers.sendSome(to: bench, using: &random) {}
    }

    private func expectStatements(
        ofAttempt number: Int, at bench: ExchangeBench, _ uploads: [Upload], _ note: String
    ) throws -> Bool {
        let request = try bench.request(number)
        let upload = try #require(uploads.first { $0.target == request.target })
        let content = request.body.content
        #expect(upload.body.starts(with: content), "\(note)")
        guard request.body.isComplete else {
            #expect(bench.givenUp.contains(number), "\(note)")
            return false
        }
        #expect(content == upload.body && !upload.isCut && !upload.isWrong, "\(note)")
        if !request.head.values("x-ms-date").isEmpty {
            let keys = [TestGateway.firstKey, TestGateway.secondKey].map(AccessKeyCheck.init(base64:))
            #expect(keys.contains { $0.problem(with: request, now: ExchangeBench.now) == nil }, "\(note)")
        }
        return true
    }

    private func expectStatements(ofAnswers bench: ExchangeBench, _ note: String) {
        let answers = bench.answers()
        #expect(bench.end != nil && answers.problem == nil && answers.rest.isEmpty, "\(note)")
        #expect(answers.finals.count == bench.methods.count, "\(note)")
        #expect(answers.completeCount == answers.finals.count - (bench.end == .cut ? 1 : 0), "\(note)")
        for (number, answer) in answers.finals.enumerated() where answer.head.values("connection") == ["close"] {
            #expect(number == answers.finals.count - 1, "\(note)")
        }
    }

    /// What an exchange was used for leaves no trace in it.
    private func expectGoodRequest(after bench: ExchangeBench, _ note: String) throws {
        bench.leave()
        #expect(bench.budget.heldBytes == 0, "\(note)")
        let fresh = ExchangeBench(bench.gateway, cell: bench.cell)
        fresh.client("POST /good HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer x\r\nContent-Length: 5\r\n\r\n")
        fresh.client("hello")
        let request = try fresh.request()
        #expect(request.body.content == Array("hello".utf8) && request.body.isComplete, "\(note)")
        fresh.resource("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(fresh.answers().finals.map(\.text) == ["ok"] && fresh.end == nil, "\(note)")
    }
}

/// One request with a body.
private struct Upload {
    let target: String
    let body: [UInt8]
    /// Its digest is declared, and is another's.
    let isWrong: Bool
    /// It ends before its end.
    let isCut: Bool
    let bytes: [UInt8]

    init(_ number: Int, isLast: Bool, using random: inout SeededGenerator) {
        target = "/\(number)"
        let count = [0, 1, 64, 65, Int.random(in: 0...1000, using: &random)].randomElement(using: &random) ?? 0
        body = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let digest = Int.random(in: 0..<4, using: &random)
        isWrong = digest == 0
        var text = "POST \(target) HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer x\r\n"
        if digest < 2 {
            let declared = Base64.encode(ReferenceDigest.sha256(isWrong ? body + [0] : body))
            text += "x-ms-content-sha256: \(declared)\r\n"
        }
        if Int.random(in: 0..<8, using: &random) == 0 { text += "Expect: 100-continue\r\n" }
        let isChunked = Bool.random(using: &random)
        text += isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(count)\r\n\r\n"
        var message = isChunked ? Self.chunks(body, using: &random) : body
        isCut = isLast && !message.isEmpty && Int.random(in: 0..<6, using: &random) == 0
        if isCut { message.removeLast(Int.random(in: 1...message.count, using: &random)) }
        bytes = text.latin1 + message
    }

    private static func chunks(_ body: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var rest = body[...]
        var chunks: [UInt8] = []
        while !rest.isEmpty {
            let chunk = rest.prefix(Int.random(in: 1...200, using: &random))
            chunks += "\(String(chunk.count, radix: 16));x=y\r\n".latin1 + chunk + [13, 10]
            rest = rest.dropFirst(chunk.count)
        }
        return chunks + "0\r\nT: x\r\n\r\n".latin1
    }
}

/// Answers of any kind, at any time.
private struct RandomAnswers {
    /// The attempt that is answered, and what is left to say.
    private var attempt = -1
    private var rest: [UInt8] = []
    private var end: Bool?

    /// Sends some of an answer, or ends the connection; false when there is nothing to do.
    @discardableResult
    mutating func sendSome(to bench: ExchangeBench, using random: inout SeededGenerator) -> Bool {
        switch bench.cell.exchange.phase {
        case .sending, .awaitingAnswer, .relaying: break
        case .awaitingHead, .receivingBody, .awaitingToken, .awaitingUpstream, .finishing: return false
        }
        let current = bench.attempts.count - 1
        if attempt != current {
            attempt = current
            let (text, end) = Self.texts.randomElement(using: &random) ?? ("", true)
            (rest, self.end) = (text.latin1, end)
        }
        if rest.isEmpty {
            guard let end else { return false }
            self.end = nil
            bench.resourceEnds(isClean: end)
        } else {
            let count = Int.random(in: 1...rest.count, using: &random)
            let piece = Array(rest.prefix(count))
            rest.removeFirst(count)
            bench.resource(piece)
        }
        return true
    }

    /// What is said, and how the connection ends if it does.
    private static let texts: [(String, Bool?)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", nil),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", nil),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", nil),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", nil),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", true), ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX", nil),
        ("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno", nil),
        ("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", nil),
        ("HTTP/1.1 2", true), ("", true), ("", false),
    ]
}
