import Crypto
import HTTPClient
import Support
import Testing

@Suite("Whom the control plane believes", .onOwnThread)
struct TrustTests {
    let client: HTTPClient
    let authority: PEM
    let otherAuthority: PEM
    let identity: TLSIdentity
    let expired: TLSIdentity

    init() throws {
        client = try HTTPClient()
        let now = wallClockSeconds()
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: now))
        authority = ca.certificate
        identity = try ca.issue(for: ["localhost"], valid: .thirtyDays(from: now))
        expired = try ca.issue(for: ["localhost"], valid: .init(from: now - 7_200, to: now - 60))
        otherAuthority = try DevelopmentAuthority(valid: .thirtyDays(from: now)).certificate
    }

    /// A `GET` from `origin` under the name `host`.
    func request(
        _ origin: RecordingOrigin, host: String = "localhost", trust: HTTPRequest.Trust
    ) -> HTTPRequest {
        let secret = HTTPField("Secret", Secret(copying: "s3cret"))
        return HTTPRequest(.get, origin.url("/", scheme: "https", host: host), fields: [secret], trust: trust)
    }

    @Test("an authority that was named is believed, and its sessions serve again")
    func named() async throws {
        let origin = try RecordingOrigin.tls(showing: identity)
        for _ in 0..<3 {
            #expect(try await client.send(request(origin, trust: .authorities(authority))).status == 200)
        }
        #expect(origin.recorded.map(\.connection) == [0, 1, 2])
    }

    @Test("nobody else is believed, and hears no byte of the request")
    func strangers() async throws {
        let handshakes = Handshakes()
        let origin = try RecordingOrigin.tls(showing: identity, noting: handshakes)
        for trust in [HTTPRequest.Trust.system, .authorities(otherAuthority)] {
            let failure = await client.failure(request(origin, trust: trust))
            #expect(failure?.kind == .certificate)
            #expect(failure?.sentence.hasPrefix("the certificate of `localhost:\(origin.address.port)`") == true)
        }
        #expect(await handshakes.succeeded(of: 2) == 0)
    }

    @Test("a connection made under one trust serves no request under another")
    func otherTrust() async throws {
        let origin = try RecordingOrigin.tls(showing: identity)
        #expect(try await client.send(request(origin, trust: .authorities(authority))).status == 200)
        for trust in [HTTPRequest.Trust.system, .authorities(otherAuthority)] {
            #expect(await client.failure(request(origin, trust: trust))?.kind == .certificate)
        }
        #expect(origin.recorded.count == 1)
    }

    @Test("a certificate for another name is refused")
    func wrongName() async throws {
        let origin = try RecordingOrigin.tls(showing: identity)
        let failure = await client.failure(request(origin, host: "127.0.0.1", trust: .authorities(authority)))
        #expect(failure?.kind == .certificate)
        // libcurl looks at the name after the handshake, and before it writes.
        #expect(origin.recorded.isEmpty)
    }

    @Test("an expired certificate is refused")
    func expiredCertificate() async throws {
        let handshakes = Handshakes()
        let origin = try RecordingOrigin.tls(showing: expired, noting: handshakes)
        let failure = await client.failure(request(origin, trust: .authorities(authority)))
        #expect(failure?.kind == .certificate)
        #expect(failure?.sentence.hasSuffix("certificate has expired") == true)
        #expect(await handshakes.succeeded(of: 1) == 0)
    }

    @Test("authorities without a certificate believe nobody")
    func noAuthorities() async throws {
        let origin = try RecordingOrigin.tls(showing: identity)
        for text in ["", "no certificate here"] {
            let none = PEM(named: "none", Secret(copying: text))
            #expect(await client.failure(request(origin, trust: .authorities(none))) != nil)
        }
        #expect(origin.recorded.isEmpty)
    }

    @Test("a server that goes while a body is on its way ends the request, and not the process")
    func goneWhileSending() async throws {
        let origin = try RecordingOrigin.tls(
            showing: identity, script: { _, _ in OriginScript([.reset], atHead: true) })
        let body = [UInt8](repeating: 0x61, count: 8 << 20)
        let request = HTTPRequest(
            .post, origin.url("/", scheme: "https", host: "localhost"), body: Secret(copying: body.span),
            trust: .authorities(authority))
        #expect(await client.failure(request)?.kind == .lost)
        #expect(origin.recorded.count == 1)
    }

    @Test("a server that speaks no TLS is a failure of TLS")
    func notTLS() async throws {
        let origin = try RecordingOrigin(
            over: { socket in
                _ = socket.receive(until: .now + Pace.seconds(30))
                socket.send("HTTP/1.1 400 Bad Request\r\n\r\n".latin1, until: .now + Pace.seconds(30))
                return nil
            }, script: { _, _ in .usual })
        let failure = await client.failure(request(origin, trust: .authorities(authority)))
        #expect(failure?.kind == .tls)
    }

    // MARK: A pinned certificate

    /// Signed by itself, expired in 2020, for no name.
    static let oldCertificate = "tls/expired-self-signed.pem"
    /// As `openssl x509 -fingerprint -sha1` tells it.
    static let oldThumbprint: [UInt8] = [
        0x92, 0x93, 0x11, 0x42, 0xBC, 0xDF, 0x8D, 0xBE, 0x40, 0xA3, 0x31, 0xE0, 0x2B, 0x8A, 0x62, 0x80, 0x1D, 0x94,
        0x1A, 0x62,
    ]

    func oldIdentity() throws -> TLSIdentity {
        let pem = try PEM(file: Fixtures.root + Self.oldCertificate)
        return TLSIdentity(certificates: pem, key: pem)
    }

    @Test("a pinned certificate is believed, whatever its name, its dates and its issuer")
    func pinned() async throws {
        let origin = try RecordingOrigin.tls(showing: oldIdentity())
        let answer = try await client.send(request(origin, trust: .pinned(sha1: Self.oldThumbprint)))
        #expect(answer.status == 200)
        #expect(origin.recorded.first?.request?.head.values("secret") == ["s3cret"])
    }

    @Test("a certificate other than the pinned one hears no byte of the request", arguments: [0, 10, 19])
    func wrongPin(place: Int) async throws {
        var thumbprint = Self.oldThumbprint
        thumbprint[place] ^= 1
        let handshakes = Handshakes()
        let origin = try RecordingOrigin.tls(showing: oldIdentity(), noting: handshakes)
        let failure = await client.failure(request(origin, trust: .pinned(sha1: thumbprint)))
        let sentence =
            "the certificate of `localhost:\(origin.address.port)` does not have the thumbprint that is expected"
        #expect(failure == HTTPFailure(.certificate, sentence))
        #expect(await handshakes.succeeded(of: 1) == 0)
    }

    @Test("a certificate with a right chain and name is not the pinned one")
    func rightChainWrongPin() async throws {
        let handshakes = Handshakes()
        let origin = try RecordingOrigin.tls(showing: identity, noting: handshakes)
        let failure = await client.failure(request(origin, trust: .pinned(sha1: Self.oldThumbprint)))
        #expect(failure?.kind == .certificate)
        #expect(await handshakes.succeeded(of: 1) == 0)
    }

    @Test("what one pin let through serves neither another pin nor another trust")
    func pinsDoNotMix() async throws {
        let origin = try RecordingOrigin.tls(showing: oldIdentity())
        let right = HTTPRequest.Trust.pinned(sha1: Self.oldThumbprint)
        let wrong = HTTPRequest.Trust.pinned(sha1: [UInt8](repeating: 7, count: 20))
        for _ in 0..<2 {
            #expect(try await client.send(request(origin, trust: right)).status == 200)
            #expect(await client.failure(request(origin, trust: wrong))?.kind == .certificate)
            #expect(await client.failure(request(origin, trust: .authorities(authority)))?.kind == .certificate)
        }
        #expect(origin.recorded.count == 2)
        #expect(Set(origin.recorded.map(\.connection)).count == 2)
    }
}
