import Support
import Testing

@Suite("What `check --live` finds out", .timeLimit(.minutes(Pace.minutes(3))))
struct LiveCheckTests {
    /// `check --live` of one resource at `endpoint`.
    private func check(_ endpoint: String, _ options: [String] = []) throws -> CommandRun {
        try CommandRun(
            ["check", "--live"] + options,
            files: [
                "key": TestKeys.first,
                "config.yaml": """
                version: 1
                listeners: { app: { bind: "127.0.0.1:0" } }
                credentials: { key: { strategy: access_key, keys: ["${file:key}"] } }
                resources: { origin: { endpoint: "http://\(endpoint)", credential: key } }
                routes: [{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin }]
                """,
            ])
    }

    @Test(
        "what the resource answers is told in words",
        arguments: [
            ("200 OK", 0, "ok: resource `origin`: it took credential `key` (200)"),
            ("404 Not Found", 0, "it took credential `key`, and answered 404"),
            ("401 Unauthorized", 1, "it refused credential `key` (401)"),
            ("403 Forbidden", 1, "assign the role `Contributor`"),
            ("503 Service Unavailable", 1, "it answered 503"),
        ])
    func judged(status: String, exit: Int32, words: String) throws {
        let origin = try RecordingOrigin { _, _ in .text("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n") }
        let run = try check("\(origin.address)")
        #expect(run.status == .exited(exit))
        #expect(run.output.contains(words), "\(run.output)")
        let sent = try #require(origin.recorded.first?.request)
        #expect(sent.method == "GET" && origin.recorded.count == 1)
        #expect(TestKeys.firstCheck.isSignature(of: sent))
        origin.stop()
    }

    @Test("with `--format json` each finding is an object on a line of its own")
    func json() throws {
        let origin = try RecordingOrigin { _, _ in .text("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n") }
        let run = try check("\(origin.address)", ["--format", "json"])
        #expect(run.status == .exited(1))
        let line = try #require(run.output.split(separator: "\n").first)
        #expect(line.hasPrefix(#"{"severity":"error","id":"live","message":"resource `origin`: it refused"#), "\(line)")
        #expect(line.hasSuffix(#""file":"config.yaml","line":null,"column":null,"help":null}"#), "\(line)")
        #expect(run.output.split(separator: "\n").count == 1)
        origin.stop()
    }

    @Test("one credential that has no token is told in its place, and the others are asked all the same")
    func besideAnother() throws {
        let broken = try TokenOrigin(lifetime: 3600)
        broken.state.change { $0.isAvailable = false }
        let origin = try TokenOrigin(lifetime: 3600)
        let run = try CommandRun(
            ["check", "--live"],
            files: [
                "secret": TestKeys.first,
                "config.yaml": """
                version: 1
                listeners: { app: { bind: "127.0.0.1:0" } }
                credentials:
                  no: { strategy: service_principal, tenant_id: contoso, client_id: app,
                        client_secret: "${file:secret}", authority: "http://\(broken.address)" }
                  sp: { strategy: service_principal, tenant_id: contoso, client_id: app,
                        client_secret: "${file:secret}", authority: "http://\(origin.address)" }
                resources:
                  one: { endpoint: "http://\(origin.address)", credential: no }
                  two: { endpoint: "http://\(origin.address)", credential: sp }
                routes:
                  - { name: one, match: { path_prefix: /one }, allow: [anonymous], resource: one }
                  - { name: two, match: { path_prefix: /two }, allow: [anonymous], resource: two }
                """,
            ])
        #expect(run.status == .exited(1))
        let subjects = run.output.split(separator: "\n").dropFirst().map { line in
            line.split(separator: ":").prefix(2).joined(separator: ":")
        }
        #expect(
            subjects == [
                "failed: credential `no`", "ok: credential `sp`", "failed: resource `one`", "ok: resource `two`",
            ], "\(run.output)")
        #expect(run.output.contains("not asked, for credential `no` has no token"))
    }

    @Test("a clock that differs is told")
    func skew() throws {
        let date = "Mon, 01 Jan 2024 00:00:00 GMT"
        let origin = try RecordingOrigin { _, _ in
            .text("HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Length: 0\r\n\r\n")
        }
        let run = try check("\(origin.address)")
        #expect(run.status == .exited(1))
        #expect(run.output.contains("set this machine's clock"))
        origin.stop()
    }

    @Test("a resource that is not there is told")
    func unreachable() throws {
        let origin = try RecordingOrigin()
        let endpoint = "\(origin.address)"
        origin.stop()
        let run = try check(endpoint)
        #expect(run.status == .exited(1))
        #expect(run.output.contains("failed: resource `origin`: no connection"), "\(run.output)")
    }

    /// `check --live` of a resource whose credential is a service principal, both at `origin`.
    private func checkToken(_ origin: Address) throws -> CommandRun {
        try CommandRun(
            ["check", "--live"],
            files: [
                "secret": TestKeys.first,
                "config.yaml": """
                version: 1
                listeners: { app: { bind: "127.0.0.1:0" } }
                credentials:
                  sp: { strategy: service_principal, tenant_id: contoso, client_id: app,
                        client_secret: "${file:secret}", authority: "http://\(origin)" }
                resources: { origin: { endpoint: "http://\(origin)", credential: sp } }
                routes: [{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin }]
                """,
            ])
    }

    @Test("a token is fetched and tried")
    func token() throws {
        let origin = try TokenOrigin(lifetime: 3600)
        let run = try checkToken(origin.address)
        #expect(run.status == .exited(0))
        #expect(run.output.contains("it took credential `sp` (200)"), "\(run.output)")
        #expect(!run.output.contains("token-1") && !run.output.contains(TestKeys.first))
        #expect(origin.state.look { $0.tokenRequests == 1 && $0.requests == 1 })
    }

    @Test("a token that is refused is told with Entra's number and the cure; the resource is asked nothing")
    func refusedToken() throws {
        let reason = #"{"error":"invalid_client","error_description":"AADSTS7000215: No.","error_codes":[7000215]}"#
        let origin = try RecordingOrigin { _, _ in
            .text("HTTP/1.1 401 Unauthorized\r\nContent-Length: \(reason.utf8.count)\r\n\r\n\(reason)")
        }
        let run = try checkToken(origin.address)
        #expect(run.status == .exited(1))
        #expect(run.output.contains("AADSTS7000215") && run.output.contains("`client_secret`"), "\(run.output)")
        #expect(origin.recorded.compactMap(\.request).allSatisfy { $0.method == "POST" })
        origin.stop()
    }
}
