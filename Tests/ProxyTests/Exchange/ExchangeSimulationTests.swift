import Support
import Testing

@testable import Proxy

/// Five statements hold whatever a client and a resource send (http rules, section 15): each malformed request gets
/// one answer and a close, the resource sees valid requests only, it sees as many as are answered, their signatures
/// verify, and afterwards a good request works.
@Suite("An exchange between a random client and a random resource")
struct ExchangeSimulationTests {
    private let gateway: TestGateway

    init() throws {
        gateway = try TestGateway(routes: [
            "{ name: small, match: { path: /small }, allow: [anonymous], resource: contoso, body: { max: 20B } }",
            "{ name: eu, match: { path_prefix: /eu, methods: [GET, POST, HEAD] }, allow: [anonymous], "
                + "resource: contoso, credential: keys, rewrite: { strip_prefix: /eu, add_prefix: /acs } }",
            "{ name: sms, match: { path_prefix: /sms }, allow: [anonymous], resource: contoso, credential: keys, "
                + "body: { memory: 16B } }",
        ])
    }

    @Test("the five statements hold")
    func statements() throws {
        let seed = Seed.drawn(for: "random exchanges")
        var sent = 0
        for round in 0..<300 {
            var random = SeededGenerator(seed: seed &+ UInt64(round))
            let client = RandomClient(using: &random)
            let note = "\(Seed.variable)=\(seed), round \(round)"
            let whole = run(client.pieces(using: &random, isWhole: true), round, isWhole: true)
            try expectStatements(of: whole, note)
            let cut = run(client.pieces(using: &random, isWhole: false), round, isWhole: false)
            try expectStatements(of: cut, note)
            expectAlike(whole, cut, note)
            try expectGoodRequest(after: cut, note)
            sent += whole.attempts.count
        }
        #expect(sent > 100, "most requests should get through")
    }

    /// Everything that a client and a resource do on one connection.
    private func run(_ pieces: [[UInt8]], _ round: Int, isWhole: Bool) -> ExchangeBench {
        let bench = ExchangeBench(gateway)
        var random = SeededGenerator(seed: UInt64(round) &* 3 &+ (isWhole ? 1 : 2))
        var answered = 0
        let answerAll = { (random: inout SeededGenerator) in
            while answered < bench.attempts.count {
                RandomResource.answer(bench, attempt: answered, isWhole: isWhole, using: &random)
                answered += 1
            }
        }
        for piece in pieces {
            bench.client(piece)
            answerAll(&random)
        }
        bench.clientEnds()
        answerAll(&random)
        return bench
    }

    private func expectStatements(of bench: ExchangeBench, _ note: String) throws {
        let answers = bench.answers()
        // One answer for each request; only the last may be cut, and then it looks cut.
        #expect(bench.end != nil, "\(note)")
        #expect(answers.problem == nil, "\(note)")
        #expect(answers.finals.count == bench.methods.count, "\(note)")
        #expect(answers.completeCount == answers.finals.count - (bench.end == .cut ? 1 : 0), "\(note)")
        #expect(answers.rest.isEmpty, "\(note)")
        // After a refusal that closes nothing is answered any more, and it was said.
        for (number, answer) in answers.finals.enumerated() where answer.head.values("connection") == ["close"] {
            #expect(number == answers.finals.count - 1, "\(note)")
        }
        let statuses = answers.finals.map(\.status)
        for status in [400, 413, 414, 431, 501, 505] where statuses.dropLast().contains(status) {
            // Refusals of routing and of queries may keep the connection; those of the grammar may not.
            #expect(status == 400, "\(note)")
        }
        // Valid, signed over what was sent, and answered in order, each with its own answer.
        var echoes: [String] = []
        for number in bench.attempts.indices {
            let request = try bench.request(number)
            let keys = [TestGateway.firstKey, TestGateway.secondKey].map(AccessKeyCheck.init(base64:))
            #expect(keys.contains { $0.problem(with: request, now: ExchangeBench.now) == nil }, "\(note)")
            // A change may have made another field of it, so only these names are looked at.
            let leaked = ["authorization", "x-ms-date", "cookie"].flatMap(request.head.values).contains {
                $0.contains("\u{C7}")
            }
            #expect(!leaked, "\(note): the client's credential went on")
            echoes.append(RandomResource.echo(of: request))
        }
        let relayed = answers.finals.compactMap { $0.head.only("x-echo") }
        var rest = echoes[...]
        for echo in relayed {
            let place = rest.firstIndex(of: echo)
            #expect(place != nil, "\(note): an answer to nobody: \(echo)")
            rest = rest[(place ?? rest.startIndex)...].dropFirst()
        }
    }

    /// However the bytes were cut, the same requests go out and the same answers come back.
    private func expectAlike(_ whole: ExchangeBench, _ cut: ExchangeBench, _ note: String) {
        // Whether a body that nobody wants is here already, or `100 Continue` is worth saying, depends on the cut.
        guard !whole.hasPassedOver, !cut.hasPassedOver else { return }
        #expect(whole.attempts == cut.attempts, "\(note)")
        #expect(whole.refusals == cut.refusals, "\(note)")
        #expect(whole.end == cut.end, "\(note)")
        #expect(whole.answers().finals.map(\.status) == cut.answers().finals.map(\.status), "\(note)")
        #expect(whole.answers().finals.map(\.text) == cut.answers().finals.map(\.text), "\(note)")
    }

    /// What an exchange was used for leaves no trace in it.
    private func expectGoodRequest(after bench: ExchangeBench, _ note: String) throws {
        bench.leave()
        #expect(bench.budget.heldBytes == 0, "\(note)")
        let fresh = ExchangeBench(gateway, cell: bench.cell)
        fresh.client("POST /sms HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello")
        let request = try fresh.request()
        #expect(request.body.content == Array("hello".utf8) && request.target == "/sms", "\(note)")
        #expect(AccessKeyCheck(base64: TestGateway.firstKey).problem(with: request, now: ExchangeBench.now) == nil)
        fresh.resource("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(fresh.answers().finals.map(\.text) == ["ok"] && fresh.end == nil, "\(note)")
    }
}
