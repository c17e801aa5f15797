import Support
import Testing

@testable import Proxy

@Suite("The body of a request")
struct RequestBodyTests {
    private static let head = "POST /sms HTTP/1.1\r\nHost: gw\r\n"

    @Test("chunks come out as one length, without extensions and trailers (BD-3, CK-3, TR-1)")
    func chunks() throws {
        let sent =
            "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\nX-Ms-Date: d\r\n\r\n"
        let bytes = (Self.head + sent).latin1
        for piece in [bytes.count, 1, 7] {
            let bench = ExchangeBench(try .forEverything())
            for start in stride(from: 0, to: bytes.count, by: piece) {
                bench.client(Array(bytes[start..<min(start + piece, bytes.count)]))
            }
            let request = try bench.request()
            #expect(request.body.framing == .length(13))
            #expect(request.body.content == Array("abc0123456789".utf8))
            #expect(!String(latin1: bench.attempts[0]).contains("d\r\nX-Ms-Date"))
            #expect(AccessKeyCheck(base64: TestGateway.firstKey).problem(with: request, now: ExchangeBench.now) == nil)
        }
    }

    @Test("nothing is sent before the whole body is here and may be signed")
    func holding() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client(Self.head + "Content-Length: 3\r\n\r\n")
        for byte in "ab".utf8 {
            bench.client([byte])
            #expect(bench.attempts.isEmpty)
        }
        bench.client("c")
        #expect(try bench.request().body.content == Array("abc".utf8))
    }

    @Test("`100 Continue` is said once, when the request may go on (EX-1)")
    func expecting() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client(Self.head + "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n")
        #expect(String(latin1: bench.answered) == "HTTP/1.1 100 Continue\r\n\r\n")
        bench.client("a")
        bench.client("bc")
        #expect(try bench.request().body.content == Array("abc".utf8))
        bench.resource("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        #expect(bench.answers().interims.count == 1 && bench.answers().finals.map(\.status) == [201])
    }

    @Test("it is not said to HTTP/1.0, nor when no body is announced, nor when all of it is here (EX-2)")
    func notExpecting() throws {
        for text in [
            "POST /sms HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
            Self.head + "Expect: 100-continue\r\n\r\n", Self.head + "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n",
            Self.head + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        ] {
            let bench = ExchangeBench(try .forEverything())
            bench.client(text)
            #expect(bench.answered.isEmpty, "\(text)")
        }
    }

    @Test("a body that is cut short is never sent (BD-1)")
    func cut() throws {
        for (framing, body) in [
            ("Content-Length: 5", "hell"), ("Transfer-Encoding: chunked", "5\r\nhell"),
            ("Transfer-Encoding: chunked", "5\r\nhello\r\n"), ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n"),
        ] {
            let bench = ExchangeBench(try .forEverything())
            bench.client(Self.head + "\(framing)\r\n\r\n\(body)")
            bench.clientEnds()
            #expect(bench.attempts.isEmpty)
            #expect(bench.refusals == [.badRequest] && bench.end == .closed)
        }
    }

    @Test("beyond `body.memory` a body goes through a file, and is the same")
    func spooled() throws {
        let bench = ExchangeBench(try .forEverything(", body: { memory: 1KiB, max: 1MiB }"))
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        bench.client(Self.head + "Content-Length: \(body.count)\r\n\r\n")
        for start in stride(from: 0, to: body.count, by: 9_999) {
            bench.client(Array(body[start..<min(start + 9_999, body.count)]))
            #expect(bench.budget.heldBytes <= 1024)
        }
        let request = try bench.request()
        #expect(request.body.content == body)
        #expect(AccessKeyCheck(base64: TestGateway.firstKey).problem(with: request, now: ExchangeBench.now) == nil)
        // The same body again, with the other key.
        bench.resource("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        #expect(try bench.request(1).body.content == body)
    }

    @Test("the longest body that is allowed passes, one byte more does not (LI-4)")
    func limits() throws {
        for (count, isAllowed) in [(100, true), (101, false)] {
            let body = String(repeating: "a", count: count)
            for text in [
                "Content-Length: \(count)\r\n\r\n\(body)",
                "Transfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n" + body.map { "1\r\n\($0)\r\n" }.joined() + "0\r\n\r\n",
            ] {
                let bench = ExchangeBench(try .forEverything(", body: { max: 100B }"))
                bench.client(Self.head + text)
                #expect(bench.refusals == (isAllowed ? [] : [.bodyTooLarge]))
                #expect(bench.attempts.count == (isAllowed ? 1 : 0))
            }
        }
    }

    @Test("size lines count against the limit once there are very many (CK-4)")
    func overhead() throws {
        let bench = ExchangeBench(try .forEverything(", body: { max: 1KiB }"))
        bench.client(Self.head + "Transfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<1000 where bench.end == nil {
            bench.client("1;" + String(repeating: "e", count: 12) + "\r\na\r\n")
        }
        #expect(bench.end == nil && bench.refusals.isEmpty)
        // One byte a chunk, its line as long as it may be.
        let long = ExchangeBench(try .forEverything(", body: { max: 1MiB }"))
        long.client(Self.head + "Transfer-Encoding: chunked\r\n\r\n")
        let line = String(repeating: "0", count: 15) + "1\r\na\r\n"
        for _ in 0..<100 where long.end == nil { long.client(String(repeating: line, count: 1000)) }
        #expect(long.refusals == [.bodyTooLarge] && long.end == .closed)
    }

    @Test("a chunk that announces the largest number is too large, whatever came before it (CK-1, LI-4)")
    func hugeChunk() throws {
        for before in ["", "1\r\na\r\n"] {
            let bench = ExchangeBench(try .forEverything())
            bench.client(Self.head + "Transfer-Encoding: chunked\r\n\r\n\(before)7fffffffffffffff\r\n")
            #expect(bench.refusals == [.bodyTooLarge])
            #expect(bench.end == .closed)
            #expect(bench.attempts.isEmpty)
        }
    }
}
