import FoundationEssentials
import Support
import Testing

/// config.md section 6: a 401 from the resource, and what is tried then.
@Suite("A key that the resource refuses")
struct CredentialTests {
    private static let denied = """
        HTTP/1.1 401 Unauthorized\r
        Content-Type: application/json\r
        x-ms-request-id: request-77\r
        Content-Length: 42\r
        \r
        {"error":{"code":"Denied","message":"No."}}
        """.replacing("Content-Length: 42", with: "Content-Length: 43")

    private func bed(_ keys: String, attempts: Int = 2, accepts: AccessKeyCheck?) throws -> TestBed {
        let bed = try TestBed { config in
            config.defaults.append("retries: { attempts: \(attempts) }")
            config.credentials = ["key: { strategy: access_key, keys: [\(keys)] }", "own: { strategy: pass_through }"]
            config.routes.insert(
                "{ name: own, match: { path_prefix: /own }, allow: [anonymous], resource: origin, credential: own }",
                at: 0)
        }
        bed.origin.follow { request, _ in
            if let accepts, accepts.isSignature(of: request) { return .usual }
            return .text(Self.denied)
        }
        return bed
    }

    private let both = #""${file:key1}", "${file:key2}""#

    @Test("the second key is tried once, signed anew, and stays for what follows (RT-3)")
    func secondKey() throws {
        let bed = try bed(both, accepts: TestKeys.secondCheck)
        let fields = "Repeatability-Request-ID: 5f3c"
        let answer = try bed.exchange(request("POST /a?b", fields, body: "hello"))
        #expect(answer.text == "up:/a?b len=5")
        let sent = bed.received("/a").compactMap(\.request)
        #expect(sent.count == 2)
        #expect(sent.first.flatMap { TestKeys.firstCheck.problem(with: $0) } == nil)
        #expect(sent.last.flatMap { TestKeys.secondCheck.problem(with: $0) } == nil)
        #expect(sent.allSatisfy { $0.head.only("repeatability-request-id") == "5f3c" })
        try bed.finish()
    }

    @Test("two refusals are 502, and name the resource's own code and request id", arguments: [1, 2])
    func refused(keys: Int) throws {
        let bed = try bed(keys == 2 ? both : #""${file:key1}""#, accepts: nil)
        let answer = try bed.exchange(request("GET /a"))
        #expect(answer.status == 502)
        #expect(answer.head.only("x-ms-error-code") == "UpstreamRefusedCredential")
        #expect(answer.text.contains("Denied") && answer.text.contains("request-77"))
        #expect(answer.head.values("retry-after").isEmpty)
        #expect(bed.received("/a").count == keys)
        try bed.finish()
    }

    @Test("one attempt means one, and the other key signs what follows")
    func oneAttempt() throws {
        let bed = try bed(both, attempts: 1, accepts: TestKeys.secondCheck)
        let client = try RawClient(bed.gateway.address)
        #expect(client.exchange(request("GET /a"))?.head.only("x-ms-error-code") == "UpstreamRefusedCredential")
        #expect(bed.received("/a").count == 1)
        #expect(client.exchange(request("GET /b"))?.status == 200)
        #expect(bed.received("/b").count == 1)
        try bed.finish()
    }

    @Test("a 401 under pass-through is the client's own affair")
    func passThrough() throws {
        let bed = try bed(both, accepts: nil)
        let answer = try bed.exchange(request("GET /own/a", "Authorization: Bearer \(TestKeys.canary)"))
        #expect(answer.status == 401)
        #expect(answer.text == #"{"error":{"code":"Denied","message":"No."}}"#)
        #expect(bed.received("/own/a").count == 1)
        try bed.finish()
    }

    @Test("a 403 goes through unchanged")
    func forbidden() throws {
        let bed = try bed(both, accepts: nil)
        bed.origin.follow { _, _ in .text("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno") }
        let answer = try bed.exchange(request("GET /a"))
        #expect(answer.status == 403 && answer.text == "no")
        #expect(bed.received("/a").count == 1)
        try bed.finish()
    }
}
