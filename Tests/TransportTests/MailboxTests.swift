import Glibc
import Support
import Testing

@testable import Transport

@Suite("Messages from other threads")
struct MailboxTests {
    @Test("all arrive, in the order of their sender, whoever sends at the same time")
    func threads() throws {
        let script = try LoopScript()
        let mailbox = try Mailbox<(sender: Int, number: Int)>()
        var received: [[Int]] = Array(repeating: [], count: 4)
        try mailbox.attach(to: script.loop) { received[$0.sender].append($0.number) }
        for sender in 0..<4 {
            try Thread.start("sender-\(sender)") {
                for number in 0..<5000 { mailbox.post((sender, number)) }
            }
        }
        script.when { received.allSatisfy { $0.count == 5000 } }
        try script.run()
        #expect(received.allSatisfy { $0 == Array(0..<5000) })
    }

    @Test("what was sent before the loop began arrives, too, and what is sent while a message is heard")
    func early() throws {
        let script = try LoopScript()
        let mailbox = try Mailbox<Int>()
        for number in 0..<3 { mailbox.post(number) }
        var received: [Int] = []
        try mailbox.attach(to: script.loop) { number in
            received.append(number)
            if number < 10 { mailbox.post(number + 10) }
        }
        script.when { received.count == 6 }
        try script.run()
        #expect(received == [0, 1, 2, 10, 11, 12])
    }
}

@Suite("Waiting for others")
struct BarrierTests {
    @Test("it opens with the last, for everybody who waits, and stays open")
    func opening() throws {
        let barrier = try Barrier(count: 3)
        let passed = try Barrier(count: 4)
        for _ in 0..<4 {
            try Thread.start("waiting") {
                if barrier.wait(timeout: Pace.seconds(20)) { passed.arrive() }
            }
        }
        for _ in 0..<3 { try Thread.start("arriving") { barrier.arrive() } }
        #expect(passed.wait(timeout: Pace.seconds(20)))
        #expect(barrier.wait(timeout: .zero))
    }

    @Test("who waits for somebody who does not come waits no longer than he said")
    func missing() throws {
        let barrier = try Barrier(count: 2)
        barrier.arrive()
        #expect(!barrier.wait(timeout: .zero))
        #expect(!barrier.wait(timeout: .milliseconds(20)))
        barrier.arrive()
        #expect(barrier.wait(timeout: .zero))
    }

    @Test("nobody to wait for is no wait")
    func nobody() throws {
        #expect(try Barrier(count: 0).wait(timeout: .zero))
    }
}
