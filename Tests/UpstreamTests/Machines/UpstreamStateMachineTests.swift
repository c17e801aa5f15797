import Testing
import Transport

@testable import Upstream

@Suite("The life of a connection to a target")
struct UpstreamStateMachineTests {
    private static let plain = UpstreamStateMachine.Way(hasProxy: false, hasTLS: false)

    /// An open connection that nobody has used.
    private func opened() -> UpstreamStateMachine {
        var machine = UpstreamStateMachine(Self.plain)
        _ = machine.connected()
        return machine
    }

    /// A connection that waits until second 60, parked after one exchange or after none.
    private func parked() -> UpstreamStateMachine {
        var machine = opened()
        _ = machine.release(isSilent: true, keepUntil: second(60))
        return machine
    }

    @Test("it opens by TCP, then the proxy's tunnel, then TLS, as far as there are any")
    func opening() {
        var plain = opened()
        #expect(plain.isOpening == false)
        #expect(plain.ready(isNews: true) == .ignore)
        var tls = UpstreamStateMachine(.init(hasProxy: false, hasTLS: true))
        #expect(tls.ready(isNews: false) == .finishConnecting)
        #expect(tls.connected() == .shakeHands)
        #expect(tls.ready(isNews: true) == .continueHandshake)
        #expect(tls.handshakeEnded() == .isOpen)
        var proxy = UpstreamStateMachine(.init(hasProxy: true, hasTLS: false))
        #expect(proxy.connected() == .askForTunnel)
        #expect(proxy.ready(isNews: true) == .continueTunnel)
        #expect(proxy.tunnelOpened() == .isOpen)
        var both = UpstreamStateMachine(.init(hasProxy: true, hasTLS: true))
        #expect(both.connected() == .askForTunnel)
        #expect(both.tunnelOpened() == .shakeHands)
        #expect(both.deadlinePassed() == .fail)
        #expect(both.handshakeEnded() == .isOpen)
        #expect(plain.deadlinePassed() == .ignore)
        #expect(both.deadlinePassed() == .ignore)
        plain.close()
    }

    @Test("a clean answer makes it wait for the next user, until its time is over")
    func reuse() {
        var machine = opened()
        #expect(machine.lend(at: second(0)) == true)
        #expect(machine.isReused == false)
        machine.sent()
        #expect(machine.received() == true)
        #expect(machine.release(isSilent: true, keepUntil: second(60)) == .park(until: second(60)))
        #expect(machine.isIdle == true)
        #expect(machine.deadlinePassed() == .close)
        #expect(machine.lend(at: second(59)) == true)
        #expect(machine.isReused == true)
        #expect(machine.awaitsFirstByte == true)
    }

    @Test("it is not lent at or after its time, though no timer has told so yet")
    func late() {
        var machine = parked()
        #expect(machine.lend(at: second(60)) == false)
    }

    @Test("what came behind an answer, or before anything was asked, ends it (UP-6)")
    func stray() {
        var machine = opened()
        #expect(machine.lend(at: second(0)) == true)
        #expect(machine.received() == false, "nothing was asked")
        machine.sent()
        #expect(machine.received() == true)
        #expect(machine.release(isSilent: false, keepUntil: second(60)) == .close)
        #expect(machine.lend(at: second(1)) == false)
        let idle = parked()
        #expect(idle.ready(isNews: true) == .checkSilence)
        #expect(idle.ready(isNews: false) == .ignore)
    }

    @Test("one whose answer is still to come is never kept, nor one that is not wanted")
    func unwanted() {
        var asked = opened()
        #expect(asked.lend(at: second(0)) == true)
        asked.sent()
        #expect(asked.release(isSilent: true, keepUntil: second(60)) == .close)
        var unwanted = opened()
        #expect(unwanted.release(isSilent: true, keepUntil: nil) == .close)
        var unused = opened()
        #expect(unused.lend(at: second(0)) == true)
        #expect(unused.release(isSilent: true, keepUntil: second(60)) == .park(until: second(60)))
    }

    /// What a break means: a method, whether the connection was in the pool, and what had gone each way.
    @Test(
        "a request is repeated only where that is safe (RT-1, RT-2)",
        arguments: [
            (false, false, false, false, .unsent(wasReused: false)),
            (true, false, false, true, .unsent(wasReused: true)),
            (true, true, false, true, .mayRepeat),
            (true, true, false, false, .outcomeUnknown),
            (false, true, false, true, .outcomeUnknown),
            (true, true, true, true, .outcomeUnknown),
        ] as [(Bool, Bool, Bool, Bool, UpstreamStateMachine.Breakdown)])
    func breakdown(
        isReused: Bool, hasSent: Bool, hasAnswer: Bool, isIdempotent: Bool,
        expected: UpstreamStateMachine.Breakdown
    ) {
        var machine = isReused ? parked() : opened()
        #expect(machine.lend(at: second(1)) == true)
        if hasSent { machine.sent() }
        if hasAnswer { #expect(machine.received() == true) }
        #expect(machine.breakdown(isIdempotent: isIdempotent) == expected)
    }
}

/// The only time these tests know.
func second(_ count: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: count * 1_000_000_000) }
