import Bytes
import Support
import Testing

@testable import Crypto

@Suite("Trust in one certificate")
struct CertificatePinTests {
    /// As `openssl x509 -fingerprint -sha1` tells it of `tls/expired-self-signed.pem`, which is also for no name.
    static let thumbprint: [UInt8] = [
        0x92, 0x93, 0x11, 0x42, 0xBC, 0xDF, 0x8D, 0xBE, 0x40, 0xA3, 0x31, 0xE0, 0x2B, 0x8A, 0x62, 0x80, 0x1D, 0x94,
        0x1A, 0x62,
    ]

    let server: TLSContext
    let authority: PEM

    init() throws {
        let pem = try PEM(file: Fixtures.root + "tls/expired-self-signed.pem")
        server = try TLSContext(server: TLSIdentity(certificates: pem, key: pem))
        authority = pem
    }

    /// A context that would trust `authority` without the pin, and the pin in its place.
    func client(
        _ thumbprint: [UInt8], _ version: TLSContext.Version = .tls13
    ) throws -> (context: TLSContext, pin: CertificatePin) {
        let context = try TLSContext(trusting: .only(authority), maximumVersion: version)
        let pin = try #require(CertificatePin(sha1: thumbprint))
        let isInstalled = unsafe pin.install(onContext: UnsafeMutableRawPointer(context.handle))
        #expect(isInstalled)
        return (context, pin)
    }

    @Test("a thumbprint has twenty bytes", arguments: [0, 19, 21, 32])
    func wrongSize(count: Int) {
        #expect(CertificatePin(sha1: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test("the certificate is believed, whatever else it says", arguments: [TLSContext.Version.tls12, .tls13])
    func right(version: TLSContext.Version) throws {
        let (context, pin) = try client(Self.thumbprint, version)
        let pair = try TLSPair(context, server)
        #expect(!pin.hasMatched)
        try pair.shakeHands()
        #expect(pair.client.isEstablished)
        #expect(pair.client.negotiatedVersion == version)
        #expect(pin.hasMatched)
    }

    @Test("any other is refused before the server has a connection", arguments: [TLSContext.Version.tls12, .tls13])
    func wrong(version: TLSContext.Version) throws {
        for place in Self.thumbprint.indices {
            var thumbprint = Self.thumbprint
            thumbprint[place] ^= 0x80
            let (context, pin) = try client(thumbprint, version)
            let pair = try TLSPair(context, server)
            #expect(throws: TLSError.certificate(.other("certificate rejected"))) { try pair.shakeHands() }
            #expect(!pair.server.isEstablished)
            #expect(!pin.hasMatched)
        }
    }

    @Test("a trusted authority and a right name do not help")
    func rightChain() throws {
        let pki = try TestPKI()
        let context = try TLSContext(trusting: .only(pki.authority))
        let pin = try #require(CertificatePin(sha1: Self.thumbprint))
        let isInstalled = unsafe pin.install(onContext: UnsafeMutableRawPointer(context.handle))
        #expect(isInstalled)
        #expect(TLSVerificationTests.failure(context, try pki.serverContext()) != nil)
        #expect(!pin.hasMatched)
    }

    @Test("a session shows no certificate, so it proves no pin")
    func session() throws {
        let first = try TLSPair(client(Self.thumbprint).context, server)
        try first.shakeHands()
        let session = try #require(first.client.latestSession)
        let (context, pin) = try client([UInt8](repeating: 0, count: 20))
        let second = try TLSPair(context, server, session: session)
        try second.shakeHands()
        #expect(second.client.isResumed)
        #expect(!pin.hasMatched)
    }

    @Test("a context keeps its pin, and lets it go")
    func lifetime() throws {
        weak var pin: CertificatePin?
        var context: TLSContext?
        func make() throws {
            let made = try client(Self.thumbprint)
            (context, pin) = (made.context, made.pin)
        }
        try make()
        #expect(context != nil && pin != nil)
        context = nil
        #expect(pin == nil)
    }
}
