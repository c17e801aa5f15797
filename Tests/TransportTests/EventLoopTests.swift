import Glibc
import Support
import Testing

@testable import Transport

@Suite("Deadlines in a loop")
struct DeadlineTests {
    @Test("a deadline passes once, and not before its time")
    func once() throws {
        let script = try LoopScript()
        var passed: [MonotonicTime] = []
        let timer = Timer { passed.append(.current()) }
        let end = Timer {}
        try script.loop.add(timer)
        try script.loop.add(end)
        let deadline = script.loop.now.advanced(by: 20_000_000)
        timer.setDeadline(deadline)
        var isOver = false
        let last = Timer { isOver = true }
        try script.loop.add(last)
        last.setDeadline(deadline.advanced(by: 50_000_000))
        script.when { isOver }
        try script.run()
        #expect(passed.count == 1)
        #expect(passed.allSatisfy { $0 >= deadline })
        #expect(timer.deadline == .distantFuture)
    }

    @Test("a deadline may be set before the channel joins a loop")
    func before() throws {
        let script = try LoopScript()
        var hasPassed = false
        let timer = Timer { hasPassed = true }
        timer.setDeadline(script.loop.now.advanced(by: 1_000_000))
        try script.loop.add(timer)
        script.when { hasPassed }
        try script.run()
    }

    @Test("what counts is where a deadline was moved to, earlier or later, or away")
    func moved() throws {
        let script = try LoopScript()
        let now = script.loop.now
        var order: [String] = []
        let timers = ["later", "earlier", "away", "closed", "twice"].map { name in
            (name, Timer { order.append(name) })
        }
        for (name, timer) in timers {
            try script.loop.add(timer)
            timer.setDeadline(now.advanced(by: name == "earlier" ? 60_000_000_000 : 10_000_000))
        }
        let named = Dictionary(uniqueKeysWithValues: timers)
        named["later"]?.setDeadline(now.advanced(by: 120_000_000))
        named["earlier"]?.setDeadline(now.advanced(by: 40_000_000))
        named["away"]?.setDeadline(.distantFuture)
        named["closed"]?.close()
        named["twice"]?.setDeadline(now.advanced(by: 60_000_000_000))
        named["twice"]?.setDeadline(now.advanced(by: 80_000_000))
        script.when { order.count == 3 }
        try script.run()
        #expect(order == ["earlier", "twice", "later"])
    }

    @Test("a deadline can be set anew while it passes, and others be closed")
    func nested() throws {
        let script = try LoopScript()
        var count = 0
        var other: Timer?
        var timer: Timer?
        timer = Timer {
            count += 1
            other?.close()
            if count < 5 { timer?.setDeadline(script.loop.now.advanced(by: 2_000_000)) }
        }
        var otherPassed = false
        other = Timer { otherPassed = true }
        for channel in [timer, other].compactMap({ $0 }) {
            try script.loop.add(channel)
            channel.setDeadline(script.loop.now.advanced(by: 5_000_000))
        }
        script.when { count == 5 }
        try script.run()
        // Both were due in one tick; the first to be told closed the other.
        #expect(!otherPassed)
        timer = nil
    }

    @Test("a slot that is used again does not inherit a deadline")
    func slots() throws {
        let script = try LoopScript()
        var told: [Int] = []
        let first = Timer { told.append(1) }
        try script.loop.add(first)
        first.setDeadline(script.loop.now.advanced(by: 5_000_000))
        first.close()
        let second = Timer { told.append(2) }
        try script.loop.add(second)
        var isOver = false
        let last = Timer { isOver = true }
        try script.loop.add(last)
        last.setDeadline(script.loop.now.advanced(by: 60_000_000))
        script.when { isOver }
        try script.run()
        #expect(told.isEmpty)
    }

    @Test("hundreds of random deadlines all pass, each in its time")
    func many() throws {
        let seed = Seed.drawn(for: "random timers")
        var random = SeededGenerator(seed: seed)
        let script = try LoopScript()
        var left = 300
        var early = 0
        var timers: [Timer] = []
        for index in 0..<left {
            let deadline = script.loop.now.advanced(by: .random(in: 0...150_000_000, using: &random))
            let timer = Timer {
                left -= 1
                if MonotonicTime.current() < deadline { early += 1 }
            }
            try script.loop.add(timer)
            if index % 3 == 0 {
                timer.setDeadline(deadline.advanced(by: .random(in: -90_000_000...9_000_000_000, using: &random)))
            }
            timer.setDeadline(deadline)
            timers.append(timer)
        }
        script.when { left == 0 }
        try script.run()
        #expect(early == 0, "\(Seed.variable)=\(seed)")
    }
}

