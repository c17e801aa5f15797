import Support
import Testing
import Transport

@testable import Upstream

@Suite("A target that closes right behind its answers", .timeLimit(.minutes(Pace.minutes(3))))
struct PoolWarinessTests {
    /// Gives a connection back, has the target end it within the same round of the loop, and asks for one again.
    private final class Borrower: UpstreamUser {
        private let listener: Socket
        private let loop: EventLoop
        var pool: Pool?
        private(set) var opened: [UpstreamConnection] = []

        init(listener: Socket, loop: EventLoop) { (self.listener, self.loop) = (listener, loop) }

        func upstreamOpened(_ connection: UpstreamConnection) {
            opened.append(connection)
            connection.giveBack()
            guard opened.count < 3 else { return loop.stop() }
            listener.accept()?.close()
            while !connection.hasSomethingToRead() {}
            switch pool?.lend(to: self, timeout: .seconds(3)) {
            case .opening?: break
            case .ready?, .failed?, nil: loop.stop()
            }
        }
        func upstreamFailed(_ failure: ConnectFailure) { loop.stop() }
        func upstreamBecameReady() {}
    }

    @Test("a connection that has ended is not lent, though the loop does not know of its end yet (UP-6)")
    func deadConnection() throws {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        let listener = try Socket.listening(on: anyPort)
        let port = listener.localAddress(of: anyPort).port
        let loop = try EventLoop()
        let borrower = Borrower(listener: listener, loop: loop)
        let target = UpstreamTarget(host: "127.0.0.1", port: port, tls: nil, tlsIdentity: "", serverName: "127.0.0.1")
        let pool = Pool(target: target, addresses: [.ipv4(0x7F00_0001, port: port)], loop: loop) {}
        borrower.pool = pool
        guard case .opening = pool.lend(to: borrower, timeout: .seconds(3)) else {
            Issue.record("no connection is opened")
            return
        }
        loop.run()
        #expect(borrower.opened.count == 3)
        #expect(pool.idleCount == 1)
    }
}
