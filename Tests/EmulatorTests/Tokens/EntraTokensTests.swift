import Crypto
import Testing

@testable import Emulator

@Suite("What the resource thinks of a bearer token")
struct EntraTokensTests {
    @Test("a token that was given is accepted until its last second, and the journal names it") func accepted() throws {
        var azure = try testAzure()
        let token = try #require(azure.answer(to: entraRequest()).accessToken)
        #expect(azure.use(token).status == 200)
        #expect(azure.use(token, atSeconds: testTime.seconds + 3599).status == 200)
        let late = azure.use(token, atSeconds: testTime.seconds + 3600)
        #expect(late.status == 401)
        #expect(late.reason == "expired token")
        #expect(late.text == #"{"error":{"code":"Denied","message":"Denied by the resource provider."}}"#)
        let page = try azure.answer(to: plainRequest("/_emulator/requests")).content(RequestJournal.Page.self)
        #expect(page.requests.map(\.credential.verdict) == ["application", "application", "refused"])
        #expect(page.requests[0].credential.application == testPrincipal.clientID)
        #expect(page.requests[0].credential.token == 1)
        #expect(page.requests[0].leftovers.isEmpty)
    }

    @Test("the word Bearer is read in any case, and alone") func scheme() throws {
        var azure = try testAzure()
        let token = try #require(azure.answer(to: entraRequest()).accessToken)
        let request = bearerRequest("GET", "/phoneNumbers?api-version=2025-06-01", token: token)
        #expect(azure.answer(to: request.replacing("authorization", with: "bEARER \(token)")).status == 200)
        for text in ["Bearer", "Bearer  \(token)", "Bearer \(token) ", "Bearer\(token)", token, "Basic \(token)"] {
            #expect(azure.answer(to: request.replacing("authorization", with: text)).status == 401, "\(text)")
        }
    }

    @Test("tokens of another run, and texts that are none, are refused") func foreign() throws {
        var azure = try testAzure()
        let order = EntraTokens.Order(tenant: "t", application: "a", object: "o", lifetimeSeconds: 60)
        let other = EntraTokens(randomness: .seeded(1)).issue(order, atSeconds: testTime.seconds).text
        let own = try #require(azure.answer(to: entraRequest()).accessToken)
        let parts = own.split(separator: ".")
        for token in [other, "", "a", "a.b.c", "\(parts[0]).\(parts[1]).", "\(parts[0]).e30.\(parts[2])", own + "A"] {
            let answer = azure.use(token)
            #expect(answer.status == 401)
            #expect(answer.reason == "foreign token")
        }
    }

    @Test("a user's token is none of an application, nor the other way round") func users() throws {
        var azure = try testAzure()
        let created = azure.answer(
            to: signedRequest("POST", IdentityTests.create, json: #"{"createTokenWithScopes":["chat"]}"#))
        #expect(azure.use(try #require(created.string("token"))).reason == "foreign token")
        let token = try #require(azure.answer(to: entraRequest()).accessToken)
        #expect(azure.answer(to: bearerRequest("GET", ChatTests.threads, token: token)).reason == "invalid user token")
    }

    @Test(
        "what belongs to a signature has no place beside a token, and is noted",
        arguments: ["x-ms-date", "x-ms-content-sha256", "date", "X_MS_Date"])
    func leftovers(_ name: String) throws {
        var azure = try testAzure()
        let token = try #require(azure.answer(to: entraRequest()).accessToken)
        let request = bearerRequest("GET", "/phoneNumbers?api-version=2025-06-01", token: token).adding(name, "x")
        _ = azure.answer(to: request)
        let page = try azure.answer(to: plainRequest("/_emulator/requests")).content(RequestJournal.Page.self)
        #expect(page.requests[0].leftovers == [name.asciiLowercased])
    }

    @Test("somebody else's credential beside a token is refused, and so are two tokens") func foreignCredential() throws
    {
        var azure = try testAzure()
        let token = try #require(azure.answer(to: entraRequest()).accessToken)
        let request = bearerRequest("GET", "/phoneNumbers?api-version=2025-06-01", token: token)
        #expect(azure.answer(to: request.adding("Cookie", "a=b")).reason == "leftover cookie")
        #expect(azure.answer(to: request.adding("Authorization", "Bearer \(token)")).reason == "repeated authorization")
        let signed = signedRequest("GET", "/phoneNumbers?api-version=2025-06-01")
        #expect(azure.answer(to: signed.adding("Authorization", "Bearer \(token)")).status == 401)
    }

    @Test("revoked tokens are refused, later ones are not") func revocation() throws {
        var azure = try testAzure()
        let old = try #require(azure.answer(to: entraRequest()).accessToken)
        #expect(azure.command(#"{"revoke":true}"#) == 204)
        #expect(azure.use(old).reason == "revoked token")
        let new = try #require(azure.answer(to: entraRequest()).accessToken)
        #expect(azure.use(new).status == 200)
    }

    @Test("a claims challenge is answered by a token that was asked for with its claims") func claims() throws {
        var azure = try testAzure()
        let old = try #require(azure.answer(to: entraRequest()).accessToken)
        let claims = #"{"access_token":{"nbf":{"essential":true,"value":"1795424800"}}}"#
        #expect(azure.command(#"{"claims":"\#(claims.replacing("\"", with: #"\""#))"}"#) == 204)
        let challenge = azure.use(old)
        #expect(challenge.status == 401)
        let field = try #require(challenge.value(of: "www-authenticate"))
        #expect(field.hasPrefix("Bearer "))
        #expect(field.contains(#"error="insufficient_claims""#))
        #expect(field.contains(#"claims="\#(Base64.text(of: Array(claims.utf8).span))""#))

        let without = try #require(azure.answer(to: entraRequest()).accessToken)
        #expect(azure.use(without).reason == "insufficient claims")
        let merged =
            #"{"access_token": {"xms_cc": {"values": ["CP1"]}, "#
            + #""nbf": {"value": "1795424800", "essential": true}}}"#
        for text in [claims, merged] {
            let with = try #require(azure.answer(to: entraRequest(["claims": text])).accessToken)
            #expect(azure.use(with).status == 200)
        }
        #expect(azure.command(#"{"claims":""}"#) == 204)
        #expect(azure.use(old).status == 200)
        for wrong in ["x", "[]", "1"] { #expect(azure.command(#"{"claims":"\#(wrong)"}"#) == 400) }
    }

    @Test("a managed identity answers a challenge with a new token, since its platform passes no claims on")
    func claimsOfManagedIdentity() throws {
        var azure = try testAzure()
        let old = try #require(azure.answer(to: ManagedIdentityTests.imds()).accessToken)
        #expect(azure.answer(to: ManagedIdentityTests.imds()).accessToken == old)
        #expect(azure.command(#"{"claims":"{\"a\":1}"}"#) == 204)
        #expect(azure.use(old).reason == "insufficient claims")
        let new = try #require(azure.answer(to: ManagedIdentityTests.imds()).accessToken)
        #expect(azure.use(new).status == 200)
    }

    @Test("the knobs of the service hold for tokens as well") func misbehaviour() throws {
        var behaviour = EmulatorBehaviour()
        behaviour.throttlePerMinute = 1
        var azure = try testAzure(behaviour: behaviour)
        let token = try #require(azure.answer(to: entraRequest()).accessToken)
        #expect(azure.use(token).status == 200)
        #expect(azure.use(token).status == 429)
    }
}
