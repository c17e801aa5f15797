import Crypto
import FoundationEssentials
import Testing

@testable import Emulator

@Suite("The journal of requests")
struct RequestJournalTests {
    private func read(_ resource: inout EmulatedResource) throws -> RequestJournal.Page {
        let answer = resource.answer(
            to: EmulatedRequest(method: "GET", target: "/_emulator/requests", receivedAtSeconds: testTime.seconds))
        #expect(answer.status == 200)
        return try JSONDecoder().decode(RequestJournal.Page.self, from: Data(answer.body))
    }

    @Test("it tells what was received, good or bad, and what was answered") func entries() throws {
        var resource = testResource()
        let good = signedRequest("POST", "/sms?api-version=2021-03-07", json: "{}")
        _ = resource.answer(to: good)
        _ = resource.answer(to: good.adding("Cookie", "a=b"))
        let page = try read(&resource)
        #expect(page.dropped == 0)
        #expect(page.requests.map(\.number) == [1, 2])
        #expect(page.requests.map(\.status) == [400, 401])
        let (first, second) = (page.requests[0], page.requests[1])
        #expect(first.method == "POST")
        #expect(first.target == "/sms?api-version=2021-03-07")
        #expect(first.fields == good.fields)
        #expect(first.receivedAt == "2026-11-23T09:08:07.0000000+00:00")
        #expect(first.body.bytes == 2)
        #expect(first.body.sha256 == SHA256.digest(of: good.body.span).hex)
        #expect(first.credential.verdict == "signed")
        #expect(first.credential.key == 1)
        #expect(first.leftovers.isEmpty)
        #expect(second.credential.verdict == "refused")
        #expect(second.credential.reason == "leftover cookie")
        #expect(second.leftovers == ["cookie"])
    }

    @Test("it names the user whose token came") func users() throws {
        var resource = testResource()
        let created = resource.answer(
            to: signedRequest("POST", IdentityTests.create, json: #"{"createTokenWithScopes":["chat"]}"#))
        let token = try #require(created.string("token"))
        _ = resource.answer(to: bearerRequest("GET", ChatTests.threads, token: token))
        let credential = try #require(try read(&resource).requests.last?.credential)
        #expect(credential.verdict == "user")
        #expect(credential.user == created.string("id"))
    }

    @Test("it can be emptied, and notes neither its reading nor that") func empty() throws {
        var resource = testResource()
        _ = resource.answer(to: signedRequest("GET", "/phoneNumbers?api-version=2025-06-01"))
        #expect(try read(&resource).requests.count == 1)
        let emptied = resource.answer(
            to: EmulatedRequest(method: "DELETE", target: "/_emulator/requests", receivedAtSeconds: testTime.seconds))
        #expect(emptied.status == 204)
        #expect(try read(&resource).requests.isEmpty)
        let wrong = resource.answer(
            to: EmulatedRequest(method: "POST", target: "/_emulator/requests", receivedAtSeconds: testTime.seconds))
        #expect(wrong.status == 405)
    }

    @Test("it is not there for other machines") func loopback() {
        var resource = testResource()
        for method in ["GET", "DELETE"] {
            let answer = resource.answer(
                to: EmulatedRequest(
                    method: method, target: "/_emulator/requests", receivedAtSeconds: testTime.seconds,
                    peerIsLoopback: false))
            #expect(answer.status == 401)
        }
    }

    @Test("it keeps so many entries and so much text, the newest") func bounds() {
        var journal = RequestJournal()
        let small = signedRequest("GET", "/")
        let fault = Result<Caller, CredentialFault>.failure(.wrongSignature)
        for _ in 0..<10_000 { journal.record(small, fault, status: 401) }
        #expect(journal.page.requests.count == RequestJournal.entryLimit)
        #expect(journal.page.dropped == 10_000 - RequestJournal.entryLimit)
        #expect(journal.page.requests.last?.number == 10_000)
        #expect(journal.page.requests.first?.number == 10_001 - RequestJournal.entryLimit)

        let large = small.adding("x", String(repeating: "x", count: 60_000))
        for _ in 0..<500 { journal.record(large, fault, status: 401) }
        #expect(journal.page.requests.count * 60_000 <= RequestJournal.textLimitBytes)
        #expect(journal.page.requests.last?.number == 10_500)
    }
}
