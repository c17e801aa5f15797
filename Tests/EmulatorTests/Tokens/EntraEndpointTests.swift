import Crypto
import FoundationEssentials
import Support
import Testing

@testable import Emulator

@Suite("Entra's token endpoint")
struct EntraEndpointTests {
    private struct Granted: Decodable {
        var tokenType: String
        var expiresIn: Int
        var extExpiresIn: Int
        var refreshIn: Int?
        var accessToken: String
    }

    @Test("a right secret gets a bearer token for an hour, another each time") func secret() throws {
        var azure = try testAzure()
        let answer = azure.answer(to: entraRequest())
        #expect(answer.status == 200)
        #expect(answer.value(of: "cache-control") == "no-store, no-cache")
        let granted = try answer.content(Granted.self)
        #expect(granted.tokenType == "Bearer")
        #expect((granted.expiresIn, granted.extExpiresIn) == (3599, 3599))
        #expect(granted.refreshIn == nil)
        #expect(granted.accessToken.split(separator: ".").count == 3)
        #expect(azure.answer(to: entraRequest()).accessToken != granted.accessToken)
        let journal = try azure.tokenJournal()
        #expect((journal.asked, journal.issued) == (2, 2))
        #expect(journal.requests[0].proof == "client secret 2")
        #expect(journal.requests[0].application == testPrincipal.clientID)
        #expect(journal.requests.map(\.token) == [1, 2])
        let first = azure.answer(to: entraRequest(["client_secret": "first"]))
        #expect(first.status == 200)
    }

    @Test("life and refresh can be chosen") func lifetime() throws {
        var options = TokenOptions()
        options.lifetimeSeconds = 10
        options.refreshInSeconds = 5
        var azure = try testAzure(options)
        let granted = try azure.answer(to: entraRequest()).content(Granted.self)
        #expect((granted.expiresIn, granted.refreshIn) == (9, 5))
        #expect(azure.use(granted.accessToken, atSeconds: testTime.seconds + 9).status == 200)
        #expect(azure.use(granted.accessToken, atSeconds: testTime.seconds + 10).status == 401)
    }

    @Test("ids are read in any case") func anyCase() throws {
        var azure = try testAzure()
        #expect(azure.answer(to: entraRequest(tenant: testPrincipal.tenant.uppercased())).status == 200)
    }

    @Test("a federated token is believed as it is") func federated() throws {
        var azure = try testAzure()
        #expect(azure.answer(to: entraRequest(["client_assertion": "eyJ.federated.token"])).status == 200)
        #expect(try azure.tokenJournal().requests[0].proof == "federated token 1")
        // What a file has at its end belongs to the file.
        #expect(azure.answer(to: entraRequest(["client_assertion": "eyJ.federated.token\n"])).status == 400)
    }

    @Test(
        "what is wrong is told in Entra's own words",
        arguments: [
            (["grant_type": nil], 400, 900_144, "invalid_request", "missing grant_type"),
            (["grant_type": "password"], 400, 70003, "unsupported_grant_type", "unsupported grant_type"),
            (["client_id": nil], 400, 900_144, "invalid_request", "missing client_id"),
            (["client_id": "x"], 400, 700_016, "unauthorized_client", "unknown client_id"),
            (["client_secret": nil], 401, 7_000_218, "invalid_client", "no proof"),
            (["client_secret": ""], 401, 7_000_218, "invalid_client", "no proof"),
            (["client_secret": "s3cr~t /=&%"], 401, 7_000_215, "invalid_client", "wrong client_secret"),
            (["client_secret": "firs"], 401, 7_000_215, "invalid_client", "wrong client_secret"),
            (["client_secret": "first", "client_assertion": "a.b.c"], 400, 90100, "invalid_request", "two proofs"),
            (
                ["client_assertion": "a.b.c", "client_assertion_type": nil], 400, 900_144, "invalid_request",
                "missing client_assertion_type"
            ),
            (
                ["client_assertion": "a.b.c", "client_assertion_type": "x"], 400, 90100, "invalid_request",
                "wrong client_assertion_type"
            ),
            (["scope": nil], 400, 900_144, "invalid_request", "missing scope"),
            (
                ["scope": "https://communication.azure.com/"], 400, 70011, "invalid_scope",
                "scope is not one resource with /.default"
            ),
            (
                ["scope": "https://communication.azure.com//.default offline_access"], 400, 70011, "invalid_scope",
                "scope is not one resource with /.default"
            ),
            (
                ["scope": "https://communication.azure.com/.default"], 400, 500_011, "invalid_resource",
                "unknown resource"
            ),
            (["scope": "https://vault.azure.net/.default"], 400, 500_011, "invalid_resource", "unknown resource"),
            (["claims": "{"], 400, 90100, "invalid_request", "claims is not a JSON object"),
        ] as [([String: String?], Int, Int, String, String)])
    func faults(_ form: [String: String?], status: Int, code: Int, error: String, reason: String) throws {
        var azure = try testAzure()
        try expect(azure.answer(to: entraRequest(form)), status, code, error, reason)
        let journal = try azure.tokenJournal()
        #expect((journal.asked, journal.issued) == (1, 0))
        #expect(journal.requests[0].outcome == .refused)
        #expect(journal.requests[0].reason == reason)
    }

