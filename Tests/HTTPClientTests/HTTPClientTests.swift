import Crypto
import HTTPClient
import Support
import Testing

@Suite("What the control plane sends and gets", .onOwnThread)
struct HTTPClientTests {
    let client: HTTPClient

    init() throws { client = try HTTPClient() }

    @Test("a GET is these bytes and no others")
    func get() async throws {
        let origin = try RecordingOrigin()
        let fields = [
            HTTPField("Metadata", "true"), HTTPField("X-Empty", ""), HTTPField("secret", Secret(copying: "s/1")),
        ]
        let answer = try await client.send(.plain(origin.url("/a/../b//c?x=%2f&y="), fields: fields))
        #expect(answer.status == 200)
        #expect(answer.text == "up:/a/../b//c?x=%2f&y= len=0")
        let lines = [
            "GET /a/../b//c?x=%2f&y= HTTP/1.1", "Host: \(origin.address)", "Metadata: true", "X-Empty:", "secret: s/1",
            "", "",
        ]
        #expect(origin.recorded.map { $0.raw } == [lines.joined(separator: "\r\n").latin1])
    }

    @Test("a POST is these bytes and no others")
    func post() async throws {
        let origin = try RecordingOrigin()
        let request = HTTPRequest(
            .post, origin.url("/t"), fields: [HTTPField("Content-Type", "application/x-www-form-urlencoded")],
            body: Secret(copying: "grant_type=client_credentials"), allowsPlaintext: true)
        #expect(try await client.send(request).text == "up:/t len=29")
        let lines = [
            "POST /t HTTP/1.1", "Host: \(origin.address)", "Content-Type: application/x-www-form-urlencoded",
            "Content-Length: 29", "", "grant_type=client_credentials",
        ]
        #expect(origin.recorded.map { $0.raw } == [lines.joined(separator: "\r\n").latin1])
    }

    @Test("a POST without a body says so")
    func emptyPost() async throws {
        let origin = try RecordingOrigin()
        _ = try await client.send(HTTPRequest(.post, origin.url("/"), allowsPlaintext: true))
        let lines = ["POST / HTTP/1.1", "Host: \(origin.address)", "Content-Length: 0", "", ""]
        #expect(origin.recorded.map { $0.raw } == [lines.joined(separator: "\r\n").latin1])
    }

    @Test("a large body goes out whole, without asking first")
    func largePost() async throws {
        let origin = try RecordingOrigin()
        let body = [UInt8](repeating: 0x61, count: 3 << 20)
        let request = HTTPRequest(.post, origin.url("/"), body: Secret(copying: body.span), allowsPlaintext: true)
        #expect(try await client.send(request).text == "up:/ len=\(3 << 20)")
        #expect(origin.recorded.first?.request?.head.values("expect") == [])
    }

    @Test("a URL without a path asks for /")
    func noPath() async throws {
        let origin = try RecordingOrigin()
        #expect(try await client.send(.plain(origin.url(""))).text == "up:/ len=0")
        #expect(try await client.send(.plain(origin.url("?a=b"))).text == "up:/?a=b len=0")
    }

    @Test("each request has a connection of its own, so that none is sent again on the way")
    func once() async throws {
        let origin = try RecordingOrigin()
        for number in 0..<3 { _ = try await client.send(.plain(origin.url("/\(number)"))) }
        #expect(origin.recorded.map(\.connection) == [0, 1, 2])
        // What was idle has ended, and the next one answers nothing: one request all the same.
        origin.follow { _, _ in OriginScript([.close]) }
        await #expect(throws: HTTPFailure.self) { try await client.send(.plain(origin.url("/last"))) }
        #expect(origin.recorded.filter { $0.target == "/last" }.count == 1)
    }

    @Test("a handle that is used again remembers nothing of its last request")
    func forgets() async throws {
        let origin = try RecordingOrigin()
        let post = HTTPRequest(
            .post, origin.url("/first"), fields: [HTTPField("Authorization", Secret(copying: "Basic abc"))],
            body: Secret(copying: "first"), allowsPlaintext: true)
        _ = try await client.send(post)
        _ = try await client.send(.plain(origin.url("/second")))
        let second = "GET /second HTTP/1.1\r\nHost: \(origin.address)\r\n\r\n"
        #expect(origin.recorded.last?.raw == second.latin1)
    }

    @Test("two hundred requests at once each get their own answer")
    func many() async throws {
        let origin = try RecordingOrigin()
        let right = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask { [client] in
                    let answer = try? await client.send(.plain(origin.url("/\(number)")))
                    return answer?.text == "up:/\(number) len=0"
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(right == 200)
        #expect(Set(origin.recorded.map(\.target)).count == 200)
    }

    @Test(
        "an answer is taken as it came",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
            ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            ("HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, "ok"),
            ("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=/x\r\nContent-Length: 1\r\n\r\n!", 401, "!"),
            ("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 503, ""),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200, "abcde"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n", 200, "abc"),
            (
                "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok"
            ),
        ])
    func answers(wire: String, status: Int, body: String) async throws {
        let origin = try RecordingOrigin.answering(wire)
        let answer = try await client.send(.plain(origin.url("/")))
        #expect(answer.status == status)
        #expect(answer.text == body)
        #expect(!answer.fields.contains { $0.name == "Link" || $0.name == "T" })
    }

    @Test("an answer that ends with its connection is whole when the connection ends")
    func untilClose() async throws {
        let origin = try RecordingOrigin.answering("HTTP/1.1 200 OK\r\n\r\nall of it", ending: .close)
        #expect(try await client.send(.plain(origin.url("/"))).text == "all of it")
    }

    @Test("fields keep their order, their names and their repeats")
    func fields() async throws {
        let wire = "HTTP/1.1 200 OK\r\nb: 1\r\nA:  two words \t\r\nb:\r\nContent-Length: 0\r\n\r\n"
        let origin = try RecordingOrigin.answering(wire)
        let answer = try await client.send(.plain(origin.url("/")))
        #expect(answer.fields.map { "\($0.name)=\($0.value)" } == ["b=1", "A=two words", "b=", "Content-Length=0"])
    }

    @Test("a redirect is an answer, and nobody goes there", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let elsewhere = try RecordingOrigin()
        let origin = try RecordingOrigin.answering(
            "HTTP/1.1 \(status) Over There\r\nLocation: \(elsewhere.url("/"))\r\nContent-Length: 0\r\n\r\n")
        #expect(try await client.send(.plain(origin.url("/"))).status == status)
        #expect(elsewhere.connectionCount == 0)
        #expect(origin.recorded.count == 1)
    }

    @Test("a cookie does not come back, and a coding that nobody asked for stays")
    func noEngines() async throws {
        let origin = try RecordingOrigin.answering(
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok")
        #expect(try await client.send(.plain(origin.url("/"))).text == "ok")
        _ = try await client.send(.plain(origin.url("/")))
        #expect(origin.recorded.map { $0.request?.head.fields.map(\.name) } == [["Host"], ["Host"]])
    }
}
