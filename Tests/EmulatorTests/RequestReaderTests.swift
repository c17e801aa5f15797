import Bytes
import Testing

@testable import Emulator

@Suite("Requests out of a connection's bytes")
struct RequestReaderTests {
    /// Three requests behind each other: one without content, one with a length, one in chunks.
    private static let three =
        "GET /a?x HTTP/1.1\r\nHost: h\r\nX-One:  a b \r\nx-one: c\r\n\r\n"
        + "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
        + "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        + "3;e=1\r\nabc\r\n1\r\nd\r\n0\r\nTrailer: x\r\n\r\n"

    /// What ``three`` comes to.
    private static let expected: [RequestReader.Event] = [
        .request(
            EmulatedRequest(
                method: "GET", target: "/a?x",
                fields: [EmulatedField("Host", "h"), EmulatedField("X-One", "a b"), EmulatedField("x-one", "c")],
                receivedAtSeconds: 9), isPersistent: true),
        .request(
            EmulatedRequest(
                method: "POST", target: "/b",
                fields: [EmulatedField("Host", "h"), EmulatedField("Content-Length", "5")], body: Array("hello".utf8),
                receivedAtSeconds: 9), isPersistent: true),
        .request(
            EmulatedRequest(
                method: "PUT", target: "/c",
                fields: [
                    EmulatedField("Host", "h"), EmulatedField("Transfer-Encoding", "chunked"),
                    EmulatedField("Connection", "close"),
                ], body: Array("abcd".utf8), receivedAtSeconds: 9), isPersistent: false),
    ]

    /// All events of `pieces`, which come one after the other, but for those that ask for more.
    private func events(_ pieces: [String]) -> [RequestReader.Event] {
        var reader = RequestReader()
        var input = ByteBuffer()
        var events: [RequestReader.Event] = []
        for piece in pieces {
            input.append(text: piece)
            while true {
                let event = reader.next(&input, receivedAtSeconds: 9, peerIsLoopback: true)
                if event == .needMore { break }
                events.append(event)
                if case .refused = event { return events }
            }
        }
        return events
    }

    @Test("pipelined requests come out one by one, however their bytes are cut") func cuts() {
        #expect(events([Self.three]) == Self.expected)
        #expect(events(Self.three.map { String($0) }) == Self.expected)
        for index in Self.three.indices {
            #expect(events([String(Self.three[..<index]), String(Self.three[index...])]) == Self.expected)
        }
    }

    @Test("a client that waits for it is told once to go on") func expectation() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        let both = events([head, "x", head + "y"])
        #expect(both.map { $0 == .awaitsContinue } == [true, false, true, false])
        let unknown = events(["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: more\r\n\r\n"])
        #expect(unknown.map(status) == [417])
    }

    @Test("what breaks the grammar is refused with HTTP's status") func refused() {
        let host = " HTTP/1.1\r\nHost: h\r\n"
        let long = String(repeating: "x", count: 20_000)
        let wrong = [
            ("GET /\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
            ("GET /\(host)Host: h\r\n\r\n", 400), ("G\u{7F}T /", 400),
            ("POST /\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST /\(host)Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
            ("POST /\(host)Content-Length: 33554433\r\n\r\n", 413), ("GET /\(long)", 414),
            ("GET /\(host)X: \(long)", 431),
        ]
        for (bytes, expected) in wrong { #expect(events([bytes]).map(status) == [expected], "\(bytes.prefix(60))") }
    }

    @Test("content of many chunks ends at the limit, size lines counted") func chunkLimit() {
        var reader = RequestReader()
        var input = ByteBuffer()
        input.append(text: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "100000\r\n" + String(repeating: "x", count: 0x100000) + "\r\n"
        for _ in 0..<31 {
            input.append(text: chunk)
            #expect(reader.next(&input, receivedAtSeconds: 9, peerIsLoopback: true) == .needMore)
        }
        input.append(text: chunk)
        let last = reader.next(&input, receivedAtSeconds: 9, peerIsLoopback: true)
        #expect(status(last) == 413)
        #expect(reader.next(&input, receivedAtSeconds: 9, peerIsLoopback: true) == last)
    }

    @Test("an older client's connection ends unless it asks") func older() {
        func isPersistent(_ fields: String) -> Bool? {
            guard case .request(_, let isPersistent) = events(["GET / HTTP/1.0\r\n\(fields)\r\n"]).first else {
                return nil
            }
            return isPersistent
        }
        #expect(isPersistent("") == false)
        #expect(isPersistent("Connection: keep-alive\r\n") == true)
    }

    private func status(_ event: RequestReader.Event) -> Int? {
        guard case .refused(let error) = event else { return nil }
        return error.status
    }
}

@Suite("Answers as bytes")
struct AnswerWriterTests {
    private func bytes(_ answer: EmulatedAnswer, method: String = "GET", isPersistent: Bool = true) -> String {
        var output = ByteBuffer()
        answer.write(
            to: &output, method: method, isPersistent: isPersistent, atSeconds: testTime.seconds)
        return output.span.text
    }

    @Test("an answer has a date, its fields and its length")
    func whole() {
        let answer = EmulatedAnswer(status: 202, json: ["a": 1], fields: [EmulatedField("x", "y")])
        #expect(
            bytes(answer)
                == "HTTP/1.1 202 Accepted\r\ndate: \(testTime.date)\r\nx: y\r\n"
                + "content-type: application/json; charset=utf-8\r\ncontent-length: 7\r\n\r\n{\"a\":1}")
    }

    @Test("204 has no length, HEAD no content, the last answer says so") func exceptions() {
        #expect(bytes(EmulatedAnswer(status: 204)) == "HTTP/1.1 204 No Content\r\ndate: \(testTime.date)\r\n\r\n")
        let answer = EmulatedAnswer(status: 200, json: ["a": 1])
        #expect(bytes(answer, method: "HEAD").contains("content-length: 7\r\n\r\n"))
        #expect(!bytes(answer, method: "HEAD").contains("{"))
        #expect(bytes(answer, isPersistent: false).contains("\r\nconnection: close\r\n\r\n{"))
    }
}
