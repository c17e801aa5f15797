import Crypto
import Testing

@testable import Emulator

@Suite("Identity")
struct IdentityTests {
    static let create = "/identities?api-version=2023-10-01"

    /// The target of an action on `user`, its colons escaped as Python's SDK does.
    private func target(_ user: String, _ action: String = "") -> String {
        "/identities/\(user.replacing(":", with: "%3A"))\(action)?api-version=2023-10-01"
    }

    private func createUser(_ resource: inout EmulatedResource) throws -> String {
        let answer = resource.answer(to: signedRequest("POST", Self.create))
        #expect(answer.status == 201)
        return try #require(answer.string("id"))
    }

    @Test("a user is created, with or without a body, and has an id of the service's shape")
    func createUser() throws {
        var resource = testResource()
        let id = try createUser(&resource)
        #expect(id.wholeMatch(of: /8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}/) != nil)
        let second = resource.answer(to: signedRequest("POST", Self.create, json: "{}"))
        #expect(second.status == 201)
        #expect(second.string("id") != id)
        #expect(second.string("token") == nil)
    }

    @Test("a user is created with a token that says what SDKs read")
    func createWithToken() throws {
        var resource = testResource()
        let answer = resource.answer(
            to: signedRequest(
                "POST", Self.create, json: #"{"createTokenWithScopes":["chat","voip"],"expiresInMinutes":60}"#))
        #expect(answer.status == 201)
        #expect(answer.string("expiresOn") == "2026-11-23T10:08:07.0000000+00:00")
        let user = try #require(answer.string("id"))
        let token = try #require(answer.string("token"))
        let parts = token.split(separator: ".")
        #expect(parts.count == 3)
        let payload = Array(parts[1].utf8)
        let claims = String(decoding: try Base64.decode(payload.span, .url), as: UTF8.self)
        #expect(claims.contains(#""acsScope":"chat,voip""#))
        #expect(claims.contains(#""exp":1795428487"#))
        #expect(claims.contains(#""iat":1795424887"#))
        #expect(claims.contains("\"skypeid\":\"\(user.dropFirst(2))\""))
        #expect(claims.contains("\"resourceId\":\"\(user.dropFirst(6).prefix(36))\""))
    }

    @Test("a token is issued to a known user, for a day unless said otherwise")
    func issue() throws {
        var resource = testResource()
        let user = try createUser(&resource)
        for spelled in [user, user.replacing(":", with: "%3A")] {
            let target = "/identities/\(spelled)/:issueAccessToken?api-version=2023-10-01"
            let answer = resource.answer(to: signedRequest("POST", target, json: #"{"scopes":["chat"]}"#))
            #expect(answer.status == 200)
            #expect(answer.string("expiresOn") == "2026-11-24T09:08:07.0000000+00:00")
        }
    }

    @Test(
        "a life of 60 to 1440 minutes is given", arguments: [(59, 400), (60, 200), (1440, 200), (1441, 400), (-1, 400)])
    func lifetime(_ minutes: Int, _ status: Int) throws {
        var resource = testResource()
        let user = try createUser(&resource)
        let json = "{\"scopes\":[\"chat\"],\"expiresInMinutes\":\(minutes)}"
        #expect(
            resource.answer(to: signedRequest("POST", target(user, "/:issueAccessToken"), json: json)).status == status)
        let create = "{\"createTokenWithScopes\":[\"chat\"],\"expiresInMinutes\":\(minutes)}"
        #expect(
            resource.answer(to: signedRequest("POST", Self.create, json: create)).status == (status == 200 ? 201 : 400))
    }

    @Test("only the service's scopes are known, and one at least is needed") func scopes() throws {
        var resource = testResource()
        let user = try createUser(&resource)
        for (scopes, status) in [
            ("[]", 400), (#"["mail"]"#, 400), (#"["chat","Chat"]"#, 400), (#"["voip.join"]"#, 200),
            (#"["chat.join.limited","chat.join"]"#, 200), ("null", 400), (#""chat""#, 400),
        ] {
            let request = signedRequest("POST", target(user, "/:issueAccessToken"), json: "{\"scopes\":\(scopes)}")
            #expect(resource.answer(to: request).status == status, "\(scopes)")
        }
    }

    @Test("an unknown user is 404 everywhere") func unknown() {
        var resource = testResource()
        let user = "8:acs:00000000-0000-4000-8000-000000000000_00000000-0000-4000-8000-000000000000"
        let requests = [
            signedRequest("POST", target(user, "/:issueAccessToken"), json: #"{"scopes":["chat"]}"#),
            signedRequest("POST", target(user, "/:revokeAccessTokens")), signedRequest("DELETE", target(user)),
        ]
        for request in requests { #expect(resource.answer(to: request).status == 404) }
    }

    @Test("a deleted user is gone") func delete() throws {
        var resource = testResource()
        let user = try createUser(&resource)
        let deleted = resource.answer(to: signedRequest("DELETE", target(user)))
        #expect(deleted.status == 204)
        #expect(deleted.body.isEmpty)
        #expect(resource.answer(to: signedRequest("DELETE", target(user))).status == 404)
    }

    @Test("a user's tokens are void after revocation, later ones are not") func revoke() throws {
        var resource = testResource()
        let user = try createUser(&resource)
        let issue = signedRequest("POST", target(user, "/:issueAccessToken"), json: #"{"scopes":["chat"]}"#)
        func chat(_ token: String) -> Int {
            resource.answer(to: bearerRequest("GET", ChatTests.threads, token: token)).status
        }
        let first = try #require(resource.answer(to: issue).string("token"))
        #expect(chat(first) == 200)
        #expect(resource.answer(to: signedRequest("POST", target(user, "/:revokeAccessTokens"))).status == 204)
        #expect(chat(first) == 401)
        // Within the same second: the order of issue counts, not the clock.
        let second = try #require(resource.answer(to: issue).string("token"))
        #expect(first != second)
        #expect(chat(second) == 200)
    }
}
