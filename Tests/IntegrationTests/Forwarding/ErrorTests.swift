import FoundationEssentials
import Support
import Testing

/// config.md section 6: the service's own shape.
@Suite(
    "What the gateway itself answers",
    .testBed { config in
        config.defaults = [
            "timeouts: { request_head: 3s, response_head: 3s }", "limits: { fields: 20, head: 16KiB }",
            "retries: { attempts: 2 }", "body: { max: 100B }",
        ]
        let tail = "allow: [anonymous], resource: origin }"
        config.credentials.append("own: { strategy: pass_through }")
        config.routes = [
            "{ name: own, match: { path_prefix: /own }, credential: own, \(tail)",
            "{ name: get, match: { path_prefix: /get, methods: [GET] }, \(tail)",
            "{ name: x, match: { path_prefix: /x }, \(tail)",
        ]
    })
struct ErrorTests {
    private struct Envelope: Decodable {
        struct Inner: Decodable {
            var code: String
            var message: String
        }
        var error: Inner
    }

    /// One request and the error that it must get.
    struct Row: Sendable, CustomTestStringConvertible {
        var status: Int
        var code: String
        var line: String
        var fields: [String] = []
        var closes = false
        /// What the origin does, for errors that start there.
        var script: OriginScript?

        var testDescription: String { "\(status) \(code): \(line.prefix(60))" }
    }

    static let rows: [Row] = [
        Row(status: 400, code: "BadRequest", line: "GET /x/../y"),
        Row(status: 400, code: "BadRequest", line: "GET /x", fields: ["X : y"], closes: true),
        Row(status: 401, code: "CallerNotAuthenticated", line: "GET /own"),
        Row(status: 404, code: "NoRoute", line: "GET /nowhere"),
        Row(status: 405, code: "MethodNotAllowed", line: "POST /get"),
        Row(status: 413, code: "BodyTooLarge", line: "POST /x", fields: ["Content-Length: 101"], closes: true),
        Row(status: 414, code: "TargetTooLong", line: "GET /x?" + String(repeating: "a", count: 9000), closes: true),
        Row(status: 417, code: "ExpectationFailed", line: "GET /x", fields: ["Expect: a"]),
        Row(
            status: 431, code: "HeadTooLarge", line: "GET /x", fields: (0..<30).map { "X-\($0): a" }, closes: true),
        Row(
            status: 431, code: "HeadTooLarge", line: "GET /x", fields: ["X: " + String(repeating: "a", count: 9000)],
            closes: true),
        Row(status: 501, code: "NotImplemented", line: "get /x", closes: true),
        Row(status: 501, code: "NotImplemented", line: "CONNECT gw.test:80", closes: true),
        Row(status: 501, code: "NotImplemented", line: "POST /x", fields: ["Transfer-Encoding: gzip"], closes: true),
        Row(status: 502, code: "UpstreamFailed", line: "GET /x/junk", script: OriginScript([.send([0]), .close])),
        Row(status: 502, code: "UpstreamFailed", line: "POST /x/close", script: OriginScript([.close])),
        Row(status: 504, code: "UpstreamTimeout", line: "GET /x/slow", script: OriginScript([.hold(Gate())])),
        Row(status: 502, code: "UpstreamFailed", line: "POST /x/slow-post", script: OriginScript([.hold(Gate())])),
    ]

