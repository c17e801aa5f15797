import Testing

@testable import Emulator

@Suite("What the emulated resource checks before it works")
struct EmulatedResourceTests {
    @Test("a request without a valid signature is denied in the service's words, and told why")
    func denied() {
        var resource = testResource()
        let good = signedRequest("GET", "/phoneNumbers?api-version=2025-06-01")
        #expect(resource.answer(to: good).status == 200)

        let unsigned = resource.answer(to: good.removing("authorization"))
        #expect(unsigned.status == 401)
        #expect(
            unsigned.text == #"{"error":{"code":"Denied","message":"Denied by the resource provider."}}"#)
        #expect(unsigned.value(of: "x-ms-error-code") == "Denied")
        #expect(unsigned.value(of: "x-acs-emulator-reason") == "missing authorization")
        #expect(unsigned.value(of: "content-type") == "application/json; charset=utf-8")
    }

    @Test("another body than the signed one is denied in words of its own") func digest() {
        var resource = testResource()
        var request = signedRequest("POST", "/identities?api-version=2023-10-01", json: "{}")
        request.body.append(0x20)
        let answer = resource.answer(to: request)
        #expect(answer.status == 401)
        #expect(
            answer.text == #"{"error":{"code":"Denied","message":"#
                + #""Request 'x-ms-content-sha256' differs from generated content hash."}}"#)
    }

    @Test("a bearer is no signature") func bearer() {
        var resource = testResource()
        let request = bearerRequest("GET", "/phoneNumbers?api-version=2025-06-01", token: "e30.e30.x")
        #expect(resource.answer(to: request).status == 401)
    }

    @Test(
        "every call needs one api-version that is a date",
        arguments: [
            ("", "MissingApiVersionParameter"), ("?api-version=", "MissingApiVersionParameter"),
            ("?API-VERSION=2025-06-01", "MissingApiVersionParameter"), ("?api-version", "MissingApiVersionParameter"),
            ("?api-version=1", "UnsupportedApiVersionValue"),
            ("?api-version=2025-06-01preview", "UnsupportedApiVersionValue"),
            ("?api-version=2025-06-01&api-version=2025-06-01", "BadRequest"),
        ])
    func apiVersion(_ query: String, _ code: String) {
        var resource = testResource()
        let answer = resource.answer(to: signedRequest("GET", "/phoneNumbers" + query))
        #expect(answer.status == 400)
        #expect(answer.value(of: "x-ms-error-code") == code)
    }

    @Test("a preview's version counts") func previewVersion() {
        var resource = testResource()
        #expect(
            resource.answer(to: signedRequest("GET", "/phoneNumbers?api-version=2025-03-02-preview")).status == 200)
    }

    @Test(
        "an unknown path is 404, whatever the method",
        arguments: [
            "/", "/smsx", "/sms/x", "/identities/a/b", "/identities/a/:issueAccessToken/x", "/emails", "/emails/send",
            "/emails/operations", "/phoneNumbers/1/2", "/_emulator", "/_emulator/requests/x", "/rooms",
        ])
    func unknownPath(_ path: String) {
        var resource = testResource()
        for method in ["GET", "POST", "DELETE"] {
            let answer = resource.answer(to: signedRequest(method, path + "?api-version=2025-06-01"))
            #expect(answer.status == 404)
            #expect(answer.string("code") == "NotFound")
        }
    }

    @Test(
        "a wrong method is 405 and told which are right",
        arguments: [
            ("GET", "/sms", "POST"), ("GET", "/identities", "POST"), ("GET", "/identities/x", "DELETE"),
            ("GET", "/identities/x/:issueAccessToken", "POST"), ("PUT", "/emails:send", "POST"),
            ("POST", "/emails/operations/x", "GET"), ("DELETE", "/phoneNumbers", "GET"),
            ("PATCH", "/phoneNumbers/x", "GET"),
        ])
    func wrongMethod(_ method: String, _ path: String, _ allowed: String) {
        var resource = testResource()
        let answer = resource.answer(to: signedRequest(method, path + "?api-version=2025-06-01"))
        #expect(answer.status == 405)
        #expect(answer.value(of: "allow") == allowed)
        #expect(answer.string("code") == "MethodNotAllowed")
    }

    @Test("case, empty segments and escapes do not matter to a path, but to its signature") func spellings() {
        var resource = testResource()
        for path in ["//phoneNumbers", "/PHONENUMBERS/", "/phone%4Eumbers", "///phonenumbers//"] {
            let target = path + "?api-version=2025-06-01"
            #expect(resource.answer(to: signedRequest("GET", target)).status == 200)
            var respelled = signedRequest("GET", target)
            respelled.target = "/phoneNumbers?api-version=2025-06-01"
            #expect(resource.answer(to: respelled).status == 401)
        }
    }

    @Test(
        "a target with a bad escape or not of origin-form is 400", arguments: ["/%", "/%4", "/%zz", "/%FF", "*", "x"])
    func badTarget(_ target: String) {
        var resource = testResource()
        #expect(resource.answer(to: signedRequest("GET", target)).status == 400)
    }

    @Test("content that is not JSON is 415, JSON that does not fit is 400 with its place") func content() {
        var resource = testResource()
        let target = "/sms?api-version=2021-03-07"
        let text = signedRequest("POST", target, json: "{}").replacing("content-type", with: "text/plain")
        #expect(resource.answer(to: text).status == 415)
        let none = signedRequest("POST", target, json: "{}").removing("content-type")
        #expect(resource.answer(to: none).status == 415)
        let wrong = [
            ("", "The content is not JSON."), ("{", "The JSON value could not be converted. Path: $"),
            ("[]", "The JSON value could not be converted. Path: $"),
            (#"{"from":1}"#, "The JSON value could not be converted. Path: $.from"),
            (
                #"{"from":"+18005550100","message":"","smsRecipients":[{"to":"+1"},{}]}"#,
                "The JSON value could not be converted. Path: $.smsRecipients[1].to"
            ),
        ]
        for (json, message) in wrong {
            let answer = resource.answer(to: signedRequest("POST", target, json: json))
            #expect(answer.status == 400)
            if !json.isEmpty { #expect(answer.string("message") == message) }
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(resource.answer(to: signedRequest("POST", target, json: deep)).status == 400)
    }

    @Test("the client's request id comes back when asked for, and each answer has one of its own") func requestIDs() {
        var resource = testResource()
        let request = signedRequest("GET", "/phoneNumbers?api-version=2025-06-01").adding(
            "x-ms-client-request-id", "abc")
        let without = resource.answer(to: request)
        #expect(without.value(of: "x-ms-client-request-id") == nil)
        let with = resource.answer(to: request.adding("x-ms-return-client-request-id", "true"))
        #expect(with.value(of: "x-ms-client-request-id") == "abc")
        #expect(with.value(of: "x-ms-request-id") != without.value(of: "x-ms-request-id"))
        #expect(with.value(of: "ms-cv") != nil)
    }

    @Test("one seed gives one run") func seed() {
        let request = signedRequest("POST", "/identities?api-version=2023-10-01", json: "{}")
        var (one, other) = (testResource(), testResource())
        #expect(one.answer(to: request) == other.answer(to: request))
        #expect(one.answer(to: request) == other.answer(to: request))
        #expect(one.answer(to: request) != testResourceAnswer(seed: 8, request))
    }

    private func testResourceAnswer(seed: UInt64, _ request: EmulatedRequest) -> EmulatedAnswer {
        var resource = EmulatedResource(
            accessKeys: [testKey], tokens: EntraTokens(randomness: .seeded(8)), randomness: .seeded(seed))
        return resource.answer(to: request)
    }
}
