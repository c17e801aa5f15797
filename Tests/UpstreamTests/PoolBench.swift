import Support
import Testing
import Transport

@testable import Upstream

/// A pool in a loop of its own, led through steps: each waits until something has happened, then does something.
///
/// A watchdog ends a loop that gets stuck, and the test fails: nothing here waits by the clock to be right.
final class PoolBench {
    let loop: EventLoop
    let pool: Pool
    private var steps: [(isDue: () -> Bool, action: () throws -> Void)] = []
    private var failure: (any Error)?
    private var watchdog: Watchdog?

    init(
        _ addresses: [Address], proxy: UpstreamProxy? = nil, idleLimit: Int = 64, idleTimeout: Duration = .seconds(60)
    ) throws {
        let loop = try EventLoop()
        let target = UpstreamTarget(
            host: "127.0.0.1", port: 1, tls: nil, tlsIdentity: "", serverName: "127.0.0.1", proxy: proxy,
            idleLimit: idleLimit, idleTimeout: idleTimeout)
        self.loop = loop
        pool = Pool(target: target, addresses: addresses.compactMap(SocketAddress.init), loop: loop) {}
    }

    /// Asks for a connection on behalf of a new user.
    func borrow(timeout: Duration = .seconds(10), onlyFresh: Bool = false) -> Borrower {
        let borrower = Borrower()
        switch pool.lend(to: borrower, timeout: timeout, onlyFresh: onlyFresh) {
        case .ready(let connection): borrower.connection = connection
        case .opening(let dial): borrower.dial = dial
        case .failed(let failure): borrower.failure = failure
        }
        return borrower
    }

    /// Once `condition` holds, does `action`; steps follow one another.
    func when(_ condition: @escaping () -> Bool, then action: @escaping () throws -> Void = {}) {
        steps.append((condition, action))
    }

    /// Does `action` in the loop's next round.
    func inNextRound(_ action: @escaping () throws -> Void) {
        let round = loop.round
        if let watchdog { loop.tellAgain(watchdog) }
        when { [loop] in
            loop.round > round
        } then: {
            try action()
        }
    }

    /// Runs until the last step is done; throws what a step throws.
    func run(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let watchdog = Watchdog { [unowned self] in
            Issue.record("the loop got stuck, \(steps.count) steps to go", sourceLocation: sourceLocation)
            loop.stop()
        }
        self.watchdog = watchdog
        try loop.add(watchdog)
        watchdog.setDeadline(loop.now.advanced(by: 30_000_000_000 * Int64(Pace.factor)))
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

    private final class Watchdog: Channel {
        private let bark: () -> Void

        init(_ bark: @escaping () -> Void) {
            self.bark = bark
            super.init()
        }

        override func deadlinePassed() { bark() }
    }
}

/// Who borrows: keeps what it is told.
final class Borrower: UpstreamUser {
    var connection: UpstreamConnection?
    var dial: Dial?
    var failure: ConnectFailure?
    private(set) var wakeCount = 0

    func upstreamOpened(_ connection: UpstreamConnection) { self.connection = connection }
    func upstreamFailed(_ failure: ConnectFailure) { self.failure = failure }
    func upstreamBecameReady() { wakeCount += 1 }

    /// Gives the connection back as after a clean answer, unused.
    func giveBack() {
        connection?.giveBack()
        connection = nil
    }
}

extension SocketAddress {
    init?(_ address: Address) {
        switch address {
        case .ipv4(let host, let port), .ipv6(let host, let port): self.init(numeric: host, port: port)
        case .unix: return nil
        }
    }
}

/// A listener on a free port; `accept()` takes what the system has connected.
struct Origin {
    let listener: Socket
    let address: Address

    init(host: String = "127.0.0.1") throws {
        let anyPort = Address.ipv4(host, port: 0)
        listener = try Socket.listening(on: anyPort)
        address = listener.localAddress(of: anyPort)
    }

    func accept() throws -> Socket { try #require(listener.accept()) }
}
