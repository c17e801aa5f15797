import Crypto
import Support
import Testing

@testable import HTTPClient

@Suite("When no answer comes, or a wrong one", .onOwnThread)
struct FailureTests {
    let client: HTTPClient

    init() throws { client = try HTTPClient() }

    @Test(
        "an answer that breaks the rules is refused",
        arguments: [
            // HTTP/0.9, other protocols and other versions.
            ("hello", .answer), ("SSH-2.0-OpenSSH_9.2\r\n\r\n", .answer), ("HTTP/2 200 OK\r\n\r\n", .answer),
            ("HTTP/3.0 200 OK\r\n\r\n", .answer), ("ICY 200 OK\r\n\r\n", .answer),
            // Status lines.
            ("HTTP/1.1 20 OK\r\n\r\n", .answer), ("HTTP/1.1 2000 OK\r\n\r\n", .answer),
            ("HTTP/1.1 600 OK\r\n\r\n", .answer), ("HTTP/1.1  200 OK\r\n\r\n", .answer),
            // Field lines.
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .answer), ("HTTP/1.1 200 OK\r\n: x\r\n\r\n", .answer),
            ("HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n", .answer), ("HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", .answer),
            ("HTTP/1.1 200 OK\nA: 1\n\n", .answer), ("HTTP/1.1 200 OK\r\nA: \u{1}\r\n\r\n", .answer),
            ("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", .answer),
            // What ends too soon.
            ("", .lost), ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .lost),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .lost),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .lost),
            // Only interim answers.
            ("HTTP/1.1 100 Continue\r\n\r\n", .lost),
        ] as [(String, HTTPFailure.Kind)])
    func wrongAnswers(wire: String, kind: HTTPFailure.Kind) async throws {
        let origin = try RecordingOrigin.answering(wire, ending: .close)
        let secret = Secret(copying: "s3cret")
        let request = HTTPRequest(
            .post, origin.url("/s3cret?code=s3cret"), fields: [HTTPField("Secret", secret)], body: secret,
            allowsPlaintext: true)
        let failure = await client.failure(request)
        #expect(failure?.kind == kind, "\(failure?.sentence ?? "an answer")")
        #expect(failure?.sentence.contains("`\(origin.address)`") == true)
        #expect(failure?.sentence.contains("s3cret") == false)
    }

    @Test("a body up to the limit is taken, and not a byte more", arguments: [true, false])
    func bodyLimit(isChunked: Bool) async throws {
        func wire(_ count: Int) -> String {
            let body = String(repeating: "x", count: count)
            guard isChunked else { return "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n\(body)" }
            let chunk = "\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
            return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)"
        }
        let limit = HTTPRequest.usualAnswerLimitBytes
        let largest = try RecordingOrigin.answering(wire(limit))
        #expect(try await client.send(.plain(largest.url("/"))).body.count == limit)
        let larger = try RecordingOrigin.answering(wire(limit + 1))
        let failure = await client.failure(.plain(larger.url("/")))
        #expect(failure == HTTPFailure(.tooLarge, "`\(larger.address)` answered with more than \(limit) bytes"))
    }

    @Test("an answer without end is given up at the limit")
    func endlessBody() async throws {
        let block = OriginScript.Step.send([UInt8](repeating: 0x78, count: 1 << 20))
        let origin = try RecordingOrigin { _, _ in
            OriginScript([.send("HTTP/1.1 200 OK\r\n\r\n".latin1)] + Array(repeating: block, count: 200))
        }
        #expect(await client.failure(.plain(origin.url("/")))?.kind == .tooLarge)
    }

    @Test(
        "a head has a limit, whatever it is made of",
        arguments: [
            "HTTP/1.1 200 OK\r\n" + String(repeating: "A: \(String(repeating: "x", count: 997))\r\n", count: 40),
            "HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 40_000))\r\n",
            String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 2_000),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + String(repeating: "A: x\r\n", count: 6_000),
        ])
    func headLimit(wire: String) async throws {
        let origin = try RecordingOrigin.answering(wire, ending: .hold(Gate()))
        #expect(await client.failure(.plain(origin.url("/")))?.kind == .tooLarge)
    }

    @Test("a connection that is refused is told of with the system's reason")
    func refused() async throws {
        let closed = try ClosedPort()
        let port = closed.number
        let failure = await client.failure(.plain("http://127.0.0.1:\(port)/?code=s3cret"))
        withExtendedLifetime(closed) {}
        #expect(failure == HTTPFailure(.connect, "no connection to `127.0.0.1:\(port)`: Connection refused"))
        #expect(failure?.isTemporary == true)
    }

    @Test("a name without an address is told of")
    func unresolved() async throws {
        let failure = await client.failure(.plain("http://no-such-host.invalid/"))
        #expect(failure?.kind == .resolve)
    }

    @Test("a broken connection is told of")
    func reset() async throws {
        let origin = try RecordingOrigin { _, _ in OriginScript([.reset]) }
        #expect(await client.failure(.plain(origin.url("/")))?.kind == .lost)
    }

    // MARK: Time

    @Test(
        "an answer that is late is given up",
        arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"])
    func late(wire: String) async throws {
        let origin = try RecordingOrigin.answering(wire, ending: .hold(Gate()))
        var request = HTTPRequest.plain(origin.url("/"))
        request.totalTimeout = .milliseconds(500)
        let failure = await client.failure(request)
        #expect(failure == HTTPFailure(.timeout, "`\(origin.address)` did not answer within 500 ms"))
    }

    @Test("a TLS handshake that hangs is given up with the connection's time")
    func lateHandshake() async throws {
        let gate = Gate()
        let origin = try RecordingOrigin(
            over: { _ in
                gate.pass()
                return nil
            }, script: { _, _ in .usual })
        let request = HTTPRequest(.get, origin.url("/", scheme: "https"), connectTimeout: .milliseconds(200))
        let failure = await client.failure(request)
        #expect(failure == HTTPFailure(.timeout, "no connection to `\(origin.address)` within 200 ms"))
        gate.open()
    }

    // MARK: Sending once

    @Test("a POST on a connection that died is not sent again")
    func postOnce() async throws {
        let origin = try RecordingOrigin { _, number in number == 0 ? .usual : OriginScript([.close]) }
        _ = try await client.send(.plain(origin.url("/first")))
        let post = HTTPRequest(.post, origin.url("/t"), body: Secret(copying: "x=1"), allowsPlaintext: true)
        #expect(await client.failure(post)?.kind == .lost)
        #expect(origin.recorded.map(\.target) == ["/first", "/t"])
    }

    // MARK: Giving up

    @Test("a task that is cancelled ends its transfer and the connection")
    func cancellation() async throws {
        let gate = Gate()
        let origin = try RecordingOrigin { _, _ in OriginScript([.hold(gate), .usual]) }
        let task = Task(executorPreference: OwnThread.current) { [client] in
            await client.failure(.plain(origin.url("/")))
        }
        _ = await elsewhere { origin.wait { $0.isComplete } != nil }
        task.cancel()
        let sentence = "the request to `\(origin.address)` was cancelled"
        #expect(await task.value == HTTPFailure(.cancelled, sentence))
        gate.open()
        // The thread lives on, and the connection does not.
        #expect(try await client.send(.plain(origin.url("/next"))).status == 200)
        #expect(origin.recorded.map(\.connection) == [0, 1])
    }

    @Test("a task that is cancelled before it sends, sends nothing")
    func cancelledBefore() async throws {
        let origin = try RecordingOrigin()
        let gate = Gate()
        let task = Task(executorPreference: OwnThread.current) { [client] in
            _ = await elsewhere { gate.pass() }
            return await client.failure(.plain(origin.url("/")))
        }
        task.cancel()
        gate.open()
        #expect(await task.value?.kind == .cancelled)
        #expect(origin.recorded.isEmpty)
    }

    @Test("many that come, go and are cancelled leave the client as it was")
    func churn() async throws {
        let origin = try RecordingOrigin()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { [client] in
                    let task = Task(executorPreference: OwnThread.current) {
                        try? await client.send(.plain(origin.url("/\(number)")))
                    }
                    if number % 2 == 0 { task.cancel() }
                    _ = await task.value
                }
            }
        }
        #expect(try await client.send(.plain(origin.url("/last"))).status == 200)
    }

    @Test("the end of the client ends what is under way, and nothing begins after it")
    func shutdown() async throws {
        let gate = Gate()
        let origin = try RecordingOrigin { _, _ in OriginScript([.hold(gate)]) }
        let task = Task(executorPreference: OwnThread.current) { [client] in
            await client.failure(.plain(origin.url("/")))
        }
        _ = await elsewhere { origin.wait { $0.isComplete } != nil }
        client.shutdown()
        #expect(await task.value == .shutDown)
        #expect(await client.failure(.plain(origin.url("/"))) == .shutDown)
        gate.open()
    }

    @Test("more at once than the limit are refused, and fewer are served again")
    func overload() async throws {
        let client = try HTTPClient(concurrencyLimit: 1)
        let gate = Gate()
        let origin = try RecordingOrigin { _, _ in OriginScript([.hold(gate), .usual]) }
        let task = Task(executorPreference: OwnThread.current) { await client.failure(.plain(origin.url("/"))) }
        _ = await elsewhere { origin.wait { $0.isComplete } != nil }
        #expect(await client.failure(.plain(origin.url("/")))?.kind == .unavailable)
        gate.open()
        #expect(await task.value == nil)
        #expect(try await client.send(.plain(origin.url("/"))).status == 200)
    }

    @Test("what helps to wait out is told from what does not", arguments: HTTPFailure.Kind.allCases)
    func temporary(kind: HTTPFailure.Kind) {
        let temporary: [HTTPFailure.Kind] = [.resolve, .connect, .timeout, .tls, .lost, .unavailable]
        #expect(HTTPFailure(kind, "").isTemporary == temporary.contains(kind))
    }
}
