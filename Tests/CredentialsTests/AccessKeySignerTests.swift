import Bytes
import ConfigDSL
import Credentials
import Crypto
import Testing

@Suite("Signing with an access key")
struct AccessKeySignerTests {
    @Test("all vectors are there")
    func complete() {
        #expect(SDKVectors.all.vectors.count == 108)
        #expect(Set(SDKVectors.all.vectors.map(\.name)).count == 108)
    }

    @Test("the SDKs' signatures, byte for byte, and the text behind them", arguments: SDKVectors.all.vectors)
    func vectors(vector: SignatureVector) throws {
        let (origin, target) = vector.parts
        let host = try Endpoint(origin).authority
        #expect(host == vector.expect.host)

        let signer = AccessKeySigner(try vector.key())
        let body = try vector.body()
        let signed = signer.signed(
            method: vector.method, target: target, host: host, date: vector.date.utf8.span, body: body.span)
        #expect(signed.signedText == vector.expect.stringToSign)
        #expect(signed.fieldLines == vector.fieldLines)
        #expect(signed.method == vector.method.uppercased())
    }

    @Test("what is appended to a head is exactly three lines, and what stood there stays")
    func goldenBytes() throws {
        let signer = AccessKeySigner(Secret(copying: "key"))
        var head = ByteBuffer()
        var text = ByteBuffer()
        head.append("POST /sms?api-version=2021-03-07 HTTP/1.1\r\nhost: contoso.communication.azure.com\r\n")
        text.append("left over from another request")
        let request = OutboundRequest(
            method: "POST".utf8.span, target: "/sms?api-version=2021-03-07".utf8.span,
            host: "contoso.communication.azure.com".utf8.span, date: "Mon, 23 Nov 2026 09:08:07 GMT".utf8.span,
            bodyDigest: SHA256.digest(of: "".utf8.span))
        signer.authorize(request, writing: &head, text: &text)
        // The signature was made with Python's `hmac` module.
        #expect(
            head.span.text == """
                POST /sms?api-version=2021-03-07 HTTP/1.1\r
                host: contoso.communication.azure.com\r
                x-ms-date: Mon, 23 Nov 2026 09:08:07 GMT\r
                x-ms-content-sha256: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r
                authorization: HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=\
                coXMpUhvVbnhpn9iIvrznPtOBTnt0rwG9+5r8RXbq/o=\r

                """)
        #expect(
            text.span.text == """
                POST
                /sms?api-version=2021-03-07
                Mon, 23 Nov 2026 09:08:07 GMT;contoso.communication.azure.com;\
                47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
                """)
    }

    @Test("every part changes the signature")
    func everyPart() {
        let signer = AccessKeySigner(Secret(copying: "key"))
        let base = ["GET", "/a", "h", "Mon, 23 Nov 2026 09:08:07 GMT", ""]
        func line(_ parts: [String]) -> String? {
            signer.signed(
                method: parts[0], target: parts[1], host: parts[2], date: parts[3].utf8.span, body: parts[4].utf8.span
            ).fieldLines.last
        }
        var seen: Set<String?> = [line(base)]
        for index in base.indices {
            var changed = base
            changed[index] += "x"
            seen.insert(line(changed))
        }
        #expect(seen.count == 6)
        #expect(
            AccessKeySigner(Secret(copying: "kez")).signed(
                method: base[0], target: base[1], host: base[2], date: base[3].utf8.span, body: base[4].utf8.span
            ).fieldLines.last != line(base))
    }

    @Test("a signer does not show its key")
    func neverPrinted() {
        let signer = AccessKeySigner(Secret(copying: "swordfish"))
        var dumped = ""
        dump(signer, to: &dumped)
        #expect(!dumped.contains("sword"))
        #expect(!"\(signer)".contains("sword"))
    }
}
