import Bytes
import Crypto
import Testing

@Suite("A TLS connection")
struct TLSConnectionTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    /// Bytes that repeat only after a long way.
    static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    @Test(
        "bytes flow both ways, however the ciphertext is cut", arguments: [1, 2, 5, 7, 100, 1_399, 16_405, Int.max],
        [TLSContext.Version.tls12, .tls13])
    func cutAnywhere(pieceBytes: Int, version: TLSContext.Version) throws {
        let pair = try TLSPair(pki.clientContext(newest: version), pki.serverContext())
        pair.pieceBytes = pieceBytes
        try pair.shakeHands()
        #expect(pair.client.isEstablished)
        #expect(pair.server.isEstablished)
        #expect(pair.client.negotiatedVersion == version)
        #expect(pair.server.negotiatedVersion == version)

        let question = Self.pattern(20_000)
        let answer = Self.pattern(33_000)
        try pair.client.send(question.span, outgoing: &pair.toServer)
        try pair.server.send("HTTP/1.1 200 OK\r\n\r\n".utf8.span, outgoing: &pair.toClient)
        try pair.server.send(answer.span, outgoing: &pair.toClient)
        try pair.run()
        #expect(pair.serverHeard == question)
        #expect(pair.clientHeard == Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + answer)
        #expect(pair.clientProgress == .established)
    }

    @Test("a megabyte goes through, in few and full records")
    func megabyte() throws {
        let pair = try pki.pair()
        try pair.shakeHands()
        let body = Self.pattern(1 << 20)
        try pair.client.send(body.span, outgoing: &pair.toServer)
        #expect(pair.toServer.count == body.count + 64 * 22)
        try pair.run()
        #expect(pair.serverHeard == body)
    }

    @Test("many records in one piece are all decrypted at once")
    func manyRecords() throws {
        let pair = try pki.pair()
        try pair.shakeHands()
        for number in 0..<1_000 {
            try pair.client.send("\(number),".utf8.span, outgoing: &pair.toServer)
        }
        try pair.run()
        #expect(String(decoding: pair.serverHeard, as: UTF8.self) == (0..<1_000).map { "\($0)," }.joined())
    }

    @Test("a head and its body given as one span are one record")
    func oneRecord() throws {
        let pair = try pki.pair()
        try pair.shakeHands()
        try pair.client.send(Self.pattern(1_200).span, outgoing: &pair.toServer)
        // TLS 1.3: five bytes of header, one of type, sixteen of tag.
        #expect(pair.toServer.count == 1_200 + 22)
    }

    @Test("nothing can be sent before the handshake is over, and sending nothing makes no record")
    func tooEarly() throws {
        let pair = try pki.pair()
        var outgoing = ByteBuffer()
        #expect(throws: TLSError.notOpen) { try pair.client.send("x".utf8.span, outgoing: &outgoing) }
        pair.client.close(outgoing: &outgoing)
        #expect(outgoing.count == 0)
        try pair.shakeHands()
        try pair.client.send([UInt8]().span, outgoing: &outgoing)
        #expect(outgoing.count == 0)
    }

    @Test("a server may answer in the very piece that ends the handshake")
    func dataWithFinished() throws {
        let pair = try pki.pair()
        try pair.client.start(outgoing: &pair.toServer)
        pair.serverProgress = try TLSPair.hear(pair.server, &pair.toServer, .max, &pair.serverHeard, &pair.toClient)
        #expect(pair.serverProgress == .handshaking)
        pair.clientProgress = try TLSPair.hear(pair.client, &pair.toClient, .max, &pair.clientHeard, &pair.toServer)
        #expect(pair.clientProgress == .established)
        try pair.client.send("hello".utf8.span, outgoing: &pair.toServer)
        try pair.run()
        #expect(pair.serverProgress == .established)
        #expect(pair.serverHeard == Array("hello".utf8))
    }

    @Test("close_notify is seen after what came before it, and both may close")
    func closing() throws {
        let pair = try pki.pair()
        try pair.shakeHands()
        try pair.server.send("bye".utf8.span, outgoing: &pair.toClient)
        pair.server.close(outgoing: &pair.toClient)
        let closed = pair.toClient.count
        pair.server.close(outgoing: &pair.toClient)
        #expect(pair.toClient.count == closed, "said once")
        try pair.run()
        #expect(pair.clientHeard == Array("bye".utf8))
        #expect(pair.clientProgress == .closedByPeer)
        #expect(throws: TLSError.notOpen) {
            var outgoing = ByteBuffer()
            try pair.server.send("x".utf8.span, outgoing: &outgoing)
        }
        pair.client.close(outgoing: &pair.toServer)
        try pair.run()
        #expect(pair.serverProgress == .closedByPeer)
    }

    @Test("what follows close_notify is dropped")
    func afterClose() throws {
        let pair = try pki.pair()
        try pair.shakeHands()
        pair.server.close(outgoing: &pair.toClient)
        pair.toClient.append("garbage")
        try pair.run()
        pair.toClient.append("more garbage")
        try pair.run()
        #expect(pair.clientProgress == .closedByPeer)
        #expect(pair.clientHeard.isEmpty)
    }

    @Test("a flipped bit ends the connection, with an alert, and it stays ended")
    func tampered() throws {
        let pair = try pki.pair()
        try pair.shakeHands()
        try pair.client.send("secret".utf8.span, outgoing: &pair.toServer)
        pair.toServer[10] ^= 1
        var plaintext = ByteBuffer()
        var alert = ByteBuffer()
        #expect(throws: TLSError.failed("decryption failed or bad record mac")) {
            _ = try pair.server.receive(&pair.toServer, plaintext: &plaintext, outgoing: &alert)
        }
        #expect(plaintext.count == 0)
        #expect(alert.count > 0)
        #expect(!pair.server.isEstablished)
        #expect(throws: TLSError.failed("decryption failed or bad record mac")) {
            try pair.server.send("x".utf8.span, outgoing: &alert)
        }
        #expect(throws: TLSError.alert("bad record mac")) {
            _ = try pair.client.receive(&alert, plaintext: &plaintext, outgoing: &pair.toServer)
        }
    }

    @Test(
        "what is not TLS is called so",
        arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"])
    func notTLS(text: String) throws {
        let pair = try pki.pair()
        try pair.client.start(outgoing: &pair.toServer)
        pair.toServer.clear()
        var plaintext = ByteBuffer()
        pair.toClient.append(text: text)
        #expect(throws: TLSError.notTLS) {
            _ = try pair.client.receive(&pair.toClient, plaintext: &plaintext, outgoing: &pair.toServer)
        }
        pair.toServer.clear()
        pair.toServer.append(text: text)
        #expect(throws: TLSError.notTLS) {
            _ = try pair.server.receive(&pair.toServer, plaintext: &plaintext, outgoing: &pair.toClient)
        }
    }

    @Test("random bytes never trap", arguments: 0..<64)
    func randomBytes(seed: Int) throws {
        let pair = try pki.pair()
        let server = seed % 2 == 0
        if seed % 4 < 2 { try pair.shakeHands() } else { try pair.client.start(outgoing: &pair.toServer) }
        var noise = ByteBuffer()
        var plaintext = ByteBuffer()
        var outgoing = ByteBuffer()
        // Half of them look like records: a content type, version 3.3 and a length that fits.
        if seed % 8 < 4 { for byte: UInt8 in [22 + UInt8(seed % 3), 3, 3, 0, 60] { noise.append(byte) } }
        for index in 0..<60 { noise.append(UInt8(truncatingIfNeeded: (index + 7) * (seed + 3) * 2_654_435_761 >> 9)) }
        let side = server ? pair.server : pair.client
        #expect(throws: TLSError.self) {
            _ = try side.receive(&noise, plaintext: &plaintext, outgoing: &outgoing)
            // A lone fragment may wait for more: then the end must not be taken for an established connection.
            if !side.isEstablished { throw TLSError.notOpen }
        }
    }
}
