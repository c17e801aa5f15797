import Crypto
import Testing

@testable import Emulator

@Suite("Email")
struct EmailTests {
    private let target = "/emails:send?api-version=2025-09-01"

    private func message(
        sender: String = "a@contoso.com", content: String = #"{"subject":"Hi","plainText":"there"}"#,
        recipients: String = #"{"to":[{"address":"b@contoso.com"}]}"#, more: String = ""
    ) -> EmulatedRequest {
        signedRequest(
            "POST", target,
            json: "{\"senderAddress\":\"\(sender)\",\"content\":\(content),\"recipients\":\(recipients)\(more)}")
    }

    @Test("a message is accepted, runs for some polls, and has succeeded")
    func life() throws {
        var resource = testResource()
        let sent = resource.answer(to: message())
        #expect(sent.status == 202)
        #expect(sent.string("status") == "Running")
        #expect(sent.value(of: "retry-after") == "1")
        let id = try #require(sent.string("id"))
        #expect(
            sent.value(of: "operation-location")
                == "https://contoso.communication.azure.com//emails/operations/\(id)?api-version=2025-09-01")

        // Polled at the very link, with its two slashes.
        let link = "//emails/operations/\(id)?api-version=2025-09-01"
        for status in ["Running", "Running", "Succeeded", "Succeeded"] {
            let answer = resource.answer(to: signedRequest("GET", link))
            #expect(answer.status == 200)
            #expect(answer.string("status") == status)
            #expect((answer.value(of: "retry-after") == nil) == (status == "Succeeded"))
        }
    }

    @Test("the link names this server's scheme, or another host of the resource") func links() {
        var plain = testResource(scheme: "http")
        let own = plain.answer(to: message()).value(of: "operation-location")
        #expect(own?.utf8.starts(with: "http://contoso.communication.azure.com//emails/".utf8) == true)

        var behaviour = EmulatorBehaviour()
        behaviour.publicHost = "contoso.westeurope.communication.azure.com"
        behaviour.emailRetryAfterSeconds = 20
        var regional = testResource(behaviour, scheme: "http")
        let answer = regional.answer(to: message())
        let prefix = "https://contoso.westeurope.communication.azure.com//emails/operations/"
        #expect(answer.value(of: "operation-location")?.utf8.starts(with: prefix.utf8) == true)
        #expect(answer.value(of: "retry-after") == "20")
    }

    @Test("the client may name the operation, and a repeat does not begin anew") func operationID() {
        var resource = testResource()
        let id = "8540c0de-899f-5cce-acb5-3ec493af3800"
        for spelling in [id, "8540C0DE-899F-5CCE-ACB5-3EC493AF3800"] {
            #expect(resource.answer(to: message().adding("Operation-Id", spelling)).string("id") == id)
            _ = resource.answer(to: signedRequest("GET", "/emails/operations/\(id)?api-version=2025-09-01"))
        }
        let poll = resource.answer(to: signedRequest("GET", "/emails/operations/\(id)?api-version=2025-09-01"))
        #expect(poll.string("status") == "Succeeded")
        #expect(resource.answer(to: message().adding("Operation-Id", "x")).status == 400)
    }

    @Test("an unknown operation is 404") func unknown() {
        var resource = testResource()
        #expect(
            resource.answer(to: signedRequest("GET", "/emails/operations/x?api-version=2025-09-01")).status == 404)
    }

    @Test("a message needs a sender, a subject, a text and recipients") func validation() {
        var resource = testResource()
        let address = #"{"address":"b@contoso.com"}"#
        let fifty = Array(repeating: address, count: 50).joined(separator: ",")
        let wrong = [
            message(sender: ""), message(sender: "contoso.com"), message(sender: "@"),
            message(content: #"{"subject":"","plainText":"x"}"#), message(content: #"{"subject":"Hi"}"#),
            message(content: #"{"subject":"Hi","html":""}"#), message(recipients: #"{"to":[]}"#),
            message(recipients: #"{"to":[{"address":"b"}]}"#),
            message(recipients: "{\"to\":[\(fifty)],\"bcc\":[\(address)]}"),
            message(more: #","replyTo":[{"address":"x"}]"#),
        ]
        for request in wrong { #expect(resource.answer(to: request).status == 400) }
        #expect(resource.answer(to: message(content: #"{"subject":"Hi","html":"<p>"}"#)).status == 202)
        #expect(resource.answer(to: message(recipients: "{\"to\":[\(fifty)]}")).status == 202)
    }

    @Test("an attachment has a name, a type and content in base64, and all together 10 MB") func attachments() {
        var resource = testResource()
        func send(_ name: String, _ type: String, _ content: String) -> Int {
            let attachment = "\"name\":\"\(name)\",\"contentType\":\"\(type)\",\"contentInBase64\":\"\(content)\""
            return resource.answer(to: message(more: ",\"attachments\":[{\(attachment)}]")).status
        }
        #expect(send("a.txt", "text/plain", "aGVsbG8=") == 202)
        #expect(send("", "text/plain", "aGVsbG8=") == 400)
        #expect(send("a.txt", "plain", "aGVsbG8=") == 400)
        #expect(send("a.txt", "text/plain", "aGVsbG8") == 400)
        #expect(send("a.txt", "text/plain", "not base64") == 400)
        let eight = Base64.text(of: [UInt8](repeating: 1, count: 8 * 1024 * 1024).span)
        #expect(send("a.bin", "application/octet-stream", eight) == 202)
        let eleven = Base64.text(of: [UInt8](repeating: 1, count: 11 * 1024 * 1024).span)
        #expect(send("a.bin", "application/octet-stream", eleven) == 413)
    }
}
