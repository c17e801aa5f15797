import Support
import Testing
import Transport

@testable import Upstream

/// Random requests, targets, splits, ends, timeouts and reloads over ``UpstreamStateMachine``, with the duties of its
/// drivers spelled out; `ACS_GATEWAY_SEED` replays a run.
@Suite("A target's connections under random events")
struct UpstreamSimulationTests {
    @Test("answers go to who asked, nothing is repeated that must not be, and only clean connections are lent again")
    func random() {
        let seed = Seed.drawn(for: "random connections")
        var (answered, reused, repeated) = (0, 0, 0)
        for round in 0..<300 {
            var simulation = Simulation(seed: seed &+ UInt64(round))
            for step in 0..<400 {
                simulation.step()
                if let problem = simulation.problem {
                    Issue.record("\(problem): \(Seed.variable)=\(seed), round \(round), step \(step)")
                    return
                }
            }
            answered += simulation.requests.count { $0.state == .answered }
            repeated += simulation.requests.count { $0.seenOn > 1 }
            reused += simulation.reusedCount
        }
        let counts = "\(answered) answered, \(reused) reused, \(repeated) repeated"
        #expect(answered > 2000 && reused > 800 && repeated > 0, "the simulation has become tame: \(counts)")
    }
}

private struct Simulation {
    private(set) var requests: [SimulatedRequest] = []
    /// What went wrong first.
    private(set) var problem: String?
    private(set) var reusedCount = 0

    private var random: SeededGenerator
    private var now = second(1)
    private var generation = 0
    private var idle: [SimulatedConnection] = []
    private var open: [SimulatedConnection] = []
    private static let idleLimit = 3
    private static let idleTimeout: Int64 = 60_000_000_000
    private static let attemptLimit = 2

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func chance(_ part: Int, of whole: Int) -> Bool {
        Int.random(in: 0..<whole, using: &random) < part
    }

