import Bytes
import Support
import Testing
import Transport

@testable import Upstream

@Suite("One worker's connections to a target", .timeLimit(.minutes(Pace.minutes(3))))
struct PoolTests {
    @Test("idle connections are lent last in, first out")
    func order() throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address])
        let users = (0..<3).map { _ in bench.borrow() }
        bench.when {
            users.allSatisfy { $0.connection != nil }
        } then: {
            let connections = users.compactMap(\.connection)
            for user in users { user.giveBack() }
            #expect(bench.pool.idleCount == 3)
            bench.inNextRound {
                let again = (0..<3).map { _ in bench.borrow() }
                #expect(
                    again.compactMap(\.connection).map(ObjectIdentifier.init)
                        == connections.reversed().map(ObjectIdentifier.init))
                #expect(again.allSatisfy { $0.connection?.isReused == true })
            }
        }
        try bench.run()
    }

    @Test("what came back in a round is not lent in it, others that wait are (UP-6)")
    func sameRound() throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address])
        let (early, late) = (bench.borrow(), bench.borrow())
        bench.when {
            early.connection != nil && late.connection != nil
        } then: {
            let connection = early.connection
            early.giveBack()
            bench.inNextRound {
                late.giveBack()
                #expect(bench.pool.idleCount == 2)
                let user = bench.borrow()
                #expect(user.connection != nil && user.connection === connection)
                #expect(bench.borrow().dial != nil)
            }
        }
        try bench.run()
    }

    @Test("no more are kept than the limit, and none longer than the timeout")
    func limits() throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address], idleLimit: 2, idleTimeout: .milliseconds(30))
        let users = (0..<3).map { _ in bench.borrow() }
        bench.when {
            users.allSatisfy { $0.connection != nil }
        } then: {
            for user in users { user.giveBack() }
            #expect(bench.pool.idleCount == 2)
        }
        bench.when { bench.pool.idleCount == 0 }
        try bench.run()
        for _ in 0..<3 { #expect(try origin.accept().receive(until: .now + Pace.seconds(30)) == .end) }
    }

    @Test("a byte while it is idle ends a connection at once (UP-6)")
    func strayWhileIdle() throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address])
        let user = bench.borrow()
        var peer: Socket?
        bench.when {
            user.connection != nil
        } then: {
            user.giveBack()
            peer = try origin.accept()
            peer?.send([0x48], until: .now + Pace.seconds(30))
        }
        bench.when { bench.pool.idleCount == 0 }
        try bench.run()
    }

    @Test("a peer that speaks before it is asked is not asked (UP-6)")
    func strayBeforeRequest() throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address])
        let user = bench.borrow()
        let peer = try origin.accept()
        #expect(peer.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), until: .now + Pace.seconds(30)))
        bench.when {
            user.connection?.mayRead == true
        } then: {
            let connection = try #require(user.connection)
            var request = ByteBuffer()
            request.append("GET / HTTP/1.1\r\n\r\n")
            #expect(connection.sendRequest(&request) == .failed)
            #expect(request.isEmpty == false)
            var answer = ByteBuffer()
            #expect(connection.receiveAnswer(into: &answer) == .failed)
            #expect(answer.isEmpty == true)
            #expect(connection.breakdown(isIdempotent: false) == .unsent(wasReused: false))
            connection.drop()
        }
        try bench.run()
        #expect(peer.receive(until: .now + Pace.seconds(30)) != .late)
    }

    @Test("a connection that nobody waits for any more is kept, unless the peer has spoken", arguments: [true, false])
    func abandoned(hasSpoken: Bool) throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address])
        let user = bench.borrow()
        let peer = try origin.accept()
        if hasSpoken { peer.send([0x48], until: .now + Pace.seconds(30)) }
        user.dial?.abandon()
        #expect(bench.pool.abandonedCount == 1)
        bench.when { bench.pool.abandonedCount == 0 }
        try bench.run()
        #expect(user.connection == nil && user.failure == nil)
        #expect(bench.pool.idleCount == (hasSpoken ? 0 : 1))
    }

    @Test("connections that nobody waits for are opened up to a bound")
    func abandonedLimit() throws {
        let hole = try BlackHole()
        let bench = try PoolBench([hole.address])
        for _ in 0..<40 { bench.borrow().dial?.abandon() }
        #expect(bench.pool.abandonedCount == Pool.abandonedLimit)
        bench.pool.retire()
        #expect(bench.pool.abandonedCount == 0)
    }

    @Test("an address that answers nothing is given up in `timeouts.connect`")
    func connectTimeout() throws {
        let hole = try BlackHole()
        let bench = try PoolBench([hole.address])
        let start = bench.loop.now
        let user = bench.borrow(timeout: .milliseconds(60))
        bench.when { user.failure != nil }
        try bench.run()
        #expect(user.failure == SocketAddress(hole.address).map(ConnectFailure.timedOut))
        #expect(bench.loop.now.since(start) >= 60_000_000)
    }

    @Test("the next address is tried beside one that does not answer, wins, and is preferred from then on")
    func race() throws {
        let hole = try BlackHole()
        let origin = try Origin(host: "127.0.0.2")
        let bench = try PoolBench([hole.address, origin.address])
        let start = bench.loop.now
        let user = bench.borrow(timeout: .seconds(20))
        var next: Borrower?
        bench.when {
            user.connection != nil
        } then: {
            #expect(bench.loop.now.since(start) >= AddressRace.delayNanoseconds)
            #expect(user.connection?.address == SocketAddress(origin.address))
            next = bench.borrow()
        }
        bench.when {
            next?.connection != nil
        } then: {
            #expect(next?.connection?.address == SocketAddress(origin.address))
        }
        try bench.run()
        #expect(bench.loop.now.since(start) < 15_000_000_000)
    }

    @Test("a refused address gives way at once, whatever other connections have found out meanwhile")
    func refused() throws {
        let closed = try Origin()
        let dead = closed.address
        closed.listener.close()
        let origin = try Origin(host: "127.0.0.2")
        let bench = try PoolBench([dead, origin.address])
        let users = (0..<4).map { _ in bench.borrow() }
        bench.when { users.allSatisfy { $0.connection != nil || $0.failure != nil } }
        try bench.run()
        #expect(users.allSatisfy { $0.connection?.address == SocketAddress(origin.address) })
    }

    @Test("connections to an address that the name no longer has are let go: idle ones now, lent ones afterwards")
    func otherAddresses() throws {
        let (old, new) = (try Origin(), try Origin(host: "127.0.0.2"))
        let bench = try PoolBench([old.address])
        let users = (0..<2).map { _ in bench.borrow() }
        bench.when {
            users.allSatisfy { $0.connection != nil }
        } then: {
            users[0].giveBack()
            bench.pool.update(addresses: [old.address, new.address].compactMap(SocketAddress.init))
            #expect(bench.pool.idleCount == 1)
            bench.pool.update(addresses: [new.address].compactMap(SocketAddress.init))
            #expect(bench.pool.idleCount == 0)
            users[1].giveBack()
            #expect(bench.pool.idleCount == 0)
        }
        try bench.run()
    }

    @Test("a pool that is retired keeps nothing")
    func retired() throws {
        let origin = try Origin()
        let bench = try PoolBench([origin.address])
        let users = (0..<2).map { _ in bench.borrow() }
        bench.when {
            users.allSatisfy { $0.connection != nil }
        } then: {
            users[0].giveBack()
            bench.pool.retire()
            users[1].giveBack()
            #expect(bench.pool.idleCount == 0)
        }
        try bench.run()
    }
}
