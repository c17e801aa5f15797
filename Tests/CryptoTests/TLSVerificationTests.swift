import Bytes
import Crypto
import FoundationEssentials
import Support
import Testing

@Suite("What a TLS peer must prove")
struct TLSVerificationTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    /// What ends the handshake.
    static func failure(_ client: TLSContext, _ server: TLSContext, name: String = "localhost") -> TLSError? {
        do {
            let pair = try TLSPair(client, server, name: name)
            try pair.shakeHands()
            return nil
        } catch {
            return error as? TLSError
        }
    }

    @Test(
        "a certificate's names and addresses are accepted",
        arguments: ["localhost", "LOCALHOST", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1", "a.example.com"])
    func names(name: String) throws {
        #expect(Self.failure(try pki.clientContext(), try pki.serverContext(), name: name) == nil)
    }

    @Test(
        "any other name is refused",
        arguments: [
            "example.com", "a.b.example.com", "localhost.example.org", "127.0.0.2", "::2", "acs-gateway", "local",
        ])
    func wrongNames(name: String) throws {
        let error = Self.failure(try pki.clientContext(), try pki.serverContext(), name: name)
        #expect(error == .certificate(.wrongName(name)))
        #expect(error?.description == "the peer's certificate is not for `\(name)`")
    }

    @Test(
        "what is no name is refused before anything is sent",
        arguments: [
            "", "localhost\0.evil.com", "[::1]", "a b", "a/b", "ü.example.com", String(repeating: "a", count: 256),
        ])
    func badNames(name: String) throws {
        #expect(throws: TLSError.badServerName(name)) {
            _ = try TLSConnection(client: pki.clientContext(), serverName: name)
        }
    }

    @Test("an expired certificate is refused")
    func expired() throws {
        let old = try TestPKI(valid: .init(from: TestPKI.now - 7_200, to: TestPKI.now - 60))
        let error = Self.failure(try old.clientContext(), try old.serverContext())
        #expect(error == .certificate(.expired))
        #expect(error?.description == "the peer's certificate has expired")
    }

    @Test("a certificate of the future is refused")
    func notYetValid() throws {
        let young = try TestPKI(valid: .init(from: TestPKI.now + 3_600, to: TestPKI.now + 7_200))
        #expect(Self.failure(try young.clientContext(), try young.serverContext()) == .certificate(.notYetValid))
    }

    @Test("another authority's certificate is refused")
    func untrusted() throws {
        let other = try TestPKI()
        #expect(Self.failure(try other.clientContext(), try pki.serverContext()) == .certificate(.unknownAuthority))
    }

    @Test("the system's authorities do not vouch for ours")
    func systemAuthorities() throws {
        let client = try TLSContext(trusting: .system)
        #expect(Self.failure(client, try pki.serverContext()) == .certificate(.unknownAuthority))
    }

    @Test("a client's certificate does not make a server")
    func wrongPurpose() throws {
        let server = try TLSContext(server: pki.client)
        let error = Self.failure(try pki.clientContext(), server, name: "billing.example.com")
        #expect(error == .certificate(.wrongPurpose))
    }

    @Test("the peer is told why it was refused")
    func alertForThePeer() throws {
        let client = try TLSConnection(client: try TestPKI().clientContext(), serverName: "localhost")
        let server = try TLSConnection(server: try pki.serverContext())
        var toServer = ByteBuffer()
        var toClient = ByteBuffer()
        var plaintext = ByteBuffer()
        try client.start(outgoing: &toServer)
        _ = try server.receive(&toServer, plaintext: &plaintext, outgoing: &toClient)
        #expect(throws: TLSError.certificate(.unknownAuthority)) {
            _ = try client.receive(&toClient, plaintext: &plaintext, outgoing: &toServer)
        }
        #expect(throws: TLSError.alert("unknown CA")) {
            _ = try server.receive(&toServer, plaintext: &plaintext, outgoing: &toClient)
        }
    }

    @Test("a server may want a certificate of its clients")
    func clientCertificates() throws {
        let other = try TestPKI()
        let plain = try pki.clientContext()
        let right = try pki.clientContext(identity: pki.client)
        let wrong = try pki.clientContext(identity: other.client)
        let notForClients = try pki.clientContext(identity: pki.server)

        let required = try pki.serverContext(clients: .required(authorities: pki.authority))
        #expect(Self.failure(plain, required) == .certificate(.missing))
        #expect(Self.failure(right, required) == nil)
        #expect(Self.failure(wrong, required) == .certificate(.unknownAuthority))
        #expect(Self.failure(notForClients, required) == .certificate(.wrongPurpose))

        let optional = try pki.serverContext(clients: .optional(authorities: pki.authority))
        #expect(Self.failure(plain, optional) == nil)
        #expect(Self.failure(right, optional) == nil)
        #expect(Self.failure(wrong, optional) == .certificate(.unknownAuthority))
    }

    @Test("both sides keep to their oldest version")
    func versions() throws {
        let new = try pki.clientContext(.tls13)
        let old = try pki.clientContext(newest: .tls12)
        #expect(Self.failure(new, try pki.serverContext(.tls13)) == nil)
        #expect(Self.failure(old, try pki.serverContext()) == nil)
        #expect(Self.failure(old, try pki.serverContext(.tls13)) == .noCommonVersion)
        #expect(Self.failure(new, try pki.serverContext(newest: .tls12)) == .noCommonVersion)
    }

    /// The first bytes of `openssl s_client` 3.0 with some options, recorded.
    struct Hello: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var hello: String

        var testDescription: String { name }

        static let all: [Hello] =
            (try? Fixtures.lines("tls/client-hellos.jsonl").map {
                try JSONDecoder().decode(Hello.self, from: Data($0.utf8))
            }) ?? []
    }

    @Test("a server goes on only with clients that speak as we do", arguments: Hello.all)
    func clientHellos(hello: Hello) throws {
        let expected: [String: TLSError] = [
            "TLS 1.1 at most": .noCommonVersion, "TLS 1.2 without forward secrecy": .failed("no shared cipher"),
            "TLS 1.2 with CBC only": .failed("no shared cipher"), "h2 only": .failed("no application protocol"),
        ]
        let server = try TLSConnection(server: pki.serverContext())
        var incoming = ByteBuffer()
        var plaintext = ByteBuffer()
        var outgoing = ByteBuffer()
        let bytes = Hex.decode(hello.hello.utf8.span) ?? []
        incoming.append(bytes.span)
        var failure: TLSError?
        do throws(TLSError) {
            #expect(try server.receive(&incoming, plaintext: &plaintext, outgoing: &outgoing) == .handshaking)
        } catch {
            failure = error
        }
        #expect(failure == expected[hello.name])
        #expect(outgoing.count > 0, "an answer or an alert")
        // An alert is a record of its own: type 21, two bytes.
        #expect((outgoing[0] == 21) == (failure != nil))
    }

    @Test("the recorded clients are all there")
    func helloCount() {
        #expect(Hello.all.count == 6)
    }
}
