import Bytes
import Crypto
import Glibc
import Support
import Testing

@testable import Transport

/// Contexts of both sides, and one that does not trust the server.
struct TestTLS {
    let server: TLSContext
    let client: TLSContext
    let stranger: TLSContext

    init() throws {
        let authority = try DevelopmentAuthority(valid: .thirtyDays(from: time(nil)))
        let other = try DevelopmentAuthority(valid: .thirtyDays(from: time(nil)))
        server = try TLSContext(
            server: authority.issue(for: ["localhost"], valid: .thirtyDays(from: time(nil))))
        client = try TLSContext(trusting: .only(authority.certificate))
        stranger = try TLSContext(trusting: .only(other.certificate))
    }
}

@Suite("A connection with TLS")
struct TLSStreamTests {
    private let contexts: TestTLS

    init() throws { contexts = try TestTLS() }

    /// A client and a server in one loop, their handshake begun.
    private func pair(
        in script: LoopScript, bufferBytes: Int32? = nil, trusting: Bool = true
    ) throws -> (client: StreamEnd, server: StreamEnd) {
        let (one, other) = try socketPair(bufferBytes: bufferBytes)
        let client = StreamEnd(descriptor: one)
        let server = StreamEnd(descriptor: other, tls: try TLSConnection(server: contexts.server))
        try script.loop.add(client)
        try script.loop.add(server)
        let context = trusting ? contexts.client : contexts.stranger
        #expect(client.startTLS(try TLSConnection(client: context, serverName: "localhost")) == .all)
        return (client, server)
    }

    @Test("megabytes flow both ways at once, through buffers that are always full")
    func bothWays() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script, bufferBytes: 8192)
        let (there, back) = (pattern(3_000_000), pattern(2_000_000, seed: 3))
        (client.finishesWhenSent, server.finishesWhenSent) = (true, true)
        client.give(there)
        server.give(back)
        script.when { client.end != nil && server.end != nil }
        try script.run()
        #expect(client.heardBytes == back && server.heardBytes == there)
        #expect(client.end == .end(isClean: true) && server.end == .end(isClean: true))
        #expect(client.blockedCount > 10 && server.blockedCount > 10)
        client.close()
        server.close()
    }

    @Test("what is given before the handshake is over waits for it")
    func early() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script)
        client.give(pattern(10))
        server.give(pattern(20))
        #expect(client.unsent.count == 10 && server.unsent.count == 20)
        script.when { client.heard.count == 20 && server.heard.count == 10 }
        try script.run()
        #expect(client.tls?.isEstablished == true && client.unsent.isEmpty && server.unsent.isEmpty)
        client.close()
        server.close()
    }

    @Test("what the peer said before it broke off is heard, also while much of ours waits for it (BD-2)")
    func refusal() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script, bufferBytes: 8192)
        client.give([1])
        script.when {
            server.heard.count == 1 && client.tls?.isEstablished == true
        } then: {
            (client.isDeaf, server.isDeaf) = (true, true)
            client.give(pattern(1_000_000))
            #expect(client.blockedCount > 0)
            // Its answer, its close_notify, and the end of all: what is unread makes it a reset.
            server.give(pattern(700))
            server.finishSending()
            server.close()
            client.isDeaf = false
            client.work()
        }
        script.when { client.end != nil }
        try script.run()
        #expect(client.heardBytes == pattern(700) && client.end == .end(isClean: true))
        client.close()
    }

    @Test("an end without close_notify may be a cut, and is told as one (UP-5)")
    func truncated() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script)
        server.give(pattern(5000))
        script.when {
            client.heard.count == 5000 && client.end == nil
        } then: {
            server.close()
        }
        script.when { client.end != nil }
        try script.run()
        #expect(client.end == .end(isClean: false))
        client.close()
    }

    @Test("what stood before a broken record, or an alert, is heard, and then the failure")
    func brokenBehindGood() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script)
        script.when {
            client.tls?.isEstablished == true && server.tls?.isEstablished == true
        } then: {
            var records = ByteBuffer()
            try server.tls?.send(pattern(100).span, outgoing: &records)
            put(records.array + [0x17, 3, 3, 0, 40] + pattern(40), to: server.descriptor)
        }
        script.when { client.end != nil }
        try script.run()
        #expect(client.heardBytes == pattern(100) && client.end == .failed && client.tlsFailure != nil)
        client.close()
        server.close()
    }

    @Test("close_notify is heard with the bytes before it, without a FIN behind it")
    func closeNotify() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script)
        script.when {
            client.tls?.isEstablished == true && server.tls?.isEstablished == true
        } then: {
            // By hand, since `finishSending` sends a FIN as well.
            var records = ByteBuffer()
            try server.tls?.send(pattern(100).span, outgoing: &records)
            server.tls?.close(outgoing: &records)
            put(records.array, to: server.descriptor)
        }
        script.when { client.end != nil }
        try script.run()
        #expect(client.heardBytes == pattern(100) && client.end == .end(isClean: true) && client.hasPeerFinished)
        client.close()
        server.close()
    }

    @Test("our close_notify waits until there is room for it, and so does the FIN")
    func closeWaits() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script, bufferBytes: 4096)
        script.when {
            client.tls?.isEstablished == true && server.tls?.isEstablished == true
        } then: {
            client.isDeaf = true
            server.give(pattern(60_000))
            // Encrypted, but not taken by the system.
            #expect(server.unsent.isEmpty && !server.mayWrite)
            #expect(server.finishSending() == .blocked)
            client.isDeaf = false
            client.work()
        }
        script.when { client.end != nil }
        try script.run()
        #expect(client.end == .end(isClean: true) && client.heardBytes == pattern(60_000))
        client.close()
        #expect(client.finishSending() == .failed)
        server.close()
    }

    @Test("after our close_notify the peer may still send")
    func halfClosed() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script)
        client.finishesWhenSent = true
        client.give([1])
        script.when {
            server.end == .end(isClean: true)
        } then: {
            server.finishesWhenSent = true
            server.give(pattern(100_000))
        }
        script.when { client.end == .end(isClean: true) }
        try script.run()
        #expect(client.heardBytes == pattern(100_000))
        client.close()
        server.close()
    }

    @Test("a client that does not trust the server says so, and both sides fail")
    func untrusted() throws {
        let script = try LoopScript()
        let (client, server) = try pair(in: script, trusting: false)
        script.when { client.end != nil && server.end != nil }
        try script.run()
        #expect(client.end == .failed && client.tlsFailure != nil)
        #expect(server.end == .failed && server.tlsFailure != nil)
        client.give([1])
        #expect(client.hasFailed)
        client.close()
        server.close()
    }

    @Test("what is no TLS at all is a failure (RL-6)")
    func noise() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        let server = StreamEnd(descriptor: near, tls: try TLSConnection(server: contexts.server))
        try script.loop.add(server)
        put(Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), to: far)
        script.when { server.end != nil }
        try script.run()
        #expect(server.end == .failed && server.heard.isEmpty)
        server.close()
        close(far)
    }

    @Test("a record that was changed on the way is a failure, and what came before it is heard")
    func changed() throws {
        let script = try LoopScript()
        let (near, far) = try socketPair()
        let client = try TLSConnection(client: contexts.client, serverName: "localhost")
        let server = StreamEnd(descriptor: near, tls: try TLSConnection(server: contexts.server))
        try script.loop.add(server)
        var outgoing = ByteBuffer()
        try client.start(outgoing: &outgoing)
        put(outgoing.array, to: far)
        var answer = [UInt8](repeating: 0, count: 65_536)
        script.when {
            let count = unsafe read(far, &answer, answer.count)
            return count > 0 ? ((try? hear(client, Array(answer[..<count]), far)) ?? true) : false
        } then: {
            var records = ByteBuffer()
            try client.send(pattern(50).span, outgoing: &records)
            let good = records.count
            try client.send(pattern(50).span, outgoing: &records)
            records[good + 20] ^= 1
            put(records.array, to: far)
        }
        script.when { server.end != nil }
        try script.run()
        #expect(server.end == .failed)
        #expect(server.heardBytes == pattern(50) || server.heard.isEmpty)
        server.close()
        close(far)
    }

    /// Takes the server's flight and answers it; true once established.
    private func hear(_ client: TLSConnection, _ bytes: [UInt8], _ descriptor: Int32) throws -> Bool {
        var incoming = ByteBuffer()
        var plaintext = ByteBuffer()
        var outgoing = ByteBuffer()
        incoming.append(bytes)
        _ = try client.receive(&incoming, plaintext: &plaintext, outgoing: &outgoing)
        put(outgoing.array, to: descriptor)
        return client.isEstablished
    }
}

