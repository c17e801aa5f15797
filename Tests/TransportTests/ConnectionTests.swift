import Bytes
import Glibc
import Support
import Testing

@testable import Transport

@Suite("A plain connection")
struct ConnectionTests {
    /// Both ends of a connection in one loop.
    private func pair(in script: LoopScript, bufferBytes: Int32? = nil) throws -> (StreamEnd, StreamEnd) {
        let (one, other) = try socketPair(bufferBytes: bufferBytes)
        let ends = (StreamEnd(descriptor: one), StreamEnd(descriptor: other))
        try script.loop.add(ends.0)
        try script.loop.add(ends.1)
        return ends
    }

    @Test("what a slow reader does not take waits, and arrives whole and in order")
    func backPressure() throws {
        let script = try LoopScript()
        let (near, far) = try pair(in: script, bufferBytes: 4096)
        let bytes = pattern(1_000_000)
        far.isDeaf = true
        near.give(bytes)
        #expect(near.blockedCount > 0 && !near.mayWrite && near.unsent.count > 900_000)
        let left = near.unsent.count
        // Blocked is remembered: no call is made to hear it again.
        near.work()
        #expect(near.unsent.count == left)
        script.when {
            true
        } then: {
            far.isDeaf = false
            far.work()
        }
        script.when {
            far.heard.count == bytes.count
        } then: {
            #expect(far.heardBytes == bytes)
        }
        try script.run()
        #expect(near.unsent.isEmpty && near.blockedCount > 10)
        near.close()
        far.close()
    }

    @Test("both directions flow at once")
    func bothWays() throws {
        let script = try LoopScript()
        let (near, far) = try pair(in: script, bufferBytes: 8192)
        let (there, back) = (pattern(700_000), pattern(900_000, seed: 7))
        (near.finishesWhenSent, far.finishesWhenSent) = (true, true)
        near.give(there)
        far.give(back)
        script.when { near.end != nil && far.end != nil }
        try script.run()
        #expect(near.end == .end(isClean: true) && far.end == .end(isClean: true))
        #expect(far.heardBytes == there && near.heardBytes == back)
        near.close()
        far.close()
    }

    @Test(
        "no byte is lost, whatever is written when and however much is read at once", arguments: [1, 100, 4096, 70_000])
    func edges(readBytes: Int) throws {
        let seed = Seed.drawn(for: "random writes")
        var random = SeededGenerator(seed: seed)
        let script = try LoopScript()
        let (near, far) = try socketPair()
        let reader = StreamEnd(descriptor: near)
        reader.readBytes = readBytes
        try script.loop.add(reader)
        var written: [UInt8] = []
        for _ in 0..<100 {
            let piece = pattern(.random(in: 1...1500, using: &random), seed: .random(in: 0...255, using: &random))
            let mustHear = Bool.random(using: &random)
            script.when {
                !mustHear || reader.heard.count == written.count
            } then: {
                put(piece, to: far)
                written += piece
                // Sometimes the reader looks although nobody told it.
                if written.count % 3 == 0 { reader.work() }
            }
        }
        script.when {
            true
        } then: {
            close(far)
        }
        script.when { reader.end != nil }
        try script.run()
        #expect(reader.heardBytes == written, "\(Seed.variable)=\(seed)")
        #expect(reader.end == .end(isClean: true))
        reader.close()
    }

