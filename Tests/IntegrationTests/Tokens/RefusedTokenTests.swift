import Support
import Testing

/// A 401 to a body that streams: what was kept of it is sent once more, what was not is told, and the token goes either
/// way (config language, section 6).
@Suite("A refused token and a body that streams", .timeLimit(.minutes(Pace.minutes(2))))
struct RefusedTokenTests {
    /// A resource and its token endpoint in one; ``revoked`` is refused.
    private final class Origin: Sendable {
        struct State: Sendable {
            var tokens = 0
            var revoked: String?
            /// The 401 comes behind the head, and then the connection ends.
            var refusesAtHead = false
        }
        let state = Monitor(State())
        let origin: RecordingOrigin

        init() throws {
            let state = state
            origin = try RecordingOrigin { request, _ in
                if request.path.hasSuffix("/oauth2/v2.0/token") {
                    guard request.body.isComplete else { return .usual }
                    return Self.token(
                        state.change {
                            $0.tokens += 1
                            return $0.tokens
                        })
                }
                let (isRevoked, isEarly) = state.look {
                    (request.head.only("authorization") == $0.revoked, $0.refusesAtHead)
                }
                guard isRevoked else { return .usual }
                let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".latin1
                return OriginScript(isEarly ? [.send(refusal), .close] : [.send(refusal)], atHead: isEarly)
            }
        }

        private static func token(_ number: Int) -> OriginScript {
            let body = #"{"token_type":"Bearer","expires_in":3600,"access_token":"token-\#(number)"}"#
            return .text(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }

        /// The credentials, and the bytes of the body, of each request for `path`.
        func attempts(_ path: String) -> [(token: String?, bytes: Int)] {
            origin.recorded.filter { $0.target == path }.map {
                ($0.request?.head.only("authorization"), $0.request?.body.content.count ?? -1)
            }
        }
    }

    /// Twenty times what is kept of a streaming body.
    private static let memoryBytes = 65_536
    private static let large = String(repeating: "l", count: 20 * memoryBytes)
    private static let small = String(repeating: "s", count: memoryBytes - 1)

    private let resource: Origin
    private let gateway: GatewayProcess

    /// One worker, since each finds out for itself; the first token was used and is revoked.
    init() throws {
        resource = try Origin()
        var config = ConfigText(origin: resource.origin.address)
        config.workers = 1
        config.defaults = ["timeouts: { connect: 20s }", "body: { memory: 64KiB, max: 4MiB }"]
        config.credentials = [
            """
            key: { strategy: service_principal, tenant_id: contoso, client_id: app, \
            client_secret: "${file:key1}", authority: "http://\(resource.origin.address)" }
            """
        ]
        gateway = try GatewayProcess(config.text, files: ConfigText.files)
        let first = try RawClient(gateway.address).exchange(request("GET /warm"))
        try #require(first?.status == 200)
        resource.state.change { $0.revoked = "Bearer token-1" }
    }

    /// The next request has the new token, and nobody asked for a third.
    private func expectNewToken() throws {
        #expect(try RawClient(gateway.address).exchange(request("GET /next"))?.status == 200)
        #expect(resource.attempts("/next").map(\.token) == ["Bearer token-2"])
        #expect(resource.state.look(\.tokens) == 2)
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program, [TestKeys.first, "token-1", "token-2"])
    }

    private func framed(_ path: String, _ body: String, chunked: Bool) -> String {
        guard chunked else { return request("POST \(path)", body: body) }
        let size = String(body.utf8.count, radix: 16)
        return request("POST \(path)", "Transfer-Encoding: chunked") + "\(size)\r\n\(body)\r\n0\r\n\r\n"
    }

    @Test("one too large to be kept is 503 once, and passes when its sender tries again", arguments: [false, true])
    func tooLarge(chunked: Bool) throws {
        let client = try RawClient(gateway.address)
        let text = framed("/large", Self.large, chunked: chunked)
        let answer = try #require(client.exchange(text, method: "POST"))
        #expect(answer.status == 503 && answer.head.only("x-ms-error-code") == "CredentialUnavailable")
        #expect(answer.head.values("retry-after") == ["1"])
        // The body was read to its end, so the connection serves on.
        #expect(client.exchange(text, method: "POST")?.status == 200)
        let attempts = resource.attempts("/large")
        #expect(attempts.map(\.token) == ["Bearer token-1", "Bearer token-2"])
        #expect(attempts.map(\.bytes) == [Self.large.utf8.count, Self.large.utf8.count])
        try expectNewToken()
    }

    @Test("one that is kept is sent once more, with the new token", arguments: [false, true])
    func kept(chunked: Bool) throws {
        let client = try RawClient(gateway.address)
        #expect(client.exchange(framed("/small", Self.small, chunked: chunked), method: "POST")?.status == 200)
        let attempts = resource.attempts("/small")
        #expect(attempts.map(\.token) == ["Bearer token-1", "Bearer token-2"])
        #expect(attempts.map(\.bytes) == [Self.small.utf8.count, Self.small.utf8.count])
        try expectNewToken()
    }

    @Test("a 401 before the end of one too large is told before its sender goes on")
    func earlyAndTooLarge() throws {
        resource.state.change { $0.refusesAtHead = true }
        let client = try RawClient(gateway.address, methods: ["POST"])
        client.send(request("POST /large", "Content-Length: \(Self.large.utf8.count)") + "the first of it")
        #expect(client.answers(1).map(\.status) == [503])
        #expect(client.reader.finals.first?.head.only("connection") == "close" && client.waitForEnd() != nil)
        #expect(resource.attempts("/large").count == 1)
        #expect(resource.origin.recorded.allSatisfy { $0.target != "/large" || !$0.isComplete })
        try expectNewToken()
    }

    @Test(
        "a 401 before the end of one that is kept: what came goes out anew, and then the rest", arguments: [7, 40_000])
    func earlyAndKept(count: Int) throws {
        resource.state.change { $0.refusesAtHead = true }
        let client = try RawClient(gateway.address, methods: ["POST"])
        client.send(request("POST /small", "Content-Length: \(Self.small.utf8.count)"))
        client.send(String(Self.small.prefix(count)))
        let isAgain = resource.origin.wait {
            $0.request?.head.only("authorization") == "Bearer token-2" && $0.request?.body.content.count == count
        }
        #expect(isAgain != nil)
        client.send(String(Self.small.dropFirst(count)))
        #expect(client.answers(1).map(\.status) == [200])
        #expect(resource.attempts("/small").map(\.token) == ["Bearer token-1", "Bearer token-2"])
        #expect(resource.attempts("/small").last?.bytes == Self.small.utf8.count)
        try expectNewToken()
    }
}
