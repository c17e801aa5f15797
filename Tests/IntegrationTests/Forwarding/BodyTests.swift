import Support
import Testing

@Suite(
    "Bodies, both ways",
    .testBed { config in
        config.defaults.append("body: { max: 9MiB, memory: 16KiB }")
        config.routes.insert(
            "{ name: small, match: { path_prefix: /small }, allow: [anonymous], resource: origin, body: { max: 10B } }",
            at: 0)
    })
struct BodyTests {
    /// Bytes in which a lost, doubled or swapped block shows.
    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 12) }
    }

    @Test(
        "a body is sent on whole, with its length, its digest in the signature",
        arguments: [0, 1, 16_384, 16_385, 8 << 20])
    func sizes(count: Int) throws {
        let bed = try TestBedTrait.bed()
        let body = Self.pattern(count)
        let client = try bed.client(["POST"])
        client.send("POST /sized/\(count) HTTP/1.1\r\nHost: gw.test\r\nContent-Length: \(count)\r\n\r\n")
        client.send(body)
        #expect(client.answers(1).first?.text == "up:/sized/\(count) len=\(count)")
        let received = try #require(bed.received("/sized/\(count)").first?.request)
        #expect(received.body.content == body)
        #expect(received.body.framing == .length(count))
        #expect(TestKeys.firstCheck.problem(with: received) == nil)
    }

    @Test("chunks become one body with a length", arguments: [1, 7, 4096, 100_000])
    func chunkedIn(size: Int) throws {
        let bed = try TestBedTrait.bed()
        let body = Self.pattern(300_000)
        let client = try bed.client(["POST"])
        client.send("POST /chunked/\(size) HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        // One byte in each chunk costs five on the wire: a short body is enough there.
        let sent = body.prefix(size == 1 ? 2000 : body.count)
        var wire: [UInt8] = []
        for start in stride(from: 0, to: sent.count, by: size) {
            let chunk = sent[start..<min(start + size, sent.count)]
            wire += "\(String(chunk.count, radix: 16))\r\n".utf8 + chunk + "\r\n".utf8
        }
        client.send(wire + "0\r\n\r\n".utf8)
        #expect(client.answers(1).first?.status == 200)
        let received = try #require(bed.received("/chunked/\(size)").first?.request)
        #expect(received.body.content == Array(sent))
        #expect(TestKeys.firstCheck.problem(with: received) == nil)
    }

    @Test("a client that asks is told to continue, once")
    func expectation() throws {
        let bed = try TestBedTrait.bed()
        let client = try bed.client(["POST"])
        client.send(request("POST /expect", "Expect: 100-Continue", "Content-Length: 5"))
        #expect(client.interims(1).map(\.status) == [100])
        client.send("hello")
        #expect(client.answers(1).first?.text == "up:/expect len=5")
        #expect(client.reader.interims.count == 1)
        #expect(bed.received("/expect").first?.request?.head.values("expect") == [])
    }

    @Test("a client that asks in vain gets the final answer at once", arguments: [11, 10_000_000])
    func refusedExpectation(length: Int) throws {
        let client = try TestBedTrait.bed().client(["POST"])
        client.send(request("POST /small/expect", "Expect: 100-continue", "Content-Length: \(length)"))
        #expect(client.answers(1).map(\.status) == [413])
        #expect(client.reader.interims.isEmpty)
        #expect(client.waitForEnd() == .end)
    }

    @Test("an expectation that nobody knows is 417", arguments: ["200-ok", "100-continue, x", "x"])
    func unknownExpectation(value: String) throws {
        let answer = try TestBedTrait.bed().exchange(request("POST /unknown", "Expect: \(value)", body: "abc"))
        #expect(answer.status == 417)
        #expect(answer.head.only("x-ms-error-code") == "ExpectationFailed")
    }

    @Test("a body beyond the limit is refused at once by its length, or while counting")
    func tooLarge() throws {
        let bed = try TestBedTrait.bed()
        #expect(try bed.exchange(request("POST /small/a", body: "0123456789")).status == 200)
        for (index, wire) in [
            "Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n",
        ].enumerated() {
            let client = try bed.client(["POST"])
            client.send("POST /small/b\(index) HTTP/1.1\r\nHost: gw.test\r\n\(wire)")
            let answer = try #require(client.answers(1).first)
            #expect(answer.status == 413)
            #expect(answer.head.only("x-ms-error-code") == "BodyTooLarge")
            #expect(client.waitForEnd() != nil)
            #expect(bed.received("/small/b\(index)").isEmpty)
        }
    }

    @Test("HEAD is answered without a body, and the next answer stays aligned")
    func head() throws {
        let bed = try TestBedTrait.bed()
        bed.script("/head", .text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\n"))
        let client = try bed.client(["HEAD", "GET"])
        client.send(request("HEAD /head") + request("GET /after"))
        let answers = client.answers(2)
        #expect(answers.map(\.status) == [200, 200])
        #expect(answers.first?.head.only("content-length") == "5")
        #expect(answers.last?.text == "up:/after len=0")
    }

    @Test("an answer in chunks comes in chunks; to HTTP/1.0 until the end of the connection")
    func chunkedOut() throws {
        let bed = try TestBedTrait.bed()
        let wire =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=\"y\"\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n"
        bed.script("/chunks", .text(wire))
        let answer = try bed.exchange(request("GET /chunks"))
        #expect(answer.text == "hello world" && answer.isComplete)
        #expect(answer.body.framing == .chunked)
        let old = try bed.client()
        old.send("GET /chunks HTTP/1.0\r\nHost: gw.test\r\n\r\n")
        #expect(old.waitForEnd() == .end)
        #expect(old.reader.finals.first?.text == "hello world")
        #expect(old.reader.finals.first?.head.values("transfer-encoding") == [])
    }

    @Test("an answer that ends with the origin's connection is sent on in chunks")
    func untilClose() throws {
        let bed = try TestBedTrait.bed()
        bed.script("/close", OriginScript([.send("HTTP/1.1 200 OK\r\n\r\nto the end".latin1), .close]))
        let client = try bed.client()
        let answer = client.exchange(request("GET /close"))
        #expect(answer?.text == "to the end" && answer?.isComplete == true)
        #expect(client.exchange(request("GET /next"))?.text == "up:/next len=0")
    }

    @Test("a large answer arrives whole at a client that is slow to read")
    func largeAnswer() throws {
        let bed = try TestBedTrait.bed()
        let body = Self.pattern(8 << 20)
        bed.script(
            "/large", OriginScript([.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".latin1 + body)]))
        let client = try bed.client()
        client.send(request("GET /large"))
        // Other clients are served while this one does not read.
        #expect(try bed.exchange(request("GET /meanwhile")).status == 200)
        #expect(client.answers(1).first?.body.content == body)
    }

    @Test(
        "a cut answer looks cut",
        arguments: [
            "Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
            "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nx\r\n",
        ])
    func cut(rest: String) throws {
        let bed = try TestBedTrait.bed()
        for (index, ending) in [OriginScript.Step.close, .reset].enumerated() {
            let path = "/cut/\(rest.utf8.count)-\(index)"
            bed.script(path, OriginScript([.send("HTTP/1.1 200 OK\r\n\(rest)".latin1), ending]))
            let client = try bed.client()
            client.send(request("GET \(path)"))
            let answer = client.answers(1).first
            #expect(answer.map { $0.status == 502 || !$0.isComplete && client.ending != nil } == true)
        }
    }

    @Test(
        "a bodyless POST is sent with a length (BD-3), a GET without",
        arguments: [("POST", ["0"]), ("PUT", ["0"]), ("GET", [])])
    func bodyless(method: String, lengths: [String]) throws {
        let bed = try TestBedTrait.bed()
        #expect(try bed.exchange(request("\(method) /bodyless/\(method)")).status == 200)
        #expect(bed.received("/bodyless/\(method)").first?.request?.head.values("content-length") == lengths)
    }

    @Test("a client that leaves in the middle of a body sends nothing on", arguments: [true, false])
    func clientLeaves(resets: Bool) throws {
        let bed = try TestBedTrait.bed()
        let client = try bed.client(["POST"])
        client.send(request("POST /left/\(resets)", "Content-Length: 10") + "half")
        if resets { client.reset() } else { client.shutdownWrite() }
        if !resets { #expect([400, 408].contains(client.answers(1).first?.status ?? 400)) }
        #expect(try bed.exchange(request("GET /left/after")).status == 200)
        #expect(bed.received("/left/\(resets)").isEmpty)
    }

    @Test("what the origin says about itself comes back as it came")
    func answerFields() throws {
        let bed = try TestBedTrait.bed()
        bed.script(
            "/fields",
            .text(
                """
                HTTP/1.1 429 Slow Down\r
                Content-Length: 2\r
                Retry-After: 7\r
                x-ms-request-id: r\r
                MS-CV: a.b\r
                Set-Cookie: a=1\r
                Set-Cookie: b=2\r
                Connection: X-Hop, close\r
                X-Hop: 1\r
                Keep-Alive: timeout=5\r
                Proxy-Authenticate: Basic\r
                WWW-Authenticate: HMAC-SHA256\r
                \r
                {}
                """))
        let client = try bed.client()
        let head = try #require(client.exchange(request("GET /fields"))?.head)
        #expect(head.startLine == "HTTP/1.1 429 Slow Down")
        #expect(head.only("retry-after") == "7" && head.only("x-ms-request-id") == "r" && head.only("ms-cv") == "a.b")
        #expect(head.values("set-cookie") == ["a=1", "b=2"])
        #expect(head.only("www-authenticate") == "HMAC-SHA256")
        #expect(head.values("x-hop") + head.values("keep-alive") + head.values("proxy-authenticate") == [])
        #expect(client.exchange(request("GET /fields-next"))?.status == 200)
    }
}
