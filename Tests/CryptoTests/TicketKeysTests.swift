import Bytes
import Synchronization
import Testing

@testable import Crypto

@Suite("The keys of session tickets")
struct TicketKeysTests {
    /// A clock that tests set.
    private final class Clock: Sendable {
        private let seconds: Mutex<Int>
        init(_ seconds: Int) { self.seconds = Mutex(seconds) }
        var now: Int { seconds.withLock { $0 } }
        func advance(by more: Int) { seconds.withLock { $0 += more } }
    }

    private static let rotation = TicketKeys.rotationSeconds
    private static let accepted = TicketKeys.acceptedSeconds
    private let pki: TestPKI
    private let clock = Clock(TestPKI.now)
    private let keys: TicketKeys

    init() throws {
        pki = try TestPKI()
        keys = TicketKeys(now: { [clock] in clock.now })
    }

    private func server(
        _ clients: TLSContext.ClientCertificates = .none, oldest: TLSContext.Version = .tls12,
        newest: TLSContext.Version = .tls13, after predecessor: TLSContext? = nil, _ keys: TicketKeys? = nil
    ) throws -> TLSContext {
        try TLSContext(
            serving: ServerCertificates(ServerCertificate(pki.server)), minimumVersion: oldest, maximumVersion: newest,
            clients: clients, succeeding: predecessor, tickets: keys ?? self.keys)
    }

    /// The pair after a handshake that offers `session`.
    private func pair(_ server: TLSContext, _ session: TLSSession?, identity: TLSIdentity? = nil) throws -> TLSPair {
        let pair = try TLSPair(pki.clientContext(identity: identity), server, session: session)
        try pair.shakeHands()
        try pair.client.send("x".utf8.span, outgoing: &pair.toServer)
        try pair.run()
        #expect(pair.serverHeard == [0x78])
        #expect(pair.client.isResumed == pair.server.isResumed)
        return pair
    }

    @Test("a key is kept while it seals, then while it opens, and no longer")
    func life() {
        #expect(keys.count == 0)
        let first = keys.sealing()
        clock.advance(by: Self.rotation - 1)
        #expect(keys.sealing().bornAt == first.bornAt)
        #expect(keys.count == 1)
        clock.advance(by: 1)
        #expect(keys.sealing().bornAt == first.bornAt + Self.rotation)
        #expect(keys.count == 2)
        clock.advance(by: Self.accepted - Self.rotation - 1)
        keys.retire()
        #expect(keys.count == 2)
        clock.advance(by: 1)
        keys.retire()
        #expect(keys.count == 1)
        clock.advance(by: Self.accepted)
        keys.retire()
        #expect(keys.count == 0)
    }

    @Test("keys are random, and found by their names until they are old")
    func names() throws {
        let first = keys.sealing()
        let name = first.bytes.withBytes { $0.extracting(first: 16).array }
        #expect(keys.opening(name.span)?.isOld == false)
        #expect(keys.opening([UInt8](repeating: 0, count: 16).span) == nil)
        clock.advance(by: Self.rotation)
        #expect(keys.opening(name.span)?.isOld == true)
        let second = keys.sealing()
        let bytes = [first, second].map { $0.bytes.withBytes { $0.array } }
        #expect(bytes[0].count == 80 && Set([bytes[0].prefix(16), bytes[1].prefix(16)]).count == 2)
        #expect(zip(bytes[0], bytes[1]).count { $0 == $1 } < 20)
        clock.advance(by: Self.accepted - Self.rotation)
        #expect(keys.opening(name.span) == nil)
    }

    @Test("a clock that is set back keeps no key for longer")
    func clockSetBack() {
        _ = keys.sealing()
        clock.advance(by: -86_400)
        keys.retire()
        #expect(keys.count == 0)
    }

    @Test("however much time passes between handshakes, a handful of keys is held")
    func bounded() {
        for step in [1, 60, 3_600, 10_000, 20_000, 100_000] {
            for _ in 0..<50 {
                _ = keys.sealing()
                clock.advance(by: step)
                #expect(keys.count <= 3)
            }
        }
    }

    @Test(
        "a ticket resumes after one rotation, and not after its key's life",
        arguments: [TLSContext.Version.tls12, .tls13])
    func rotation(version: TLSContext.Version) throws {
        let server = try server(newest: version)
        let first = try pair(server, nil)
        let session = try #require(first.client.latestSession)
        clock.advance(by: Self.rotation + 1)
        let second = try pair(server, session)
        #expect(second.client.isResumed)
        clock.advance(by: Self.accepted - Self.rotation)
        #expect(try !pair(server, session).client.isResumed)
        // The old key opened it, so a ticket of the new one came along; OpenSSL's clients tell it with TLS 1.3 alone.
        guard version == .tls13 else { return }
        let renewed = try #require(second.client.latestSession)
        #expect(try pair(server, renewed).client.isResumed)
        clock.advance(by: Self.accepted)
        #expect(try !pair(server, renewed).client.isResumed)
    }

