import Support
import Testing

@testable import Transport

@Suite("The wheel of deadlines")
struct TimerWheelTests {
    private static let tick = TimerWheel.tickNanoseconds

    /// The instant at which tick `number` begins.
    private func instant(_ number: Int64, plus nanoseconds: Int64 = 0) -> MonotonicTime {
        MonotonicTime(nanoseconds: number * Self.tick + nanoseconds)
    }

    private func due(_ wheel: inout TimerWheel, at now: MonotonicTime) -> [UInt64] {
        var entries: [TimerWheel.Entry] = []
        wheel.advance(to: now, due: &entries)
        return entries.map(\.token)
    }

    @Test("a deadline is looked at once it has passed, not before, and once")
    func once() {
        var wheel = TimerWheel(at: instant(100))
        let deadline = instant(150, plus: 1)
        #expect(wheel.enter(7, at: TimerWheel.tick(of: deadline)) == 151)
        #expect(due(&wheel, at: instant(150, plus: Self.tick - 1)) == [])
        #expect(due(&wheel, at: instant(151)) == [7])
        #expect(due(&wheel, at: instant(151)) == [])
        #expect(due(&wheel, at: instant(5000)) == [])
    }

    @Test("whenever it is looked at, the deadline has passed")
    func late() {
        for nanoseconds in [0, 1, Self.tick - 1, Self.tick, Self.tick + 1, 123_456_789] {
            let deadline = MonotonicTime(nanoseconds: nanoseconds)
            #expect(TimerWheel.tick(of: deadline) * Self.tick > deadline.nanoseconds - 1)
            #expect(TimerWheel.tick(of: deadline) * Self.tick <= deadline.nanoseconds + Self.tick)
        }
    }

    @Test("what has passed already is looked at with the next tick")
    func past() {
        var wheel = TimerWheel(at: instant(100))
        #expect(wheel.enter(1, at: 3) == 101)
        #expect(wheel.enter(2, at: 100) == 101)
        #expect(due(&wheel, at: instant(100, plus: Self.tick - 1)) == [])
        #expect(due(&wheel, at: instant(101)) == [1, 2])
    }

    @Test("a deadline farther than a rotation waits for its own")
    func rotations() {
        var wheel = TimerWheel(at: instant(0))
        for token in UInt64(0)..<5 { _ = wheel.enter(token, at: 10 + 1024 * Int64(token)) }
        for rotation in UInt64(0)..<5 {
            #expect(due(&wheel, at: instant(9 + 1024 * Int64(rotation))) == [])
            #expect(due(&wheel, at: instant(10 + 1024 * Int64(rotation))) == [rotation])
        }
    }

    @Test("a clock that jumps over several rotations makes all due at once")
    func jump() {
        var wheel = TimerWheel(at: instant(0))
        for token in UInt64(0)..<3000 { _ = wheel.enter(token, at: Int64(token) + 1) }
        #expect(Set(due(&wheel, at: instant(2500))) == Set(0..<2500))
        #expect(Set(due(&wheel, at: instant(1_000_000))) == Set(2500..<3000))
    }

    @Test("a clock that stands still, or goes back, makes nothing due")
    func back() {
        var wheel = TimerWheel(at: instant(100))
        _ = wheel.enter(1, at: 101)
        #expect(due(&wheel, at: instant(100)) == [])
        #expect(due(&wheel, at: instant(50)) == [])
        #expect(due(&wheel, at: instant(101)) == [1])
    }

    @Test("the wait ends with the next deadline, and is endless without one")
    func wait() {
        var wheel = TimerWheel(at: instant(1000))
        #expect(wheel.millisecondsToNext(from: instant(1000)) == -1)
        _ = wheel.enter(1, at: 1005)
        #expect(wheel.millisecondsToNext(from: instant(1000)) == 40)
        #expect(wheel.millisecondsToNext(from: instant(1000, plus: 1)) == 40)
        #expect(wheel.millisecondsToNext(from: instant(1000, plus: 1_000_000)) == 39)
        #expect(wheel.millisecondsToNext(from: instant(1004)) == 8)
        #expect(wheel.millisecondsToNext(from: instant(1006)) == 0)
        _ = wheel.enter(2, at: 1001)
        #expect(wheel.millisecondsToNext(from: instant(1000)) == 8)
        #expect(due(&wheel, at: instant(1005)) == [2, 1])
        #expect(wheel.millisecondsToNext(from: instant(1005)) == -1)
        // One that waits for a later rotation is looked at, at most, once each rotation.
        _ = wheel.enter(3, at: 1005 + 3000)
        #expect((1...8 * 1024).contains(wheel.millisecondsToNext(from: instant(1005))))
    }

    @Test("many random deadlines are each met once, in the first look after they have passed")
    func random() {
        let seed = Seed.drawn(for: "random deadlines")
        var random = SeededGenerator(seed: seed)
        var now = Int64.random(in: 0...1 << 40, using: &random)
        var wheel = TimerWheel(at: MonotonicTime(nanoseconds: now))
        var waiting: [UInt64: Int64] = [:]
        var token: UInt64 = 0
        for _ in 0..<1000 {
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                token += 1
                let deadline = now + Int64.random(in: -1000...30_000_000_000, using: &random)
                let tick = TimerWheel.tick(of: MonotonicTime(nanoseconds: deadline))
                waiting[token] = wheel.enter(token, at: tick)
            }
            now += Int64.random(in: 0...400_000_000, using: &random)
            let found = due(&wheel, at: MonotonicTime(nanoseconds: now))
            let expected = waiting.filter { $0.value <= now / Self.tick }.keys
            #expect(Set(found) == Set(expected) && found.count == expected.count, "\(Seed.variable)=\(seed)")
            for token in found { waiting[token] = nil }
            let wait = wheel.millisecondsToNext(from: MonotonicTime(nanoseconds: now))
            if let next = waiting.values.min() {
                // Never later than the next one is due.
                #expect(wait >= 0 && now + Int64(wait - 1) * 1_000_000 < next * Self.tick, "\(Seed.variable)=\(seed)")
            } else {
                #expect(wait == -1, "\(Seed.variable)=\(seed)")
            }
        }
    }
}
