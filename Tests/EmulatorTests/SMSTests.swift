import Testing

@testable import Emulator

@Suite("SMS")
struct SMSTests {
    private let target = "/sms?api-version=2021-03-07"

    private func message(
        from: String = "+18005550100", to: [String] = [#"{"to":"+14255550123"}"#], text: String = "Hello"
    ) -> EmulatedRequest {
        signedRequest(
            "POST", target,
            json: "{\"from\":\"\(from)\",\"smsRecipients\":[\(to.joined(separator: ","))],\"message\":\"\(text)\"}")
    }

    @Test("each recipient has his own result under one 202") func multiStatus() {
        var resource = testResource()
        let answer = resource.answer(to: message(to: [#"{"to":"+14255550123"}"#, #"{"to":"4255550123"}"#]))
        #expect(answer.status == 202)
        #expect(answer.text.contains(#""httpStatusCode":202"#))
        #expect(answer.text.contains(#""successful":true"#))
        #expect(answer.string("messageId")?.utf8.starts(with: "Outgoing_20261123090807".utf8) == true)
        #expect(
            answer.text.contains(
                #"{"errorMessage":"Invalid To phone number format.","httpStatusCode":400,"successful":false,"#
                    + #""to":"4255550123"}"#))
    }

    @Test("a text of any language goes, up to 2048 units of UTF-16")
    func text() {
        var resource = testResource()
        #expect(resource.answer(to: message(text: "Grüße 你好 🚀")).status == 202)
        #expect(resource.answer(to: message(text: "")).status == 202)
        #expect(resource.answer(to: message(text: String(repeating: "é", count: 2048))).status == 202)
        #expect(resource.answer(to: message(text: String(repeating: "🚀", count: 1024))).status == 202)
        #expect(resource.answer(to: message(text: String(repeating: "🚀", count: 1025))).status == 400)
    }

    @Test("a message has 1 to 100 recipients", arguments: [(0, 400), (1, 202), (100, 202), (101, 400)])
    func recipients(_ count: Int, _ status: Int) {
        var resource = testResource()
        let recipients = Array(repeating: #"{"to":"+14255550123"}"#, count: count)
        #expect(resource.answer(to: message(to: recipients)).status == status)
    }

    @Test(
        "a sender is a number, a short code or a name",
        arguments: [
            ("+18005550100", 202), ("12345", 202), ("123456", 202), ("Contoso", 202), ("Contoso 42", 202), ("", 400),
            ("1234", 400), ("1234567", 400), ("A name too long", 400), ("Contoso!", 400), ("+0", 400),
        ])
    func sender(_ from: String, _ status: Int) {
        var resource = testResource()
        #expect(resource.answer(to: message(from: from)).status == status)
    }

    @Test(
        "a number is E.164",
        arguments: [
            ("+14255550123", true), ("+491701234567", true), ("+1234567", true), ("+123456", false),
            ("+1234567890123456", false), ("+04255550123", false), ("14255550123", false), ("+1425555012x", false),
            ("+1 425 555 0123", false), ("", false), ("+", false), ("++14255550123", false),
        ])
    func number(_ text: String, _ isNumber: Bool) {
        #expect(PhoneNumber.isE164(text) == isNumber)
    }

    @Test("the same repeatability id is not sent twice") func repeatability() {
        var resource = testResource()
        func send(_ id: String, _ firstSent: String = ",\"repeatabilityFirstSent\":\"\(testTime.date)\"")
            -> EmulatedAnswer
        {
            resource.answer(
                to: message(to: ["{\"to\":\"+14255550123\",\"repeatabilityRequestId\":\"\(id)\"\(firstSent)}"]))
        }
        let id = "fda6d242-46aa-4247-8bf6-619a1206f9c3"
        let first = send(id)
        #expect(first.string("repeatabilityResult") == "accepted")
        #expect(send(id).string("messageId") == first.string("messageId"))
        #expect(send("FDA6D242-46AA-4247-8BF6-619A1206F9C4").string("messageId") != first.string("messageId"))
        for rejected in [send(id, ""), send(id, #","repeatabilityFirstSent":"today""#), send("x")] {
            #expect(rejected.status == 202)
            #expect(rejected.string("repeatabilityResult") == "rejected")
            #expect(rejected.text.contains(#""httpStatusCode":400"#))
        }
    }
}