    @Test("a session is not resumed for ever, however often it is renewed")
    func authenticationEnds() throws {
        let server = try server()
        var session = try pair(server, nil).client.latestSession
        var resumed = 0
        while resumed < 100 {
            clock.advance(by: 3_600)
            let next = try pair(server, session)
            guard next.client.isResumed else { break }
            resumed += 1
            session = next.client.latestSession
        }
        #expect(resumed == TicketKeys.authenticationSeconds / 3_600 - 1)
    }

    @Test("a session ends with the client's certificate, and keeps who the client is till then")
    func clientCertificateEnds() throws {
        let end = TestPKI.now + 7_200
        let short = try TestPKI(valid: .init(from: TestPKI.now - 60, to: end))
        let server = try server(.required(authorities: short.authority))
        let first = try pair(server, nil, identity: short.client)
        let known = try #require(first.server.peerCertificate)
        let session = try #require(first.client.latestSession)
        clock.advance(by: 3_000)
        let second = try pair(server, session, identity: short.client)
        #expect(second.server.isResumed && second.server.peerCertificate == known)
        #expect(second.server.peerCertificate?.uris == known.uris)
        clock.advance(by: end - clock.now)
        #expect(try !pair(server, second.client.latestSession, identity: short.client).server.isResumed)
    }

    @Test("a reload that demands the same of clients keeps tickets, another certificate or not")
    func sameDemands() throws {
        let old = try server(.optional(authorities: pki.authority))
        let session = try pair(old, nil).client.latestSession
        let fresh = TicketKeys(now: { [clock] in clock.now })
        let same = try server(.optional(authorities: pki.authority), after: old, fresh)
        #expect(try pair(same, session).client.isResumed)
        #expect(fresh.count == 0)
    }

    @Test("a reload that demands anything else ends them")
    func otherDemands() throws {
        let other = try TestPKI()
        let old = try server(.optional(authorities: pki.authority))
        let session = try pair(old, nil, identity: pki.client).client.latestSession
        func fresh() -> TicketKeys { TicketKeys(now: { [clock] in clock.now }) }
        for server in [
            try server(after: old, fresh()),
            try server(.required(authorities: pki.authority), after: old, fresh()),
            try server(.optional(authorities: pki.authority), oldest: .tls13, after: old, fresh()),
        ] {
            #expect(try !pair(server, session, identity: pki.client).client.isResumed)
        }
        let strict = try server(.optional(authorities: other.authority), after: old, fresh())
        let refused = try TLSPair(pki.clientContext(identity: pki.client), strict, session: session)
        #expect(throws: TLSError.self) { try refused.shakeHands() }
    }

    @Test("a ticket of a listener that demands less is nothing to one that demands more, even with its keys")
    func boundToDemands() throws {
        let easy = try server(.optional(authorities: pki.authority))
        let session = try pair(easy, nil).client.latestSession
        let strict = try server(.required(authorities: pki.authority))
        let attempt = try TLSPair(pki.clientContext(), strict, session: session)
        #expect(throws: TLSError.certificate(.missing)) { try attempt.shakeHands() }
        #expect(attempt.server.peerCertificate == nil)
    }

    @Test("contexts of two listeners do not open each other's tickets")
    func otherListener() throws {
        let session = try pair(try server(), nil).client.latestSession
        let other = try server(TicketKeys(now: { [clock] in clock.now }))
        #expect(try !pair(other, session).client.isResumed)
    }

    private func server(_ keys: TicketKeys) throws -> TLSContext { try server(.none, keys) }

    @Test("a ticket with any bit flipped is no ticket, and the handshake goes on in full", arguments: 0..<24)
    func tampered(seed: Int) throws {
        let server = try server(newest: .tls12)
        let session = try pair(server, nil).client.latestSession
        let attempt = try TLSPair(pki.clientContext(newest: .tls12), server, session: session)
        try attempt.client.start(outgoing: &attempt.toServer)
        // The ticket is the longest extension; its key's name is at its start, its HMAC at its end.
        let hello = attempt.toServer.span.array
        let place = hello.count / 2 + seed * hello.count / 100
        attempt.toServer[place] ^= 1 << UInt8(seed % 8)
        // Another part of the hello may be hit: then the handshake fails.  Never is a changed ticket resumed.
        try? attempt.run()
        #expect(!attempt.server.isResumed || !attempt.server.isEstablished)
    }

    @Test("threads that seal and open at once all resume")
    func threads() async throws {
        let server = try server()
        let session = try #require(try pair(server, nil).client.latestSession)
        let client = try pki.clientContext(newest: .tls12)
        let old = try TLSSessionTests.session(client, server)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<20 {
                        guard let pair = try? TLSPair(client, server, session: old), (try? pair.shakeHands()) != nil,
                            pair.client.isResumed
                        else { return false }
                    }
                    return true
                }
            }
            for await isGood in group { #expect(isGood) }
        }
        #expect(try pair(server, session).client.isResumed)
    }
}