    @Test("an unknown tenant, another method and another content are told") func aroundTheForm() throws {
        var azure = try testAzure()
        let unknown = azure.answer(to: entraRequest(tenant: "common"))
        try expect(unknown, 400, 90002, "invalid_request", "unknown tenant")
        #expect(unknown.text.contains("Tenant 'common' not found"))
        var request = entraRequest()
        request.method = "GET"
        let get = azure.answer(to: request)
        try expect(get, 405, 900_561, "invalid_request", "not a POST")
        #expect(get.value(of: "allow") == "POST")
        let json = entraRequest().replacing("content-type", with: "application/json")
        try expect(azure.answer(to: json), 400, 900_144, "invalid_request", "missing grant_type")
        let twice = formRequest("/\(testPrincipal.tenant)/oauth2/v2.0/token", "grant_type=a&grant_type=a")
        try expect(azure.answer(to: twice), 400, 90100, "invalid_request", "repeated grant_type")
        let broken = formRequest("/\(testPrincipal.tenant)/oauth2/v2.0/token", "grant_type=%4")
        try expect(azure.answer(to: broken), 400, 90100, "invalid_request", "malformed form")
    }

    @Test("an error has its ids, time and page, and repeats the client's correlation id when it is one") func shape()
        throws
    {
        var azure = try testAzure()
        let id = "0f7fd3e6-7f3f-4e0d-9f0e-7b2a2a2a2a2a"
        let request = entraRequest(["client_secret": "x"])
        let given = azure.answer(to: request.adding("client-request-id", id))
        #expect(given.string("correlation_id") == id)
        #expect(given.string("timestamp") == "2026-11-23 09:08:07Z")
        #expect(given.string("error_uri") == "https://login.microsoftonline.com/error?code=7000215")
        let trace = try #require(given.string("trace_id"))
        #expect(
            given.string("error_description")
                == "AADSTS7000215: Invalid client secret provided. Trace ID: \(trace) Correlation ID: \(id) "
                + "Timestamp: 2026-11-23 09:08:07Z")
        #expect(azure.answer(to: request.adding("client-request-id", "a\"b")).string("correlation_id")?.isUUID == true)
    }

    @Test("libraries find the endpoint by discovery, which is no token request") func discovery() throws {
        var azure = try testAzure()
        let request = plainRequest("/t/v2.0/.well-known/openid-configuration")
        let answer = azure.answer(to: request.replacing("host", with: "localhost:1"))
        #expect(answer.string("token_endpoint") == "https://localhost:1/t/oauth2/v2.0/token")
        #expect(answer.string("issuer") == "https://localhost:1/t/v2.0")
        #expect(try azure.tokenJournal().asked == 0)
    }

    // MARK: What Microsoft's library sends

    private struct Recording: Decodable {
        struct Case: Decodable, CustomTestStringConvertible {
            struct Request: Decodable {
                struct Response: Decodable { var status: Int }
                var method: String
                var url: String
                var headers: [String: String]
                var body: String?
                var response: Response
            }
            var name: String
            var credential: String
            var requests: [Request]
            var testDescription: String { name }
        }
        var cases: [Case]
    }

    private static let recorded: [Recording.Case] = {
        let bytes = (try? Fixtures.bytes("vectors/token_requests.json")) ?? []
        let recording = try? JSONDecoder().decode(Recording.self, from: Data(bytes))
        return (recording?.cases ?? []).filter { testCase in
            // Those that another authority, or a federated token of its own, answered.
            ["Secret", "Certificate"].contains {
                testCase.credential.contains("Client\($0)") || testCase.credential.contains("\($0)Credential")
            }
                && testCase.requests.allSatisfy { $0.response.status == 200 }
        }
    }()

    @Test("every request that the official library was recorded with gets a token", arguments: recorded)
    private func recordedRequests(_ recorded: Recording.Case) throws {
        var options = TokenOptions()
        options.acceptsSloppyAssertions = true
        var azure = try testAzure(options)
        for sent in recorded.requests where sent.method == "POST" {
            let address = try #require(sent.url.firstRange(of: "https://").map { sent.url[$0.upperBound...] })
            let slash = try #require(address.firstIndex(of: "/"))
            var request = formRequest(String(address[slash...]), try #require(sent.body))
            request = request.replacing("host", with: String(address[..<slash]))
            let answer = azure.answer(to: request)
            #expect(answer.status == 200, "\(answer.reason ?? "")")
        }
        #expect(try azure.tokenJournal().issued == 1)
    }

    @Test("enough of them were recorded") func complete() {
        #expect(Self.recorded.count >= 8, "\(Self.recorded.map(\.name))")
    }

    private func expect(
        _ answer: EmulatedAnswer, _ status: Int, _ code: Int, _ error: String, _ reason: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(answer.status == status, sourceLocation: sourceLocation)
        #expect(answer.string("error") == error, sourceLocation: sourceLocation)
        #expect(answer.text.contains(#""error_codes":[\#(code)]"#), sourceLocation: sourceLocation)
        #expect(answer.text.contains(#""error_description":"AADSTS\#(code): "#), sourceLocation: sourceLocation)
        #expect(answer.reason == reason, sourceLocation: sourceLocation)
    }
}
