import Bytes
import Crypto
import Support
import Testing

@Suite("Who a client proved to be")
struct PeerCertificateTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    private func identity(
        of identity: TLSIdentity?, _ clients: TLSContext.ClientCertificates, _ version: TLSContext.Version
    ) throws -> PeerCertificate? {
        let pair = try TLSPair(
            pki.clientContext(newest: version, identity: identity), pki.serverContext(clients: clients))
        #expect(pair.server.peerCertificate == nil)
        try pair.shakeHands()
        #expect(pair.client.peerCertificate == nil)
        return pair.server.peerCertificate
    }

    @Test("its certificate's names, subject and fingerprint", arguments: [TLSContext.Version.tls12, .tls13])
    func shown(version: TLSContext.Version) throws {
        for clients in [
            TLSContext.ClientCertificates.optional(authorities: pki.authority), .required(authorities: pki.authority),
        ] {
            let peer = try #require(try identity(of: pki.client, clients, version))
            #expect(peer.dnsNames == ["billing.example.com"])
            #expect(peer.uris == ["spiffe://corp/ns/billing/sa/notifier"])
            #expect(peer.subject == "CN=acs-gateway development client")
            let der = try Self.der(pki.client.certificates)
            #expect(peer.fingerprint == SHA256.digest(of: der.span))
        }
    }

    @Test("nobody in particular, where a certificate is not asked for or not shown")
    func nobody() throws {
        for version in [TLSContext.Version.tls12, .tls13] {
            #expect(try identity(of: nil, .optional(authorities: pki.authority), version) == nil)
            #expect(try identity(of: pki.client, .none, version) == nil)
        }
    }

    @Test("an expired certificate, or one of the future, ends the handshake")
    func dates() throws {
        for valid in [
            DevelopmentAuthority.Validity(from: TestPKI.now - 7_200, to: TestPKI.now - 60),
            .init(from: TestPKI.now + 3_600, to: TestPKI.now + 7_200),
        ] {
            let odd = try TestPKI(valid: valid)
            let server = try pki.serverContext(clients: .optional(authorities: odd.authority))
            let pair = try TLSPair(pki.clientContext(identity: odd.client), server)
            #expect(throws: TLSError.self) { try pair.shakeHands() }
            #expect(pair.server.peerCertificate == nil && !pair.server.isEstablished)
        }
    }

    @Test("a certificate in the trusted file is believed without its issuer, and others of its issuer are not")
    func trustedLeaf() throws {
        let clients = TLSContext.ClientCertificates.required(authorities: pki.client.certificates)
        #expect(try identity(of: pki.client, clients, .tls13) != nil)
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: TestPKI.now))
        let (one, other) = (
            try ca.issue(for: ["one.test"], purpose: .client, valid: .thirtyDays(from: TestPKI.now)),
            try ca.issue(for: ["other.test"], purpose: .client, valid: .thirtyDays(from: TestPKI.now))
        )
        let server = try pki.serverContext(clients: .required(authorities: one.certificates))
        #expect(TLSVerificationTests.failure(try pki.clientContext(identity: one), server) == nil)
        #expect(
            TLSVerificationTests.failure(try pki.clientContext(identity: other), server)
                == .certificate(.unknownAuthority))
    }

    /// The bytes that a PEM text wraps.
    private static func der(_ pem: PEM) throws -> [UInt8] {
        let lines = pem.text.withBytes { $0.text }.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        let text = lines.joined()
        let bytes = try Secret(base64: text.utf8.span)
        return bytes.withBytes { $0.array }
    }
}
