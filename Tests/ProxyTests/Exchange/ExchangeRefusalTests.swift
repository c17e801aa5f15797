import Support
import Testing

@testable import Proxy

@Suite("Requests that the gateway answers itself")
struct ExchangeRefusalTests {
    private static let routes = [
        "{ name: sms, match: { path: /sms, methods: [POST] }, allow: [anonymous], resource: contoso, "
            + "body: { max: 10B } }",
        "{ name: gw, match: { path_prefix: /gw, host: gw.example }, allow: [anonymous], resource: contoso }",
        "{ name: other, match: { path_prefix: /other, listener: other }, allow: [anonymous], resource: contoso }",
    ]

    @Test(
        "each gets one answer, nothing is sent, and the connection goes on only where it may",
        arguments: [
            // Not HTTP, or not one message (sections 1 to 6 of the rules; the parser's own tests have them all).
            ("GET / HTTP/1.1\n\n", .badRequest, true), ("GET /\r\n", .badRequest, true),
            ("GET / HTTP/2.0\r\n", .versionNotSupported, true), ("G@T / HTTP/1.1\r\n", .badRequest, true),
            ("get / HTTP/1.1\r\nHost: gw\r\n\r\n", .notImplemented, true),
            ("POST /sms HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .notImplemented, true),
            (
                "POST /sms HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                .badRequest, true
            ),
            ("GET / HTTP/1.1\r\n\r\n", .badRequest, true),
            // Methods that are never taken (ME-1, ME-3).
            ("CONNECT gw:443 HTTP/1.1\r\nHost: gw:443\r\n\r\n", .notImplemented, true),
            ("TRACE /sms HTTP/1.1\r\nHost: gw\r\n\r\n", .methodNotAllowed, false),
            ("TRACK /nowhere HTTP/1.1\r\nHost: gw\r\n\r\n", .methodNotAllowed, false),
            // No route.
            ("GET /nowhere HTTP/1.1\r\nHost: gw\r\n\r\n", .noRoute, false),
            ("GET /sms HTTP/1.1\r\nHost: gw\r\n\r\n", .methodNotAllowed, false),
            ("POST /smsx HTTP/1.1\r\nHost: gw\r\n\r\n", .noRoute, false),
            ("GET /gw HTTP/1.1\r\nHost: gw\r\n\r\n", .noRoute, false),
            ("GET /other HTTP/1.1\r\nHost: gw\r\n\r\n", .noRoute, false),
            // Ambiguous paths (PA-2, PA-6) and credentials in the query (CR-5).
            ("POST /x/../sms HTTP/1.1\r\nHost: gw\r\n\r\n", .badRequest, true),
            ("POST /sms;a HTTP/1.1\r\nHost: gw\r\n\r\n", .badRequest, false),
            ("POST /sms%2f HTTP/1.1\r\nHost: gw\r\n\r\n", .badRequest, true),
            ("POST /sms?a=b&%73ig=x HTTP/1.1\r\nHost: gw\r\n\r\n", .badRequest, false),
            // Bodies (LI-4, EX-1).
            ("POST /sms HTTP/1.1\r\nHost: gw\r\nContent-Length: 11\r\n\r\n", .bodyTooLarge, true),
            (
                "POST /sms HTTP/1.1\r\nHost: gw\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n", .bodyTooLarge,
                true
            ),
            ("POST /sms HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", .bodyTooLarge, true),
            (
                "POST /sms HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n6\r\n",
                .bodyTooLarge, true
            ),
            ("POST /sms HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdef", .badRequest, true),
            ("POST /sms HTTP/1.1\r\nHost: gw\r\nExpect: x\r\nContent-Length: 0\r\n\r\n", .expectationFailed, false),
        ] as [(String, ErrorCode, Bool)])
    func refusals(sent: String, code: ErrorCode, closes: Bool) throws {
        for pieces in [[sent.latin1], sent.latin1.map { [$0] }] {
            let bench = ExchangeBench(try TestGateway(routes: Self.routes))
            for piece in pieces { bench.client(piece) }
            #expect(bench.refusals == [code])
            #expect(bench.end == (closes ? .closed : nil))
            #expect(bench.attempts.isEmpty)
            let answers = bench.answers()
            #expect(answers.finals.map(\.status) == [code.status] && answers.completeCount == 1)
            #expect(answers.problem == nil && answers.rest.isEmpty && answers.interims.isEmpty)
            #expect(answers.finals.first?.head.only("connection") == (closes ? "close" : nil))
            #expect(answers.finals.first?.head.only("x-ms-error-code") == code.name.description)
        }
    }

    @Test("after a refusal a body that is here already is passed over, any other ends the connection (BD-2)")
    func unreadBodies() throws {
        let next = "POST /sms HTTP/1.1\r\nHost: gw\r\nContent-Length: 0\r\n\r\n"
        for (framing, body) in [
            ("Content-Length: 5", "hello"), ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX: y\r\n\r\n"),
        ] {
            let head = "POST /nowhere HTTP/1.1\r\nHost: gw\r\n\(framing)\r\n\r\n"
            let here = ExchangeBench(try TestGateway(routes: Self.routes))
            here.client(head + body + next)
            #expect(here.refusals == [.noRoute] && here.end == nil && here.attempts.count == 1)
            let late = ExchangeBench(try TestGateway(routes: Self.routes))
            late.client(head)
            late.client(body + next)
            #expect(late.refusals == [.noRoute] && late.end == .closed && late.attempts.isEmpty)
            #expect(late.answers().finals.first?.head.only("connection") == "close")
        }
    }

    @Test("whoever waits for `100 Continue` is refused at once, and its body is not waited for (EX-1)")
    func expectingRefusal() throws {
        let bench = ExchangeBench(try TestGateway(routes: Self.routes))
        bench.client("POST /nowhere HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        #expect(bench.refusals == [.noRoute] && bench.end == .closed)
        #expect(bench.answers().interims.isEmpty)
    }

    @Test(
        "pass-through takes one bearer token, and sends nothing without it",
        arguments: [
            "", "authorization:", "authorization: Bearer", "authorization: Bearer  \t", "authorization: Basic a",
            "authorization: Bearera", "authorization: HMAC-SHA256 a", "authorization: Bearer\ta",
            "author_ization: Bearer a", "proxy-authorization: Bearer a", "x-ms-authorization: Bearer a",
            // A token that `connection` names goes no further, so it is none.
            "authorization: Bearer a\r\nconnection: authorization",
            "connection: Authorization\r\nauthorization: Bearer a",
        ])
    func noToken(lines: String) throws {
        let bench = ExchangeBench(try .forEverything(credential: "token"))
        let fields = lines.isEmpty ? "" : lines + "\r\n"
        bench.client("GET /chat HTTP/1.1\r\nHost: gw\r\n\(fields)\r\n")
        #expect(bench.refusals == [.callerNotAuthenticated])
        #expect(bench.attempts.isEmpty && bench.end == nil)
        #expect(bench.answers().finals.first?.head.only("www-authenticate") == "Bearer")
    }

    @Test("two tokens are one too many (CR-4)")
    func twoTokens() throws {
        let bench = ExchangeBench(try .forEverything(credential: "token"))
        bench.client("GET /chat HTTP/1.1\r\nHost: gw\r\nauthorization: Bearer a\r\nAuthorization: Bearer a\r\n\r\n")
        #expect(bench.refusals == [.badRequest] && bench.attempts.isEmpty && bench.end == .closed)
    }

    @Test("`OPTIONS *` is answered here, whatever the routes say; `OPTIONS /` is routed (ME-2)")
    func options() throws {
        let bench = ExchangeBench(try TestGateway(routes: Self.routes))
        bench.client("OPTIONS * HTTP/1.1\r\nHost: gw\r\n\r\nOPTIONS /sms HTTP/1.1\r\nHost: gw\r\n\r\n")
        #expect(bench.answers().finals.map(\.status) == [204, 405])
        #expect(bench.attempts.isEmpty && bench.end == nil)
    }

    @Test("HTTP/1.0 is told whether its connection goes on (KA-3)")
    func http10() throws {
        let bench = ExchangeBench(try TestGateway(routes: Self.routes))
        bench.client("GET /nowhere HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(bench.answers().finals.first?.head.only("connection") == "keep-alive" && bench.end == nil)
        bench.client("GET /nowhere HTTP/1.0\r\n\r\n")
        #expect(bench.answers().finals.last?.head.only("connection") == "close" && bench.end == .closed)
    }

    @Test("HEAD is refused without a body (ME-4)")
    func head() throws {
        let bench = ExchangeBench(try TestGateway(routes: Self.routes))
        bench.client("HEAD /nowhere HTTP/1.1\r\nHost: gw\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: gw\r\n\r\n")
        let answers = bench.answers()
        #expect(answers.finals.map(\.status) == [404, 404] && answers.problem == nil && answers.rest.isEmpty)
    }

    @Test("too many bodies at once, or a disk that takes none, is 503, and nothing is sent")
    func held() throws {
        let small = ", body: { memory: 3B }"
        for bench in [
            ExchangeBench(try .forEverything(), bodyBudgetBytes: 4),
            ExchangeBench(try .forEverything(small, spoolDirectory: "/nonexistent")),
        ] {
            bench.client("POST /a HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\n\r\n")
            bench.client("he")
            bench.client("llo")
            #expect(bench.refusals == [.overloaded] && bench.end == .closed && bench.attempts.isEmpty)
            #expect(bench.budget.heldBytes == 0)
            #expect(bench.answers().finals.first?.head.only("retry-after") == "1")
        }
    }
}