    @Test("an end that comes together with bytes is heard after them")
    func endWithBytes() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        put(pattern(10), to: far)
        close(far)
        let reader = StreamEnd(descriptor: near)
        #expect(!reader.hasPeerFinished && !reader.mayRead)
        try script.loop.add(reader)
        script.when { reader.end != nil }
        try script.run()
        #expect(reader.heardBytes == pattern(10) && reader.end == .end(isClean: true) && reader.hasPeerFinished)
        reader.close()
    }

    @Test("one may send on after the peer's end, and the peer hears it")
    func halfClose() throws {
        let script = try LoopScript()
        let (near, far) = try pair(in: script)
        far.finishesWhenSent = true
        far.give([1])
        script.when {
            near.end != nil
        } then: {
            near.finishesWhenSent = true
            near.give(pattern(50_000))
        }
        script.when { far.end != nil }
        try script.run()
        #expect(far.heardBytes == pattern(50_000) && !near.hasFailed)
        near.close()
        far.close()
    }

    /// A connection over TCP from a client of the harness.
    private func accepted(in script: LoopScript) throws -> (StreamEnd, Socket) {
        let listening = try Socket.listening(on: .ipv4("127.0.0.1", port: 0))
        let port = listening.localAddress(of: .ipv4("127.0.0.1", port: 0)).port
        let end = StreamEnd(descriptor: try Connection.connect(to: .ipv4(0x7F00_0001, port: port)))
        try script.loop.add(end)
        guard let peer = listening.accept() else { throw Transport.SystemError(call: "accept", code: EINVAL) }
        return (end, peer)
    }

    @Test("a reset is a failure, not an end")
    func reset() throws {
        let script = try LoopScript()
        let (end, peer) = try accepted(in: script)
        script.when {
            end.mayWrite
        } then: {
            peer.reset()
        }
        script.when { end.end != nil }
        try script.run()
        #expect(end.end == .failed)
        end.close()
    }

    @Test("what cannot be sent fails, and ends no process; what the peer had said is still read")
    func brokenPipe() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        let end = StreamEnd(descriptor: near)
        end.isDeaf = true
        try script.loop.add(end)
        put([7], to: far)
        close(far)
        script.when {
            end.hasPeerFinished
        } then: {
            end.give([1])
            #expect(end.hasFailed)
            end.isDeaf = false
            end.work()
        }
        script.when { end.end != nil }
        try script.run()
        #expect(end.heardBytes == [7] && end.end == .failed)
        end.close()
    }

    @Test("closing can be made a reset, so that a cut answer does not look whole (UP-7)")
    func resetOnClose() throws {
        let script = try LoopScript()
        let (end, peer) = try accepted(in: script)
        script.when {
            end.mayWrite
        } then: {
            end.give([1, 2])
            end.resetOnClose()
            end.close()
            end.close()
        }
        try script.run()
        var received = peer.receive(until: .now + Pace.seconds(30))
        if received == .bytes([1, 2]) { received = peer.receive(until: .now + Pace.seconds(30)) }
        #expect(received == .reset)
    }

    @Test("a connect is told of when it is through, and when it is refused")
    func connect() throws {
        let script = try LoopScript()
        let (end, peer) = try accepted(in: script)
        script.when {
            end.connectFailure == nil && end.mayWrite
        } then: {
            peer.close()
        }
        script.when { end.end == .end(isClean: true) }
        try script.run()
        end.close()

        let other = try LoopScript()
        let closed = try ListeningSocket.bindTCP(.ipv4(0x7F00_0001, port: 0), count: 1)[0]
        closed.close()
        let refused = Recorder(descriptor: try Connection.connect(to: closed.address))
        try other.loop.add(refused)
        other.when { !refused.told.isEmpty }
        try other.run()
        #expect(refused.told.first?.isSuperset(of: [.failed, .hungUp]) == true)
        refused.close()
        #expect(throws: Transport.SystemError(call: "connect", code: ENOENT)) {
            try Connection.connect(to: .unix("/nonexistent/a.sock"))
        }
    }

    @Test("what waits on a silent connection is seen without reading it")
    func peeking() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        let end = StreamEnd(descriptor: near)
        try script.loop.add(end)
        #expect(!end.hasSomethingToRead())
        put([1], to: far)
        #expect(end.hasSomethingToRead() && end.hasSomethingToRead())
        script.when {
            end.heard.count == 1
        } then: {
            #expect(!end.hasSomethingToRead())
            close(far)
            #expect(end.hasSomethingToRead())
        }
        try script.run()
        end.close()
    }
}
