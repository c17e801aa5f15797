import Glibc
import Support
import Testing

@testable import Transport

/// Steps of a test that a loop's events lead through: each waits until something has happened, then does something.
///
/// A watchdog ends a loop that gets stuck, and the test fails: nothing here waits by the clock to be right.
final class LoopScript {
    let loop: EventLoop
    private var steps: [(isDue: () -> Bool, action: () throws -> Void)] = []
    private var failure: (any Error)?
    private let patience: Duration

    /// Longer than any of these tests may take on a busy machine.
    init(patience: Duration = Pace.seconds(120)) throws {
        loop = try EventLoop()
        self.patience = patience
    }

    /// Once `condition` holds, does `action`; steps follow one another.
    func when(_ condition: @escaping () -> Bool, then action: @escaping () throws -> Void = {}) {
        steps.append((condition, action))
    }

    /// Runs until the last step is done; throws what a step throws.
    func run(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let watchdog = Timer { [unowned self] in
            Issue.record("the loop got stuck, \(steps.count) steps to go", sourceLocation: sourceLocation)
            loop.stop()
        }
        try loop.add(watchdog)
        watchdog.setDeadline(loop.now.advanced(by: patience.wholeNanoseconds))
        loop.endOfRound = { [unowned self] in advance() }
        advance()
        if !steps.isEmpty { loop.run() }
        loop.endOfRound = nil
        watchdog.close()
        if let failure { throw failure }
    }

    private func advance() {
        do {
            while let step = steps.first, step.isDue() {
                steps.removeFirst()
                try step.action()
            }
        } catch {
            failure = error
            steps = []
        }
        if steps.isEmpty { loop.stop() }
    }
}

/// A deadline without a descriptor.
final class Timer: Channel {
    private let passed: () -> Void

    init(_ passed: @escaping () -> Void) {
        self.passed = passed
        super.init()
    }

    override func deadlinePassed() { passed() }
}

/// A channel that notes what it is told.
final class Recorder: Channel {
    private(set) var told: [Readiness] = []
    /// What else happens when it is told.
    var onReady: (() -> Void)?
    /// What happens at the end of a round that was asked for.
    var onRoundEnd: (() -> Void)?

    override func ready(_ readiness: Readiness) {
        told.append(readiness)
        onReady?()
    }

    override func roundEnds() { onRoundEnd?() }
}

/// Two connected stream sockets, nonblocking.  `bufferBytes` makes the system's buffers as small as it allows.
func socketPair(bufferBytes: Int32? = nil) throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError.last("socketpair") }
    if var size = bufferBytes {
        for end in ends {
            for option in [SO_SNDBUF, SO_RCVBUF] {
                unsafe setsockopt(end, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
            }
        }
    }
    return (ends[0], ends[1])
}

/// Writes all of `bytes` to a descriptor whose buffer has room for them.
func put(_ bytes: [UInt8], to descriptor: Int32) {
    let count = unsafe write(descriptor, bytes, bytes.count)
    precondition(count == bytes.count, "a buffer without room")
}

/// Bytes that no two places within a long way have alike.
func pattern(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8 ^ $0 >> 16) &+ seed }
}
