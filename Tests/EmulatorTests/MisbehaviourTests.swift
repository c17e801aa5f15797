import Testing

@testable import Emulator

@Suite("What the emulator does wrong on purpose")
struct MisbehaviourTests {
    private let request = signedRequest("GET", "/phoneNumbers?api-version=2025-06-01")

    @Test("a share of good requests is refused, the same ones for the same seed") func rejectRate() {
        var behaviour = EmulatorBehaviour()
        behaviour.rejectRate = 0.2
        var (one, other) = (testResource(behaviour), testResource(behaviour))
        let statuses = (0..<2000).map { _ in one.answer(to: request).status }
        #expect(statuses == (0..<2000).map { _ in other.answer(to: request).status })
        let counts = [200, 401, 500].map { status in statuses.count { $0 == status } }
        #expect(counts.reduce(0, +) == 2000)
        #expect((1500...1700).contains(counts[0]))
        #expect((140...260).contains(counts[1]))
        #expect((140...260).contains(counts[2]))
    }

    @Test("at 1 all are refused, at 0 none") func extremes() {
        for (rate, expected) in [(0.0, Set([200])), (1.0, Set([401, 500]))] {
            var behaviour = EmulatorBehaviour()
            behaviour.rejectRate = rate
            var resource = testResource(behaviour)
            #expect(Set((0..<200).map { _ in resource.answer(to: request).status }) == expected)
        }
    }

    @Test("beyond so many a minute the answer is 429 until the next one begins") func throttle() {
        var behaviour = EmulatorBehaviour()
        behaviour.throttlePerMinute = 2
        var resource = testResource(behaviour)
        // 09:08:07 is 53 seconds before the next minute.
        #expect((0..<2).map { _ in resource.answer(to: request).status } == [200, 200])
        let refused = resource.answer(to: request)
        #expect(refused.status == 429)
        #expect(refused.value(of: "retry-after") == "53")
        #expect(refused.string("code") == "TooManyRequests")
        let later = signedRequest(
            "GET", "/phoneNumbers?api-version=2025-06-01", atSeconds: testTime.seconds + 53)
        #expect((0..<3).map { _ in resource.answer(to: later).status } == [200, 200, 429])
    }

    @Test("a request with a wrong signature is told that first, and does not count") func order() {
        var behaviour = EmulatorBehaviour()
        behaviour.throttlePerMinute = 1
        var resource = testResource(behaviour)
        let statuses = [request.removing("authorization"), request, request, request.removing("authorization")].map {
            resource.answer(to: $0).status
        }
        #expect(statuses == [401, 200, 429, 401])
    }

    @Test("every answer is held back by the latency") func latency() {
        var behaviour = EmulatorBehaviour()
        behaviour.latency = .milliseconds(30)
        var resource = testResource(behaviour)
        #expect(resource.answer(to: request).delay == .milliseconds(30))
        #expect(resource.answer(to: request.removing("authorization")).delay == .milliseconds(30))
    }
}
