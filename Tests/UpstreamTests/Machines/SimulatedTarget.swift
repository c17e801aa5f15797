import Transport

@testable import Upstream

/// One simulated connection: the machine, and what really happens on the wire, which the machine is not told but by
/// its driver.
final class SimulatedConnection {
    var machine: UpstreamStateMachine
    /// Which request has it.
    var owner: Int?
    /// Requests of which bytes came here.
    var seen: [Int] = []
    /// Answers given here.
    var answered: [Int] = []
    /// What waits to be read: the request that a piece of an answer is for, or -1 for a byte that nobody asked for.
    var unread: [Int] = []
    /// The target has closed it.
    var isEnded = false
    /// The target's last answer said `Connection: close`.
    var saidClose = false
    /// A byte that nobody asked for was on the wire.
    var isPoisoned = false
    /// The configuration that it was opened under.
    let generation: Int
    /// Until when it may wait.
    var keptUntil = MonotonicTime(nanoseconds: 0)

    init(_ way: UpstreamStateMachine.Way, generation: Int) {
        machine = UpstreamStateMachine(way)
        self.generation = generation
    }

    /// What a driver finds when it looks: nothing to read, and no end.
    var isSilent: Bool { unread.isEmpty && !isEnded }
}

/// One simulated request.
struct SimulatedRequest {
    enum State: Equatable { case waiting, opening, busy, answered, failed, gone }

    let isIdempotent: Bool
    var state = State.waiting
    var attempts = 0
    var mustBeFresh = false
    var connection: SimulatedConnection?
    /// Connections on which the target saw bytes of it.
    var seenOn = 0
    /// Pieces of the answer that are still to come.
    var piecesLeft = 0
}
