import Glibc
import Testing

@testable import Transport

@Suite("The end of a loop's round")
struct RoundEndTests {
    @Test("what was put off comes behind all events, once, and before deadlines")
    func order() throws {
        let script = try LoopScript()
        let pairs = try (0..<3).map { _ in try socketPair() }
        let recorders = pairs.map { Recorder(descriptor: $0.0) }
        for recorder in recorders { try script.loop.add(recorder) }
        var order: [String] = []
        let timer = Timer { order.append("deadline") }
        try script.loop.add(timer)
        script.when {
            recorders.allSatisfy { $0.told.count == 1 }
        } then: {
            for recorder in recorders {
                recorder.onReady = {
                    order.append("event")
                    timer.setDeadline(MonotonicTime(nanoseconds: 1))
                    script.loop.postpone(recorder)
                }
                recorder.onRoundEnd = { order.append("put off") }
            }
            for pair in pairs { put([1], to: pair.1) }
        }
        script.when { order.count >= 7 }
        try script.run()
        // All three became ready within one round, for nobody waited for them in between.
        #expect(order == ["event", "event", "event", "put off", "put off", "put off", "deadline"])
        for pair in pairs { close(pair.1) }
        for recorder in recorders { recorder.close() }
    }

    @Test("it may ask again, from there and from a deadline, and still has its turn in the same round")
    func again() throws {
        let script = try LoopScript()
        let recorder = Recorder()
        try script.loop.add(recorder)
        var turns = 0
        recorder.onRoundEnd = {
            turns += 1
            if turns % 3 != 0 { script.loop.postpone(recorder) }
        }
        let timer = Timer { script.loop.postpone(recorder) }
        try script.loop.add(timer)
        timer.setDeadline(script.loop.now)
        script.when {
            turns > 0
        }
        try script.run()
        #expect(turns == 3)
    }

    @Test("one that closed has no turn, nor has who got its place")
    func closed() throws {
        let script = try LoopScript()
        let (first, second) = (Recorder(), Recorder())
        var turns = 0
        for recorder in [first, second] { recorder.onRoundEnd = { turns += 1 } }
        try script.loop.add(first)
        script.loop.postpone(first)
        first.close()
        try script.loop.add(second)
        var hasPassed = false
        let timer = Timer { hasPassed = true }
        try script.loop.add(timer)
        timer.setDeadline(script.loop.now.advanced(by: 5_000_000))
        script.when { hasPassed }
        try script.run()
        #expect(turns == 0)
    }
}