    private mutating func expect(_ isTrue: Bool, _ sentence: String) {
        if !isTrue, problem == nil { problem = sentence }
    }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<16: if requests.count(where: { $0.connection != nil }) < 8 { newRequest() }
        case 16..<72: advanceSomeRequest()
        case 72..<92: targetActs()
        case 92..<94: loseSomeClient()
        case 94..<98: passTime()
        case _: if chance(1, of: 4) { reload() }
        }
        for connection in open { check(connection) }
        expect(idle.count <= Self.idleLimit, "more idle connections than the limit")
    }

    private mutating func check(_ connection: SimulatedConnection) {
        let isIdle = idle.contains { $0 === connection }
        expect(isIdle == connection.machine.isIdle, "the pool and the machine disagree")
        expect(!isIdle || connection.owner == nil, "an idle connection has an owner")
        expect(
            connection.answered == Array(connection.seen.prefix(connection.answered.count)), "answers in another order")
        expect(connection.seen.count - connection.answered.count <= 1, "two requests without an answer")
    }

    // MARK: Requests

    private mutating func newRequest() {
        requests.append(SimulatedRequest(isIdempotent: chance(1, of: 2)))
        borrow(requests.count - 1)
    }

    /// What ``Pool/lend(to:timeout:onlyFresh:)`` does.
    private mutating func borrow(_ number: Int) {
        requests[number].attempts += 1
        while !requests[number].mustBeFresh, let connection = idle.popLast() {
            guard connection.isSilent, connection.machine.lend(at: now) else {
                close(connection)
                continue
            }
            expect(!connection.isPoisoned, "lent after a stray byte")
            expect(!connection.saidClose, "lent after `Connection: close`")
            expect(now < connection.keptUntil, "lent past its time")
            expect(connection.generation == generation, "lent after its target was gone")
            expect(connection.machine.isReused, "not known as reused")
            reusedCount += 1
            give(connection, to: number)
            return
        }
        let way = UpstreamStateMachine.Way(hasProxy: chance(1, of: 3), hasTLS: chance(1, of: 2))
        let connection = SimulatedConnection(way, generation: generation)
        open.append(connection)
        requests[number].connection = connection
        requests[number].state = .opening
    }

    private mutating func give(_ connection: SimulatedConnection, to number: Int) {
        expect(connection.owner == nil, "two owners")
        connection.owner = number
        requests[number].connection = connection
        requests[number].state = .busy
    }

    private mutating func advanceSomeRequest() {
        let active = requests.indices.filter { requests[$0].connection != nil }
        guard let number = active.randomElement(using: &random), let connection = requests[number].connection else {
            return
        }
        switch requests[number].state {
        case .opening: openFurther(number, connection)
        case .busy: exchange(number, connection)
        case .waiting, .answered, .failed, .gone: expect(false, "a connection for nobody")
        }
    }

    private mutating func openFurther(_ number: Int, _ connection: SimulatedConnection) {
        if chance(1, of: 12) || connection.isEnded {
            expect(connection.machine.deadlinePassed() == .fail, "an opening that cannot be late")
            close(connection)
            requests[number].connection = nil
            requests[number].state = .failed
            return
        }
        let step =
            switch connection.machine.ready(isNews: true) {
            case .finishConnecting: connection.machine.connected()
            case .continueTunnel: connection.machine.tunnelOpened()
            case .continueHandshake: connection.machine.handshakeEnded()
            case .tellUser, .checkSilence, .ignore: UpstreamStateMachine.Step.isOpen
            }
        guard step == .isOpen else { return }
        expect(connection.machine.lend(at: now), "a new connection cannot be lent")
        give(connection, to: number)
    }

    private mutating func exchange(_ number: Int, _ connection: SimulatedConnection) {
        if connection.machine.awaitsFirstByte {
            // What `sendRequest` does: the peer must have been silent.
            guard connection.isSilent else { return broke(number, connection) }
            guard chance(9, of: 10) else { return }
            connection.machine.sent()
            connection.seen.append(number)
            requests[number].seenOn += 1
            requests[number].piecesLeft = Int.random(in: 1...3, using: &random)
            expect(requests[number].isIdempotent || requests[number].seenOn == 1, "POST sent twice (RT-2)")
            expect(requests[number].seenOn <= Self.attemptLimit, "sent more often than allowed")
        } else if !connection.unread.isEmpty {
            read(number, connection)
        } else if connection.isEnded {
            broke(number, connection)
        }
    }

    private mutating func read(_ number: Int, _ connection: SimulatedConnection) {
        let tag = connection.unread.removeFirst()
        expect(tag == number, "an answer to somebody else")
        expect(connection.machine.received(), "an answer before the request")
        requests[number].piecesLeft -= 1
        guard requests[number].piecesLeft == 0 else { return }
        connection.answered.append(number)
        connection.owner = nil
        requests[number].connection = nil
        requests[number].state = .answered
        release(connection)
    }

    /// What ``Pool/takeBack(_:)`` does.
    private mutating func release(_ connection: SimulatedConnection) {
        let mayStay = connection.generation == generation && idle.count < Self.idleLimit && !connection.saidClose
        let until = now.advanced(by: Self.idleTimeout)
        switch connection.machine.release(isSilent: connection.isSilent, keepUntil: mayStay ? until : nil) {
        case .park(let time):
            expect(time == until, "kept for another time")
            connection.keptUntil = time
            idle.append(connection)
        case .close: close(connection)
        }
    }

    /// What `upstreamBroke` does with the rules RT-1 and RT-2.
    private mutating func broke(_ number: Int, _ connection: SimulatedConnection) {
        let request = requests[number]
        let wasSeen = connection.seen.last == number
        let breakdown = connection.machine.breakdown(isIdempotent: request.isIdempotent)
        let wasReused = connection.machine.isReused
        close(connection)
        requests[number].connection = nil
        requests[number].state = .failed
        switch breakdown {
        case .unsent(let fromPool):
            expect(!wasSeen && fromPool == wasReused, "`unsent`, though bytes went out")
            if fromPool { requests[number].attempts -= 1 }
        case .mayRepeat: expect(request.isIdempotent && wasReused && wasSeen, "repeated against RT-1")
        case .outcomeUnknown: return
        }
        guard requests[number].attempts < Self.attemptLimit else { return }
        requests[number].mustBeFresh = true
        borrow(number)
    }

    private mutating func close(_ connection: SimulatedConnection) {
        connection.machine.close()
        connection.owner = nil
        idle.removeAll { $0 === connection }
        open.removeAll { $0 === connection }
    }

    // MARK: The world

    /// The target answers a piece, ends a connection, or says what nobody asked for.
    private mutating func targetActs() {
        for connection in open where !connection.isEnded {
            if let owner = connection.owner, connection.seen.last == owner, chance(3, of: 4) {
                let given = connection.unread.count
                if given < requests[owner].piecesLeft { connection.unread.append(owner) }
                if chance(1, of: 10) { connection.saidClose = true }
            }
            let isAsked = connection.owner != nil && connection.seen.last == connection.owner
            if !isAsked, !connection.machine.isOpening, chance(1, of: 12) {
                connection.unread.append(-1)
                connection.isPoisoned = true
            }
            if chance(1, of: connection.machine.isReused ? 5 : 12) { connection.isEnded = true }
            guard connection.machine.isIdle, !connection.isSilent, chance(1, of: 2) else { continue }
            // The loop tells; or, the other half of the time, it has not yet when somebody borrows.
            expect(connection.machine.ready(isNews: true) == .checkSilence, "an idle connection's news are not seen")
            close(connection)
        }
    }

    /// RT-4: nobody gets what was asked for a client that is gone.
    private mutating func loseSomeClient() {
        let active = requests.indices.filter { requests[$0].connection != nil }
        guard let number = active.randomElement(using: &random), let connection = requests[number].connection else {
            return
        }
        close(connection)
        requests[number].connection = nil
        requests[number].state = .gone
    }

    private mutating func passTime() {
        now = now.advanced(by: Int64.random(in: 0...40, using: &random) * 1_000_000_000)
        // The wheel may be late: a connection past its time can still be in the pool when it is asked for.
        for connection in idle where connection.keptUntil <= now && chance(1, of: 2) {
            expect(connection.machine.deadlinePassed() == .close, "idle without an end")
            close(connection)
        }
    }

    private mutating func reload() {
        generation += 1
        for connection in idle { close(connection) }
    }
}
