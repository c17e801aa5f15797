import Testing

@testable import Emulator

@Suite("Chat")
struct ChatTests {
    static let threads = "/chat/threads?api-version=2024-03-07"

    /// A user of `resource` with a token for `scope`.
    private func newUser(
        _ resource: inout EmulatedResource, scope: String = "chat"
    ) throws -> (id: String, token: String) {
        let answer = resource.answer(
            to: signedRequest(
                "POST", IdentityTests.create, json: "{\"createTokenWithScopes\":[\"\(scope)\"],\"expiresInMinutes\":60}"
            ))
        return (try #require(answer.string("id")), try #require(answer.string("token")))
    }

    @Test("anything but a valid token of this resource's user is 401 in Chat's words") func unauthorized() throws {
        var resource = testResource()
        let user = try newUser(&resource)
        let text = #"{"error":{"code":"Unauthorized","message":"Request is not authorized."}}"#

        let signed = resource.answer(to: signedRequest("GET", Self.threads))
        #expect(signed.status == 401)
        #expect(signed.text == text)
        var foreign = EmulatedResource(
            accessKeys: [testKey], tokens: EntraTokens(randomness: .seeded(8)), randomness: .seeded(99))
        let stranger = try newUser(&foreign)
        let voice = try newUser(&resource, scope: "voip")
        let tokens = [
            "", "x", "e30.eyJleHAiOjQxMDI0NDQ4MDB9.x", "..", stranger.token, voice.token, user.token + "x",
            String(user.token.dropLast()), user.token + ".", "x" + user.token,
            user.token.replacing(".", with: ".e", maxReplacements: 1),
        ]
        for token in tokens {
            let answer = resource.answer(to: bearerRequest("GET", Self.threads, token: token))
            #expect(answer.status == 401)
            #expect(answer.text == text)
        }
        let bare = bearerRequest("GET", Self.threads, token: user.token).replacing("authorization", with: user.token)
        #expect(resource.answer(to: bare).status == 401)
        let doubled = bearerRequest("GET", Self.threads, token: user.token).adding("authorization", "Bearer x")
        #expect(resource.answer(to: doubled).status == 401)
        #expect(resource.answer(to: bearerRequest("GET", Self.threads, token: user.token)).status == 200)
    }

    @Test("a token ends when it says, or with its user") func ends() throws {
        var resource = testResource()
        let user = try newUser(&resource)
        for (later, status) in [(0, 200), (3599, 200), (3600, 401)] {
            let request = bearerRequest(
                "GET", Self.threads, token: user.token, atSeconds: testTime.seconds + later)
            #expect(resource.answer(to: request).status == status)
        }
        let target = "/identities/\(user.id)?api-version=2023-10-01"
        #expect(resource.answer(to: signedRequest("DELETE", target)).status == 204)
        #expect(resource.answer(to: bearerRequest("GET", Self.threads, token: user.token)).status == 401)
    }

    @Test("a user's threads are his own and the others' that he takes part in") func threads() throws {
        var resource = testResource()
        let jane = try newUser(&resource)
        let alex = try newUser(&resource)
        #expect(
            resource.answer(to: bearerRequest("GET", Self.threads, token: jane.token)).text == #"{"value":[]}"#)

        func participant(_ id: String) -> String { "{\"communicationIdentifier\":{\"rawId\":\"\(id)\"}}" }
        let json =
            "{\"topic\":\"Lunch\",\"participants\":[\(participant(alex.id)),\(participant("8:acs:nobody"))]}"
        let created = resource.answer(to: bearerRequest("POST", Self.threads, token: jane.token, json: json))
        #expect(created.status == 201)
        let id = try #require(created.string("id"))
        #expect(id.utf8.starts(with: "19:".utf8))
        #expect(created.text.contains(#""target":"8:acs:nobody""#))
        #expect(
            created.value(of: "location")
                == "https://contoso.communication.azure.com/chat/threads/\(id.replacing(":", with: "%3A"))")
        for token in [jane.token, alex.token] {
            let list = resource.answer(to: bearerRequest("GET", Self.threads, token: token))
            #expect(list.string("topic") == "Lunch")
            #expect(list.string("id") == id)
        }
        let stranger = try newUser(&resource)
        #expect(
            resource.answer(to: bearerRequest("GET", Self.threads, token: stranger.token)).text == #"{"value":[]}"#)
    }

    @Test("a topic has 1 to 250 characters") func topic() throws {
        var resource = testResource()
        let user = try newUser(&resource)
        for (length, status) in [(0, 400), (1, 201), (250, 201), (251, 400)] {
            let json = "{\"topic\":\"\(String(repeating: "x", count: length))\"}"
            let request = bearerRequest("POST", Self.threads, token: user.token, json: json)
            #expect(resource.answer(to: request).status == status)
        }
    }
}
