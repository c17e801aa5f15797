import FoundationEssentials
import Support
import Testing

@Suite("What the tests themselves are made of")
struct HarnessTests {
    // MARK: Arithmetic

    private struct KnownTag: Decodable {
        var key: String, msg: String, tag: String, tagBits: Int, result: String
    }

    @Test("HMAC-SHA256 agrees with every vector of wycheproof")
    func hmac() throws {
        for line in try Fixtures.lines("vectors/hmac-sha256.jsonl") {
            let vector = try JSONDecoder().decode(KnownTag.self, from: Data(line.utf8))
            let tag = ReferenceDigest.hmac(key: bytes(vector.key), bytes(vector.msg)).prefix(vector.tagBits / 8)
            #expect((hexadecimal(Array(tag)) == vector.tag) == (vector.result == "valid"), "\(line)")
        }
    }

    private struct Signatures: Decodable {
        struct Vector: Decodable {
            struct Expectation: Decodable {
                var host: String, stringToSign: String, authorization: String
            }
            var method: String, bodyBase64: String, accessKeyBase64: String, xMsDate: String
            var expect: Expectation
        }
        var vectors: [Vector]
    }

    @Test("the signature check agrees with what the official SDK signed")
    func signatures() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = try decoder.decode(Signatures.self, from: Data(Fixtures.bytes("vectors/hmac.json")))
        #expect(file.vectors.count == 108)
        for vector in file.vectors {
            let target = vector.expect.stringToSign.split(separator: "\n")[1]
            let body = try #require(Base64.decode(vector.bodyBase64))
            let authorization = AccessKeyCheck.authorization(
                key: try #require(Base64.decode(vector.accessKeyBase64)), method: vector.method.uppercased(),
                target: String(target), date: vector.xMsDate, host: vector.expect.host,
                digest: Base64.encode(ReferenceDigest.sha256(body)))
            #expect(authorization == vector.expect.authorization)
        }
    }

    @Test(
        "a moment is written as HTTP writes it",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 GMT"), (1_795_338_487, "Sun, 22 Nov 2026 09:08:07 GMT"),
        ])
    func dates(seconds: Int, text: String) { #expect(imfFixdate(seconds) == text) }

    @Test("Base64 takes its one spelling and no other", arguments: ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "+/+/"])
    func base64(text: String) throws {
        #expect(Base64.encode(try #require(Base64.decode(text))) == text)
        for wrong in [text + "=", text + "A", "-" + text, text + "\n"] { #expect(Base64.decode(wrong) == nil) }
    }

    // MARK: Reading by the letter

    @Test(
        "a request that a careful sender would not write is a problem",
        arguments: [
            "GET / HTTP/1.0\r\nHost: a", "GET  / HTTP/1.1\r\nHost: a", "get / HTTP/1.1\r\nHost: a",
            "GET x HTTP/1.1\r\nHost: a", "GET /# HTTP/1.1\r\nHost: a", "GET /\u{7F} HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1", "GET / HTTP/1.1\r\nA: b\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\nHost: a",
            "GET / HTTP/1.1\nHost: a", "GET / HTTP/1.1\r\nHost: a\rX: y", "GET / HTTP/1.1\r\nHost: a\r\n b",
            "GET / HTTP/1.1\r\nHost : a", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}", "GET / HTTP/1.1\r\nHost: a\r\n: b",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked",
            "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nauthorization: b",
        ])
    func wrongRequest(head: String) {
        #expect(throws: GrammarError.self) { try StrictRequest(head.latin1) }
    }

    private static let answers = """
        HTTP/1.1 100 Continue\r
        \r
        HTTP/1.1 200 OK\r
        Content-Length: 5\r
        \r
        helloHTTP/1.1 200 OK\r
        Content-Length: 5\r
        \r
        HTTP/1.1 202 Accepted\r
        Transfer-Encoding: chunked\r
        \r
        3\r
        abc\r
        0b\r
        0123456789a\r
        0\r
        \r
        HTTP/1.1 304 Not Modified\r
        \r
        HTTP/1.1 200 OK\r
        \r
        to the end
        """

    @Test("answers are told apart, however they are cut")
    func answers() {
        let bytes = Self.answers.latin1
        for cut in 0...bytes.count {
            var reader = AnswerReader(methods: ["GET", "HEAD", "GET"])
            reader.append(Array(bytes[..<cut]))
            reader.append(Array(bytes[cut...]))
            #expect(reader.completeCount == 4)
            reader.end()
            #expect(reader.problem == nil && reader.completeCount == 5 && reader.rest.isEmpty)
            #expect(reader.interims.map(\.status) == [100])
            #expect(reader.finals.map(\.status) == [200, 200, 202, 304, 200])
            #expect(reader.finals.map(\.text) == ["hello", "", "abc0123456789a", "", "to the end"])
        }
    }

    @Test(
        "a broken answer is a problem",
        arguments: [
            "HTTP/1.1 200\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: trailer\r\n\r\n",
        ])
    func brokenAnswer(text: String) {
        var reader = AnswerReader()
        for byte in text.latin1 { reader.append([byte]) }
        #expect(reader.problem != nil)
    }

    @Test(
        "a cut answer looks cut",
        arguments: ["Content-Length: 5\r\n\r\nhell", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"])
    func cutAnswer(rest: String) {
        var reader = AnswerReader()
        reader.append("HTTP/1.1 200 OK\r\n\(rest)".latin1)
        reader.end()
        #expect(reader.problem == nil && reader.finals.count == 1 && reader.completeCount == 0)
    }

    // MARK: Both ends of a connection

    @Test("client and origin speak with each other, each as scripted")
    func conversation() throws {
        let (gate, read) = (Gate(), Gate())
        let origin = try RecordingOrigin { request, _ in
            switch request.path {
            case "/held": OriginScript([.hold(gate), .usual])
            case "/early": OriginScript([.usual, .close], atHead: true)
            case "/broken":
                OriginScript([.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".latin1), .hold(read), .reset])
            default: .usual
            }
        }
        let client = try RawClient(origin.address)
        let body = "Content-Length: 3\r\n\r\nabc"
        let first = client.exchange("POST /a?b HTTP/1.1\r\nHost: o\r\n\(body)", method: "POST")
        #expect(first?.text == "up:/a?b len=3")
        client.send("GET /held HTTP/1.1\r\nHost: o\r\n\r\n")
        #expect(origin.wait { $0.target == "/held" && $0.isComplete } != nil)
        gate.open()
        #expect(client.answers(2).last?.text == "up:/held len=0")
        let early = client.exchange("POST /early HTTP/1.1\r\nHost: o\r\nContent-Length: 3\r\n\r\n", method: "POST")
        #expect(early?.text == "up:/early len=0")
        #expect(client.waitForEnd() == .end)
        let cut = try RawClient(origin.address)
        cut.send("GET /broken HTTP/1.1\r\nHost: o\r\n\r\n")
        cut.read { $0.finals.first?.text == "half" }
        // A reset may overtake what the client has not read yet.
        read.open()
        #expect(cut.waitForEnd() == .reset)
        #expect(origin.recorded.map(\.isComplete) == [true, true, false, true])
        #expect(origin.recorded.map(\.connection) == [0, 0, 0, 1])
        let wrong = try RawClient(origin.address)
        wrong.send("GET / HTTP/1.1\r\n\r\n")
        #expect(wrong.waitForEnd() == .end)
        #expect(origin.recorded.last?.problem != nil)
    }

    @Test("client and origin speak TLS, and a connection that is only dropped looks cut")
    func tls() throws {
        let made = try CommandRun(["dev-cert", "certificates"])
        let path = made.directory.path + "/certificates"
        let server = try TLSServer(certificateIn: path)
        let read = Gate()
        let origin = try RecordingOrigin(
            over: { server.accept(over: $0) },
            script: { request, _ in
                switch request.path {
                case "/close": OriginScript([.usual, .close])
                case "/reset": OriginScript([.usual, .hold(read), .reset])
                default: .usual
                }
            })
        func client(_ name: String) throws -> RawClient {
            let socket = try Socket.connected(to: origin.address)
            return RawClient(over: try TLSStream.client(over: socket, trusting: path + "/ca.pem", name: name))
        }
        let first = try client("localhost")
        #expect(first.exchange("GET /a HTTP/1.1\r\nHost: o\r\n\r\n")?.text == "up:/a len=0")
        #expect(first.exchange("GET /close HTTP/1.1\r\nHost: o\r\n\r\n")?.status == 200)
        #expect(first.waitForEnd() == .end)
        let second = try client("127.0.0.1")
        #expect(second.exchange("GET /reset HTTP/1.1\r\nHost: o\r\n\r\n")?.status == 200)
        read.open()
        #expect(second.waitForEnd() == .reset)
        #expect(throws: TLSStream.HandshakeFailed.self) { try client("other.test") }
        #expect(origin.recorded.map(\.target) == ["/a", "/close", "/reset"])
    }

    @Test("a unix socket and IPv6 are reached like TCP")
    func otherAddresses() throws {
        let directory = try TemporaryDirectory()
        for address in [Address.unix(directory.path + "/socket"), .ipv6("::1", port: 0)] {
            let listener = try Socket.listening(on: address)
            let client = try Socket.connected(to: listener.localAddress(of: address))
            let server = try #require(listener.accept())
            #expect(client.send([1, 2, 3], until: .now + Pace.seconds(30)))
            #expect(server.receive(until: .now + Pace.seconds(30)) == .bytes([1, 2, 3]))
        }
    }

    @Test(
        "addresses are read as `bind` spells them",
        arguments: [
            ("127.0.0.1:80", Address.ipv4("127.0.0.1", port: 80)), ("[::1]:8443", .ipv6("::1", port: 8443)),
            ("unix:/run/a.sock", .unix("/run/a.sock")),
        ])
    func addresses(text: String, address: Address) {
        #expect(Address(text) == address)
        #expect(address.description == text)
    }

    // MARK: Programs

    @Test("a program's output, exit and signals are seen")
    func programs() throws {
        let directory = try TemporaryDirectory()
        let script = "echo out; echo $NAME >&2; pwd; trap 'kill $!; exit 7' HUP; sleep 60 & echo ready; wait"
        let program = try RunningProgram(
            "/bin/sh", ["-c", script], environment: ["NAME": "value", "PATH": "/usr/bin:/bin"],
            directory: directory.path)
        let ready = program.progress.wait(until: .now + Pace.seconds(30)) { progress in
            String(decoding: progress.standardOutput, as: UTF8.self).hasSuffix("ready\n") ? true : nil
        }
        #expect(ready == true)
        program.signal(1)
        #expect(program.wait(atMost: Pace.seconds(30)) == .exited(7))
        #expect(program.progress.look { $0.standardOutput } == Array("out\n\(directory.path)\nready\n".utf8))
        #expect(program.progress.look { $0.standardError } == Array("value\n".utf8))
        let killed = try RunningProgram("/bin/sh", ["-c", "kill -9 $$"])
        #expect(killed.wait(atMost: Pace.seconds(30)) == .signalled(9))
        #expect(throws: SystemError.self) { try RunningProgram(directory.path + "/none", []) }
    }

    @Test("the line that tells of a new generation is read")
    func servingLine() throws {
        let text = "acs-gateway 0.1.0 serving generation 3 (sha256 9f86d081…) on 127.0.0.1:8080, unix:/run/a b.sock"
        let line = try #require(ServingLine(text))
        #expect(line.version == "0.1.0" && line.generation == 3 && line.digest == "9f86d081")
        #expect(line.addresses == [.ipv4("127.0.0.1", port: 8080), .unix("/run/a b.sock")])
        #expect(ServingLine("acs-gateway: reload refused, generation 3 stays") == nil)
    }
}

private func bytes(_ digits: String) -> [UInt8] {
    stride(from: 0, to: digits.utf8.count, by: 2).compactMap { start in
        let from = digits.index(digits.startIndex, offsetBy: start)
        return UInt8(digits[from..<digits.index(from, offsetBy: 2)], radix: 16)
    }
}
