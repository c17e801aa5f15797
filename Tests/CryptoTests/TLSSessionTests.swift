import Bytes
import Crypto
import Testing

@Suite("TLS sessions")
struct TLSSessionTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    /// The session of a first connection between `client` and `server`.
    static func session(_ client: TLSContext, _ server: TLSContext, name: String = "localhost") throws -> TLSSession {
        let pair = try TLSPair(client, server, name: name)
        #expect(pair.client.latestSession == nil)
        try pair.shakeHands()
        #expect(!pair.client.isResumed)
        return try #require(pair.client.latestSession)
    }

    @Test(
        "the next connection to the same server resumes, and the one after it",
        arguments: [TLSContext.Version.tls12, .tls13])
    func resumed(version: TLSContext.Version) throws {
        let (client, server) = (try pki.clientContext(newest: version), try pki.serverContext())
        var session = try Self.session(client, server)
        for _ in 0..<3 {
            let pair = try TLSPair(client, server, session: session)
            try pair.shakeHands()
            #expect(pair.client.isResumed)
            #expect(pair.server.isResumed)
            try pair.client.send("again".utf8.span, outgoing: &pair.toServer)
            try pair.run()
            #expect(pair.serverHeard == Array("again".utf8))
            #expect(pair.client.negotiatedVersion == version)
            // TLS 1.2 gives none anew, since the old one goes on.
            session = pair.client.latestSession ?? session
        }
    }

    @Test("another context with the same trust resumes: a reload keeps sessions")
    func sameTrust() throws {
        let server = try pki.serverContext()
        let session = try Self.session(try pki.clientContext(), server)
        let pair = try TLSPair(try pki.clientContext(), server, session: session)
        try pair.shakeHands()
        #expect(pair.client.isResumed)
    }

    @Test("a session serves no other name, since its certificate is not checked again")
    func otherName() throws {
        let (client, server) = (try pki.clientContext(), try pki.serverContext())
        let session = try Self.session(client, server)
        let pair = try TLSPair(client, server, name: "127.0.0.1", session: session)
        try pair.shakeHands()
        #expect(!pair.client.isResumed)
        #expect(TLSVerificationTests.failure(client, server, name: "example.com") != nil)
    }

    @Test("a session serves no other trust")
    func otherTrust() throws {
        let server = try pki.serverContext()
        let session = try Self.session(try pki.clientContext(), server)
        let stranger = try TestPKI().clientContext()
        let pair = try TLSPair(stranger, server, session: session)
        #expect(throws: TLSError.certificate(.unknownAuthority)) { try pair.shakeHands() }
    }

    @Test("a server that does not know the session shakes hands in full")
    func restartedServer() throws {
        let client = try pki.clientContext()
        let session = try Self.session(client, try pki.serverContext())
        let pair = try TLSPair(client, try pki.serverContext(), session: session)
        try pair.shakeHands()
        #expect(pair.client.isEstablished)
        #expect(!pair.client.isResumed)
    }

    @Test("a client's certificate is remembered with the session")
    func clientCertificate() throws {
        let client = try pki.clientContext(identity: pki.client)
        let server = try pki.serverContext(clients: .required(authorities: pki.authority))
        let session = try Self.session(client, server)
        let pair = try TLSPair(client, server, session: session)
        try pair.shakeHands()
        #expect(pair.server.isResumed)
    }
}
