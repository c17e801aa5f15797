import Support
import Testing

@testable import Proxy

@Suite("A request body that streams")
struct StreamingTests {
    private static let head = "POST /sms HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer mine\r\n"

    /// A connection to a route that needs no digest.
    private func bench(_ body: String = "", budget: Int = .max) throws -> ExchangeBench {
        ExchangeBench(try .forEverything(", body: { \(body) }", credential: "token"), bodyBudgetBytes: budget)
    }

    private func digest(of text: String) -> String {
        "x-ms-content-sha256: \(Base64.encode(ReferenceDigest.sha256(Array(text.utf8))))\r\n"
    }

    /// Bytes that no two places have alike.
    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }

    @Test("its bytes go on as they come, with the length that was announced (BD-3)")
    func length() throws {
        let bench = try bench("max: 1KiB")
        bench.client(Self.head + "Content-Length: 5\r\n\r\n")
        #expect(try bench.request().body.framing == .length(5))
        for (piece, sent) in [("he", "he"), ("l", "hel"), ("lo", "hello")] {
            bench.client(piece)
            #expect(try bench.request().body.content == Array(sent.utf8))
        }
        #expect(try bench.request().body.isComplete)
        bench.resource("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        bench.client(Self.head + "Content-Length: 1\r\n\r\nx")
        #expect(bench.answers().finals.map(\.status) == [201] && bench.end == nil)
        #expect(try bench.request(1).body.content == Array("x".utf8))
        #expect(bench.givenUp.isEmpty)
    }

    @Test("chunks are written anew, without extensions and trailers (BD-3, CK-3, TR-1)")
    func chunks() throws {
        let bench = try bench("max: 1KiB")
        bench.client(Self.head + "Transfer-Encoding: chunked\r\n\r\n")
        bench.client("1;a=b\r\na\r\n002")
        bench.client("\r\nbc\r\n1\r\nd\r\n")
        #expect(try !bench.request().body.isComplete)
        bench.client("0\r\nX-Ms-Date: d\r\n\r\n")
        let request = try bench.request()
        #expect(request.body.framing == .chunked && request.body.isComplete)
        #expect(request.body.content == Array("abcd".utf8))
        let text = String(latin1: bench.attempts[0])
        #expect(text.hasSuffix("\r\n\r\n1\r\na\r\n3\r\nbcd\r\n0\r\n\r\n"))
    }

    @Test("one that is here completely goes out with its length")
    func small() throws {
        let bench = try bench("max: 1KiB")
        bench.client(Self.head + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
        #expect(try bench.request().body.framing == .length(3))
    }

    @Test("a large one comes out as it went in, and only `body.memory` of it is held", arguments: [1, 4096, 100_000])
    func large(piece: Int) throws {
        let body = bytes(piece == 1 ? 3000 : 700_000)
        for isChunked in [false, true] {
            let bench = try bench("max: 1MiB, memory: 100KiB")
            bench.client(Self.head + (isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"))
            bench.client("\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: piece) {
                let part = Array(body[start..<min(start + piece, body.count)])
                bench.client(isChunked ? Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10] : part)
                #expect(bench.budget.heldBytes <= 102_400 + piece)
            }
            if isChunked { bench.client("0\r\n\r\n") }
            let request = try bench.request()
            #expect(request.body.isComplete && request.body.content == body)
            bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            #expect(bench.budget.heldBytes == 0)
        }
    }

    @Test("one that is cut short never looks whole (BD-1)")
    func cut() throws {
        for (framing, body) in [
            ("Content-Length: 5", "hell"), ("Transfer-Encoding: chunked", "5\r\nhell"),
            ("Transfer-Encoding: chunked", "5\r\nhello\r\n"), ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n"),
        ] {
            let bench = try bench("max: 1KiB")
            bench.client(Self.head + "\(framing)\r\n\r\n\(body)")
            bench.clientEnds()
            #expect(try !bench.request().body.isComplete && bench.givenUp == [0])
            #expect(bench.refusals == [.badRequest] && bench.end == .closed)
        }
    }

    @Test("one that grows too large, or breaks the grammar, is refused and never looks whole (LI-4, CK-2)")
    func refused() throws {
        for (body, code) in [
            ("5\r\nhello\r\n6\r\n world", ErrorCode.bodyTooLarge), ("5\r\nhello\r\n6\r\n", .bodyTooLarge),
            ("5\r\nhelloX", .badRequest), ("5\r\nhello\r\n0\r\nX y: z\r\n\r\n", .badRequest),
        ] {
            let bench = try bench("max: 10B")
            bench.client(Self.head + "Transfer-Encoding: chunked\r\n\r\n")
            for byte in body.utf8 where bench.end == nil { bench.client([byte]) }
            #expect(try !bench.request().body.isComplete && bench.givenUp == [0])
            #expect(bench.refusals == [code] && bench.end == .closed)
        }
    }

    @Test("`100 Continue` is said once its head went on (EX-1)")
    func expecting() throws {
        let bench = try bench("max: 1KiB")
        bench.client(Self.head + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(bench.attempts.count == 1)
        #expect(String(latin1: bench.answered) == "HTTP/1.1 100 Continue\r\n\r\n")
        bench.client("abc")
        #expect(try bench.request().body.isComplete && bench.request().head.values("expect").isEmpty)
        bench.resource("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.answers().interims.count == 1 && bench.answers().finals.map(\.status) == [201])
    }

    // MARK: Declared digests

    @Test("a declared digest lets it stream under a signature, which holds for what was sent")
    func signed() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client("POST /sms HTTP/1.1\r\nHost: gw\r\n" + digest(of: "hello") + "Content-Length: 5\r\n\r\nhe")
        #expect(try bench.request().body.content == Array("he".utf8))
        bench.client("llo")
        let request = try bench.request()
        #expect(request.body.isComplete)
        #expect(AccessKeyCheck(base64: TestGateway.firstKey).problem(with: request, now: ExchangeBench.now) == nil)
    }

    @Test("chunks are held all the same when they are signed, and so is a body whose digest is none")
    func held() throws {
        for fields in [
            digest(of: "hello") + "Transfer-Encoding: chunked\r\n\r\n5\r\nhe", "Content-Length: 5\r\n\r\nhe",
        ] {
            let bench = ExchangeBench(try .forEverything())
            bench.client("POST /sms HTTP/1.1\r\nHost: gw\r\nx-a: b\r\n" + fields)
            #expect(bench.attempts.isEmpty)
        }
        let bench = ExchangeBench(try .forEverything())
        bench.client("POST /sms HTTP/1.1\r\nHost: gw\r\nx-ms-content-sha256: aaaa\r\nContent-Length: 5\r\n\r\nhe")
        #expect(bench.attempts.isEmpty)
    }

    @Test(
        "of one that is not what was declared the end never goes on, and the client is told",
        arguments: ["key", "token"], [[5], [2, 3], [1, 1, 1, 1, 1], [4, 1]])
    func mismatch(credential: String, pieces: [Int]) throws {
        for isChunked in [false, true] {
            let bench = ExchangeBench(try .forEverything(credential: credential))
            bench.client(
                Self.head + digest(of: "hallo") + (isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 5"))
            bench.client("\r\n\r\n")
            var rest = Array("hello".utf8)[...]
            for count in pieces {
                bench.client(
                    isChunked ? Array("\(count)\r\n".utf8) + rest.prefix(count) + [13, 10] : Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            if isChunked { bench.client("0\r\n\r\n") }
            #expect(bench.refusals == [.bodyDigestMismatch])
            for number in bench.attempts.indices {
                #expect(try !bench.request(number).body.isComplete)
                #expect(bench.givenUp == [number])
            }
            // The body was read to its end: the connection goes on.
            bench.client(Self.head + "Content-Length: 1\r\n\r\nx")
            let last = try bench.request(bench.attempts.count - 1)
            #expect(last.body.content == Array("x".utf8) && last.body.isComplete)
        }
    }

    // MARK: Another try

    @Test("after a 401 it is sent again with the other key, while it fits `body.memory`")
    func again() throws {
        for (memory, isKept) in [(300, true), (299, false)] {
            let gateway = try TestGateway.forEverything(", body: { memory: \(memory)B }")
            let body = String(repeating: "a", count: 300)
            for isWhole in [true, false] {
                let bench = ExchangeBench(gateway)
                bench.client("POST / HTTP/1.1\r\nHost: gw\r\n" + digest(of: body) + "Content-Length: 300\r\n\r\n")
                bench.client(isWhole ? body : String(body.prefix(250)))
                bench.resource("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                #expect(bench.attempts.count == (isKept ? 2 : 1))
                #expect(bench.refusals == (isKept ? [] : [.credentialUnavailable]))
                guard isKept else {
                    #expect(bench.answers().finals.first?.head.values("retry-after") == ["1"])
                    continue
                }
                if !isWhole { bench.client(String(body.dropFirst(250))) }
                let request = try bench.request(1)
                #expect(request.body.content == Array(body.utf8) && request.body.isComplete)
                #expect(
                    AccessKeyCheck(base64: TestGateway.secondKey).problem(with: request, now: ExchangeBench.now) == nil)
                bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                #expect(bench.answers().finals.map(\.status) == [200] && bench.budget.heldBytes == 0)
            }
        }
    }

    @Test("when bodies take much of their memory already, nothing more is kept for another try")
    func crowded() throws {
        let bench = try bench("memory: 4KiB", budget: 1000)
        bench.client(Self.head + "Content-Length: 3000\r\n\r\n")
        for _ in 0..<30 { bench.client(String(repeating: "a", count: 100)) }
        #expect(bench.budget.heldBytes <= 850)
        #expect(try bench.request().body.isComplete && bench.refusals.isEmpty)
    }

    // MARK: Early answers

    @Test("a refusal before its end is relayed, nothing more goes on, and the connection ends (BD-2)")
    func earlyRefusal() throws {
        let bench = try bench("max: 1KiB")
        bench.client(Self.head + "Content-Length: 10\r\n\r\nhell")
        bench.resource("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
        #expect(bench.end == .closed && bench.givenUp == [0])
        let answer = bench.answers().finals.first
        #expect(answer?.status == 413 && answer?.text == "no" && answer?.head.values("connection") == ["close"])
        #expect(try bench.request().body.content == Array("hell".utf8))
    }

    @Test("beside a good answer the rest goes on, and then the connection ends (BD-2)")
    func earlyAnswer() throws {
        let bench = try bench("max: 1KiB")
        bench.client(Self.head + "Content-Length: 10\r\n\r\nhell")
        bench.resource("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        #expect(bench.answers().finals.first?.text == "ok")
        bench.client("o wo")
        #expect(try bench.request().body.content == Array("hello wo".utf8))
        bench.resource("0\r\n\r\n")
        #expect(bench.end == nil && bench.answers().completeCount == 1)
        bench.client("rl")
        #expect(try bench.request().body.isComplete)
        #expect(bench.end == .closed && bench.givenUp.isEmpty)
        #expect(bench.answers().finals.first?.head.values("connection") == ["close"])
        #expect(bench.answers().problem == nil && bench.budget.heldBytes == 0)
    }

    @Test("a body cut or wrong beside an answer cuts it, unless it is whole already (BD-1, UP-7)")
    func earlyAnswerThenCut() throws {
        for (isWhole, end) in [(false, ExchangeBench.End.cut), (true, .closed)] {
            let bench = try bench("max: 1KiB")
            bench.client(Self.head + "Content-Length: 10\r\n\r\nhell")
            bench.resource("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok\(isWhole ? "ok" : "")")
            bench.clientEnds()
            #expect(bench.end == end && bench.givenUp == [0])
            #expect(try !bench.request().body.isComplete)
            #expect(bench.answers().completeCount == (isWhole ? 1 : 0))
        }
    }
}