@Suite("Descriptors in a loop")
struct ReadinessTests {
    @Test("a channel is told when there is something to read, and again when there is more")
    func edges() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        defer { close(far) }
        let recorder = Recorder(descriptor: near)
        try script.loop.add(recorder)
        let reads = { recorder.told.count { $0.contains(.readable) } }
        script.when {
            recorder.told.count == 1
        } then: {
            #expect(reads() == 0)
        }  // it can be written from the start
        script.when {
            true
        } then: {
            put([1], to: far)
        }
        script.when {
            reads() == 1
        } then: {
            put([2], to: far)
        }
        // Nothing was read in between: the new byte is told all the same.
        script.when {
            reads() == 2
        } then: {
            Glibc.shutdown(far, Int32(SHUT_WR))
        }
        script.when { recorder.told.last?.contains(.peerFinished) == true }
        try script.run()
        recorder.close()
    }

    @Test("the peer's end is told, and its disappearance")
    func ends() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        let recorder = Recorder(descriptor: near)
        try script.loop.add(recorder)
        script.when {
            !recorder.told.isEmpty
        } then: {
            close(far)
        }
        script.when { recorder.told.last?.isSuperset(of: [.peerFinished, .hungUp]) == true }
        try script.run()
        recorder.close()
    }

    @Test("whoever is closed by another of the same round is not told any more")
    func closedInRound() throws {
        let script = try LoopScript()
        let pairs = try [socketPair(), socketPair()]
        let recorders = pairs.map { Recorder(descriptor: $0.0) }
        for recorder in recorders { try script.loop.add(recorder) }
        script.when {
            recorders.allSatisfy { $0.told.count == 1 }
        } then: {
            recorders[0].onReady = { recorders[1].close() }
            recorders[1].onReady = { recorders[0].close() }
            for pair in pairs { put([1], to: pair.1) }
        }
        script.when { recorders.contains { $0.told.count == 2 } }
        try script.run()
        #expect(recorders.map(\.told.count).sorted() == [1, 2])
        for pair in pairs { close(pair.1) }
        for recorder in recorders { recorder.close() }
    }

    @Test("a new channel in the place of a closed one does not hear its events")
    func slotInRound() throws {
        let script = try LoopScript()
        let pairs = try [socketPair(), socketPair(), socketPair()]
        let recorders = pairs.prefix(2).map { Recorder(descriptor: $0.0) }
        let fresh = Recorder(descriptor: pairs[2].0)
        for recorder in recorders { try script.loop.add(recorder) }
        script.when {
            recorders.allSatisfy { $0.told.count == 1 }
        } then: {
            for (index, recorder) in recorders.enumerated() {
                recorder.onReady = {
                    recorders[1 - index].close()
                    if unsafe fresh.loop == nil { try? script.loop.add(fresh) }
                }
            }
            for pair in pairs.prefix(2) { put([1], to: pair.1) }
        }
        script.when { !fresh.told.isEmpty }
        try script.run()
        // Its own: it can be written.  Nothing was sent to it.
        #expect(fresh.told == [.writable])
        for pair in pairs { close(pair.1) }
        for channel in recorders + [fresh] { channel.close() }
    }

    @Test("parked channels are told before all others of a round, and only once")
    func parked() throws {
        let script = try LoopScript()
        let pairs = try (0..<6).map { _ in try socketPair() }
        var order: [Int] = []
        let recorders = pairs.map { Recorder(descriptor: $0.0) }
        for recorder in recorders { try script.loop.add(recorder) }
        script.when {
            recorders.allSatisfy { $0.told.count == 1 }
        } then: {
            for (index, recorder) in recorders.enumerated() {
                recorder.isParked = index >= 3
                recorder.onReady = { order.append(index) }
            }
            for pair in pairs { put([1], to: pair.1) }
        }
        script.when { order.count >= 6 }
        try script.run()
        #expect(order.count == 6)
        #expect(Set(order.prefix(3)) == [3, 4, 5] && Set(order.suffix(3)) == [0, 1, 2])
        for pair in pairs { close(pair.1) }
        for recorder in recorders { recorder.close() }
    }

    @Test("one that is lent in the round in which it was told does not hear the same event again")
    func lentInRound() throws {
        let script = try LoopScript()
        let pairs = try [socketPair(), socketPair()]
        let (parked, user) = (Recorder(descriptor: pairs[0].0), Recorder(descriptor: pairs[1].0))
        for recorder in [parked, user] { try script.loop.add(recorder) }
        script.when {
            parked.told.count == 1 && user.told.count == 1
        } then: {
            parked.isParked = true
            user.onReady = { parked.isParked = false }
            for pair in pairs { put([1], to: pair.1) }
        }
        script.when { parked.told.count >= 2 && user.told.count == 2 }
        try script.run()
        #expect(parked.told.count == 2)
        for pair in pairs { close(pair.1) }
        for recorder in [parked, user] { recorder.close() }
    }

    @Test("one that could go on is told behind all others, once a round, and the loop does not wait")
    func willing() throws {
        let script = try LoopScript()
        let pairs = try [socketPair(), socketPair()]
        let (busy, quick) = (Recorder(descriptor: pairs[0].0), Recorder(descriptor: pairs[1].0))
        for recorder in [busy, quick] { try script.loop.add(recorder) }
        var order: [String] = []
        script.when {
            busy.told.count == 1 && quick.told.count == 1
        } then: {
            quick.onReady = { order.append("quick") }
            busy.onReady = {
                order.append("busy")
                put([1], to: pairs[1].1)
                guard order.count < 7 else { return }
                script.loop.tellAgain(busy)
                script.loop.tellAgain(busy)
            }
            put([1], to: pairs[0].1)
        }
        script.when { order.count >= 8 }
        try script.run()
        #expect(order == ["busy", "quick", "busy", "quick", "busy", "quick", "busy", "quick"])
        #expect(busy.told.dropFirst(2).allSatisfy { $0.isEmpty })
        for pair in pairs { close(pair.1) }
        for recorder in [busy, quick] { recorder.close() }
    }

    @Test("one that closes while it waits for another turn is not told, nor is who has its place")
    func closedWhileWilling() throws {
        let script = try LoopScript()
        let (first, second) = (Recorder(), Recorder())
        try script.loop.add(first)
        script.loop.tellAgain(first)
        first.close()
        try script.loop.add(second)
        var hasPassed = false
        let timer = Timer { hasPassed = true }
        try script.loop.add(timer)
        timer.setDeadline(script.loop.now.advanced(by: 30_000_000))
        script.when { hasPassed }
        try script.run()
        #expect(first.told.isEmpty && second.told.isEmpty)
    }

    @Test("a descriptor that cannot be watched is refused, stays open, and the loop goes on")
    func unwatchable() throws {
        let script = try LoopScript()
        let file = unsafe open("/dev/null", O_RDONLY)
        let recorder = Recorder(descriptor: file)
        #expect(throws: Transport.SystemError(call: "epoll_ctl", code: EPERM)) { try script.loop.add(recorder) }
        #expect(fcntl(file, F_GETFD) >= 0)
        recorder.close()
        recorder.close()
        #expect(fcntl(file, F_GETFD) < 0)
        var hasPassed = false
        let timer = Timer { hasPassed = true }
        try script.loop.add(timer)
        timer.setDeadline(script.loop.now)
        script.when { hasPassed }
        try script.run()
    }

    @Test("thousands of channels come and go")
    func churn() throws {
        let script = try LoopScript()
        var heard = 0
        for _ in 0..<2000 {
            let (near, far) = try socketPair()
            let recorder = Recorder(descriptor: near)
            recorder.onReady = {
                heard += 1
                recorder.onReady = nil
                recorder.close()
            }
            try script.loop.add(recorder)
            close(far)
            if heard % 7 == 0 { Recorder().close() }
            script.when { recorder.descriptor < 0 }
        }
        try script.run()
        #expect(heard == 2000)
    }
}