@Suite("TLS between two loops, each on its own thread")
struct TwoLoopTests {
    @Test("ten connections carry megabytes at once; the loops speak through mailboxes")
    func transfer() throws {
        let contexts = try TestTLS()
        let count = 10
        let toServer = try Mailbox<Int32>()
        let toClient = try Mailbox<[[UInt8]]>()
        let serverContext = contexts.server
        try Thread.start("server") {
            guard let script = try? LoopScript() else { return }
            var ends: [StreamEnd] = []
            try? toServer.attach(to: script.loop) { descriptor in
                guard let tls = try? TLSConnection(server: serverContext) else { return }
                let end = StreamEnd(descriptor: descriptor, tls: tls)
                try? script.loop.add(end)
                end.finishesWhenSent = true
                end.give(pattern(400_000, seed: UInt8(ends.count)))
                ends.append(end)
            }
            script.when { ends.count == count && ends.allSatisfy { $0.end == .end(isClean: true) } }
            try? script.run()
            toClient.post(ends.map(\.heardBytes))
            for end in ends { end.close() }
        }
        let script = try LoopScript()
        var clients: [StreamEnd] = []
        for number in 0..<count {
            let (near, far) = try socketPair(bufferBytes: 16_384)
            let client = StreamEnd(descriptor: near)
            try script.loop.add(client)
            #expect(client.startTLS(try TLSConnection(client: contexts.client, serverName: "localhost")) == .all)
            client.finishesWhenSent = true
            client.give(pattern(500_000, seed: UInt8(100 + number)))
            clients.append(client)
            toServer.post(far)
        }
        var heard: [[UInt8]]?
        try toClient.attach(to: script.loop) { heard = $0 }
        script.when { clients.allSatisfy { $0.end == .end(isClean: true) } && heard != nil }
        try script.run()
        for (number, client) in clients.enumerated() {
            #expect(client.heardBytes == pattern(400_000, seed: UInt8(number)))
            client.close()
        }
        #expect(heard == (0..<count).map { pattern(500_000, seed: UInt8(100 + $0)) })
    }
}