    @Test("each error has its status, code, reason and envelope", arguments: rows)
    func shape(row: Row) throws {
        let bed = try TestBedTrait.bed()
        if let script = row.script { bed.script(String(row.line.split(separator: " ")[1]), script) }
        let method = String(row.line.prefix { $0 != " " })
        let client = try bed.client([method])
        let fields = (["Host: gw.test", "x-ms-client-request-id: 7f-A1"] + row.fields).map { $0 + "\r\n" }.joined()
        let answer = try #require(client.exchange("\(row.line) HTTP/1.1\r\n\(fields)\r\n", method: method))
        #expect(answer.status == row.status && answer.isComplete)
        #expect(answer.head.only("x-ms-error-code") == row.code)
        #expect(answer.head.only("x-acs-gateway-reason") == kebab(row.code))
        #expect(answer.head.only("content-type") == "application/json")
        #expect(answer.head.only("content-length") == "\(answer.body.content.count)")
        let envelope = try JSONDecoder().decode(Envelope.self, from: Data(answer.body.content))
        #expect(envelope.error.code == row.code && !envelope.error.message.isEmpty)
        #expect(!answer.text.contains("127.0.0.1") && answer.head.values("server").isEmpty)
        #expect(answer.head.values("retry-after").isEmpty == (row.status != 503))
        #expect(answer.head.values("allow") == (row.status == 405 ? ["GET"] : []))
        if row.closes {
            #expect(answer.head.only("connection") == "close")
            #expect(client.waitForEnd() != nil)
        }
    }

    private func kebab(_ code: String) -> String {
        var result = ""
        for character in code {
            if character.isUppercase, !result.isEmpty { result += "-" }
            result += character.lowercased()
        }
        return result
    }

    @Test("a version that is not ours is 505", arguments: ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0"])
    func version(version: String) throws {
        let client = try TestBedTrait.bed().client()
        let answer = client.exchange("GET /x \(version)\r\nHost: gw.test\r\n\r\n")
        #expect(answer?.status == 505)
        #expect(answer?.head.only("x-ms-error-code") == "VersionNotSupported")
        #expect(client.waitForEnd() != nil)
    }

    @Test("a head that does not come in time is 408, and no byte at all a silent end")
    func lateHead() throws {
        let bed = try TestBedTrait.bed()
        let late = try bed.client()
        late.send("GET /x HTTP/1.1\r\nHost: gw")
        #expect(late.answers(1).first?.head.only("x-ms-error-code") == "RequestTimeout")
        #expect(late.reader.finals.first?.status == 408)
        #expect(late.waitForEnd() != nil)
        let silent = try bed.client()
        #expect(silent.waitForEnd() != nil)
        #expect(silent.received.isEmpty)
    }

    @Test(
        "the client's request id comes back when it is short and plain",
        arguments: [
            ("abc-DEF-0123456789", true), (String(repeating: "a", count: 128), true), ("a b", false), ("a\"b", false),
            (String(repeating: "a", count: 129), false), ("\u{E9}", false), ("a_b", false),
        ])
    func requestID(id: String, echoes: Bool) throws {
        let answer = try TestBedTrait.bed().exchange(request("GET /nowhere", "X-MS-Client-Request-Id: \(id)"))
        #expect(answer.status == 404)
        #expect(answer.head.values("x-ms-client-request-id") == (echoes ? [id] : []))
    }

    @Test(
        "it comes back as well when a line behind it is refused",
        arguments: ["Transfer-Encoding: gzip", "Host: gw.test", "X : y", "Content-Length: -1"])
    func requestIDBeforeBadLine(line: String) throws {
        let answer = try TestBedTrait.bed().exchange(request("POST /x", "X-MS-Client-Request-Id: 7f-A1", line))
        #expect(answer.status == 400 || answer.status == 501)
        #expect(answer.head.values("x-ms-client-request-id") == ["7f-A1"])
    }

    @Test("an error to HEAD has no body")
    func headRequest() throws {
        let bed = try TestBedTrait.bed()
        let client = try bed.client(["HEAD", "GET"])
        client.send(request("HEAD /nowhere") + request("GET /x/after-head"))
        let answers = client.answers(2)
        #expect(answers.map(\.status) == [404, 200])
    }

    @Test(
        "after a refusal that needs no end the connection goes on",
        arguments: ["GET /nowhere", "POST /get", "GET /own"])
    func goesOn(line: String) throws {
        let client = try TestBedTrait.bed().client([String(line.prefix { $0 != " " }), "GET"])
        client.send(request(line) + request("GET /x/goes-on"))
        #expect(client.answers(2).last?.text == "up:/x/goes-on len=0")
    }
}
