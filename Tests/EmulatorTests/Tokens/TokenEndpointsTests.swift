import Crypto
import Testing

@testable import Emulator

@Suite("The token endpoints as a whole")
struct TokenEndpointsTests {
    @Test("they can be taken down and up, and say so in their own words") func availability() throws {
        var azure = try testAzure()
        #expect(azure.command(#"{"available":false}"#) == 204)
        let entra = azure.answer(to: entraRequest())
        #expect(entra.status == 503)
        #expect(entra.string("error") == "temporarily_unavailable")
        #expect(azure.answer(to: ManagedIdentityTests.imds()).status == 503)
        #expect(try azure.tokenJournal().available == false)
        #expect(azure.answer(to: signedRequest("GET", "/phoneNumbers?api-version=2025-06-01")).status == 200)
        #expect(azure.command(#"{"available":true}"#) == 204)
        #expect(azure.answer(to: entraRequest()).status == 200)
        #expect(try azure.tokenJournal().requests.map(\.outcome) == [.unavailable, .unavailable, .issued])

        var options = TokenOptions()
        options.isAvailable = false
        var down = try testAzure(options)
        #expect(down.answer(to: entraRequest()).status == 503)
    }

    @Test("a share of requests is refused: half 429 with a time to wait, half 500") func rejection() throws {
        var options = TokenOptions()
        options.rejectRate = 0.5
        var azure = try testAzure(options)
        var counts: [Int: Int] = [:]
        for request in [entraRequest(), ManagedIdentityTests.imds()] {
            for _ in 0..<1000 {
                let answer = azure.answer(to: request)
                counts[answer.status, default: 0] += 1
                #expect((answer.status == 429) == (answer.value(of: "retry-after") == "1"))
            }
        }
        #expect(Set(counts.keys) == [200, 429, 500])
        #expect((800...1200).contains(counts[200] ?? 0))
        #expect((400...600).contains(counts[429] ?? 0))
        let journal = try azure.tokenJournal()
        #expect((journal.asked, journal.issued) == (2000, counts[200]))
        #expect(journal.requests.count == TokenJournal.entryLimit)
        #expect(journal.requests.last?.number == 2000)
    }

    @Test("each answer is held back, and only theirs") func latency() throws {
        var options = TokenOptions()
        options.latency = .milliseconds(5)
        var azure = try testAzure(options)
        #expect(azure.answer(to: entraRequest()).delay == .milliseconds(5))
        #expect(azure.answer(to: ManagedIdentityTests.imds()).delay == .milliseconds(5))
        #expect(azure.answer(to: entraRequest(["scope": nil])).delay == .milliseconds(5))
        #expect(azure.answer(to: signedRequest("GET", "/phoneNumbers?api-version=2025-06-01")).delay == .zero)
        #expect(azure.answer(to: plainRequest("/_emulator/tokens")).delay == .zero)
    }

    @Test("the journal can be emptied, and is not there for other machines") func control() throws {
        var azure = try testAzure()
        _ = azure.answer(to: entraRequest())
        var request = plainRequest("/_emulator/tokens")
        request.method = "DELETE"
        #expect(azure.answer(to: request).status == 204)
        #expect(try azure.tokenJournal() == TokenJournal.Page(available: true, asked: 0, issued: 0, requests: []))
        request.method = "POST"
        #expect(azure.answer(to: request).status == 405)
        for json in ["", "{", #"{"available":1}"#, "[]"] { #expect(azure.command(json) == 400) }
        for method in ["GET", "PUT", "DELETE"] {
            request.method = method
            request.peerIsLoopback = false
            #expect(azure.answer(to: request).status == 401)
        }
    }

    @Test("nothing of a token request is in the journal of requests, nor a proof in its own") func secrecy() throws {
        var azure = try testAzure()
        let answer = azure.answer(to: entraRequest())
        _ = azure.answer(to: ManagedIdentityTests.request(.appService))
        #expect(azure.answer(to: plainRequest("/_emulator/requests")).text.contains(#""requests":[]"#))
        let journal = azure.answer(to: plainRequest("/_emulator/tokens")).text
        for secret in ["s3cr", TokenOptions().identityHeader, try #require(answer.accessToken)] {
            #expect(!journal.contains(secret))
        }
    }

    @Test("one seed gives one run") func seed() throws {
        var (one, other) = (try testAzure(), try testAzure())
        #expect(one.answer(to: entraRequest()) == other.answer(to: entraRequest()))
    }

    @Test(
        "knobs out of range are refused",
        arguments: [
            { $0.rejectRate = 1.1 }, { $0.rejectRate = .nan }, { $0.latency = .seconds(-1) },
            { $0.lifetimeSeconds = 1 },
            { $0.lifetimeSeconds = 100_801 }, { $0.refreshInSeconds = 0 }, { $0.arcTokenDirectory = "" },
            { $0.arcTokenDirectory = "keys" }, { $0.arcTokenDirectory = "/a b" },
            { $0.arcTokenDirectory = "/a\r\nb: c" },
            { $0.servicePrincipals[0].tenant = "" }, { $0.servicePrincipals[0].tenant = "a/b" },
            { $0.servicePrincipals[0].clientID = "ä" }, { $0.servicePrincipals[0].secrets = [.init(copying: "")] },
        ] as [@Sendable (inout TokenOptions) -> Void])
    func knobs(_ edit: @Sendable (inout TokenOptions) -> Void) {
        var options = EmulatorOptions()
        options.bind = "127.0.0.1:0"
        edit(&options.tokens)
        #expect(throws: EmulatorError.self) { try EmulatorServer(options) }
    }
}
