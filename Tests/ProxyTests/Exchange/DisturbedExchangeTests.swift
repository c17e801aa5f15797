import Support
import Testing

@testable import Proxy

/// The five statements of http rules, section 15, while all goes wrong at any moment: deadlines pass, a side leaves,
/// and the configuration is another one.  They are looked at after every step.
@Suite("An exchange among time-outs, resets and reloads")
struct DisturbedExchangeTests {
    private let gateways: [TestGateway]

    init() throws {
        let eu =
            "{ name: eu, match: { path_prefix: /eu }, allow: [anonymous], resource: contoso, credential: keys, "
            + "rewrite: { strip_prefix: /eu } }"
        let sms = "name: sms, match: { path_prefix: /sms }, allow: [anonymous], resource: contoso, credential: keys"
        gateways = [
            try TestGateway(routes: [eu, "{ \(sms), body: { memory: 16B } }"]),
            try TestGateway(routes: ["{ \(sms), body: { max: 20B } }"]),
            try TestGateway(routes: [eu, "{ \(sms), retries: { attempts: 1 } }"]),
        ]
    }

    @Test("the five statements hold after every step")
    func statements() throws {
        let seed = Seed.drawn(for: "disturbed exchanges")
        var (answered, disturbed) = (0, 0)
        for round in 0..<600 {
            var random = SeededGenerator(seed: seed &+ UInt64(round))
            let note = "\(Seed.variable)=\(seed), round \(round)"
            let bench = ExchangeBench(gateways[0])
            let watch = Watch(bench, note)
            bench.afterStep = { watch.look() }
            disturbed += run(bench, &random)
            bench.afterStep = nil
            watch.look()
            #expect(bench.end != nil, "\(note)")
            expectSilence(after: bench, note)
            answered += bench.answers().completeCount
            try expectGoodRequest(after: bench, note)
        }
        #expect(answered > 200 && disturbed > 200, "\(answered) answers, \(disturbed) disturbances")
    }

    /// Random events until the connection ends; gives how many of them were disturbances.
    private func run(_ bench: ExchangeBench, _ random: inout SeededGenerator) -> Int {
        let client = RandomClient(using: &random)
        var pieces = client.pieces(using: &random, isWhole: false)[...]
        var (played, disturbances) = (0, 0)
        for _ in 0..<400 where bench.end == nil {
            switch Int.random(in: 0..<64, using: &random) {
            case 0..<40:
                if let piece = pieces.popFirst() { bench.client(piece) } else { bench.clientEnds() }
            case 40..<58:
                guard played < bench.attempts.count else { continue }
                played = bench.attempts.count
                RandomResource.answer(bench, attempt: played - 1, isWhole: Bool.random(using: &random), using: &random)
            case let event:
                disturbances += 1
                disturb(bench, event, &random)
            }
        }
        // Nobody sends any more; then time ends whatever still waits.
        bench.clientEnds()
        for _ in 0..<16 where bench.end == nil { bench.timeIsUp() }
        return disturbances
    }

    private func disturb(_ bench: ExchangeBench, _ event: Int, _ random: inout SeededGenerator) {
        switch event {
        case 58, 59: bench.timeIsUp()
        case 60, 61: bench.reload(to: gateways.randomElement(using: &random) ?? gateways[0])
        case 62: if !bench.attempts.isEmpty { bench.resourceEnds(isClean: Bool.random(using: &random)) }
        case _: bench.clientLeaves()
        }
    }

    /// Once the connection is over, nothing that comes late goes anywhere.
    private func expectSilence(after bench: ExchangeBench, _ note: String) {
        let (attempts, answered) = (bench.attempts, bench.answered)
        bench.client("GET /sms HTTP/1.1\r\nHost: gw\r\n\r\n")
        bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        bench.timeIsUp()
        #expect(bench.attempts == attempts && bench.answered == answered, "\(note)")
    }

    private func expectGoodRequest(after bench: ExchangeBench, _ note: String) throws {
        bench.leave()
        #expect(bench.budget.heldBytes == 0, "\(note)")
        let fresh = ExchangeBench(gateways[1], cell: bench.cell)
        fresh.client("POST /sms HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try fresh.request().body.content == Array("hello".utf8), "\(note)")
        fresh.resource("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(fresh.answers().finals.map(\.text) == ["ok"] && fresh.end == nil, "\(note)")
    }
}

/// What must hold at every moment of one connection.
private final class Watch {
    private let bench: ExchangeBench
    private let note: String
    /// Attempts that were found good, and need not be looked at again.
    private var good: Set<Int> = []
    private let keys = [TestGateway.firstKey, TestGateway.secondKey].map(AccessKeyCheck.init(base64:))

    init(_ bench: ExchangeBench, _ note: String) { (self.bench, self.note) = (bench, note) }

    func look() {
        let answers = bench.answers()
        // One answer a request, in order, each by the letter; nothing between or behind them.
        #expect(answers.problem == nil, "\(note)")
        #expect(answers.finals.count <= bench.methods.count + 1, "\(note)")
        // Behind an answer that closes there is none.
        for answer in answers.finals.dropLast() {
            #expect(answer.isComplete && answer.head.values("connection") != ["close"], "\(note)")
        }
        // Whatever reached the resource whole is valid, and its signature verifies over it.
        for number in bench.attempts.indices where isWhole(number) && !good.contains(number) {
            let request = try? bench.request(number)
            #expect(request?.body.isComplete == true, "\(note): attempt \(number)")
            if let request {
                #expect(keys.contains { $0.problem(with: request, now: ExchangeBench.now) == nil }, "\(note)")
                let credentials = ["authorization", "x-ms-date", "cookie"].flatMap(request.head.values)
                #expect(!credentials.contains { $0.contains("\u{C7}") }, "\(note): the client's credential went on")
            }
            good.insert(number)
        }
        // What is relayed belongs to a request that was sent: nobody gets another's answer.
        let echoes = good.sorted().compactMap { try? bench.request($0) }.map(RandomResource.echo)
        for echo in answers.finals.compactMap({ $0.head.only("x-echo") }) where !echoes.contains(echo) {
            // Of a request that is still on its way: its answer came early.
            #expect(bench.attempts.count > good.count, "\(note): an answer to nobody")
        }
    }

    private func isWhole(_ number: Int) -> Bool {
        guard number < bench.attempts.count - 1 else {
            return bench.end == nil && bench.cell.exchange.attempts > 0 && bench.cell.exchange.isSent
        }
        return !bench.givenUp.contains(number)
    }
}
