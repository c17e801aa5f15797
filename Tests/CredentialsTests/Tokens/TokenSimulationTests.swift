import Crypto
import Testing

@testable import Credentials

/// Random lives of tokens, each from a seed that a failure names.
@Suite("The life of a token, at random")
struct TokenSimulationTests {
    @Test("no order of events serves a dead token, fetches twice at once or stops fetching", arguments: 0..<200)
    func simulate(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<400 { world.step() }
        #expect(world.fetches > 0)
    }

    /// Carries out what the lifecycle says, and checks that it may say so.
    private struct World: ~Copyable {
        var life = TokenLifecycle()
        var random: SeededNumbers
        var now = second(0)
        var isFetching = false
        var fetches = 0
        var failuresInRow = 0
        /// When the next fetch may start at the earliest, after a failure.
        var restUntil: Int64 = 0
        /// When tokens were dropped: for want of claims, and for no said reason.
        var drops: [Bool: [Int64]] = [:]
        var tokens = 0

        init(seed: UInt64) { random = SeededNumbers(seed: seed) }

        mutating func step() {
            let milliseconds = random.below(10) == 0 ? random.below(400_000) : random.below(3_000)
            now = now.advanced(by: .milliseconds(milliseconds))
            switch random.below(8) {
            case 0...3: check(life.needed(at: now))
            case 4 where isFetching: succeed()
            case 5 where isFetching: fail()
            case 6:
                let serial = life.held?.serial ?? 0
                let hadToken = life.held != nil
                let hasClaims = random.below(2) == 0
                let action = life.rejected(serial, hasClaims: hasClaims, at: now)
                if hadToken, life.held?.serial != serial { drops[hasClaims, default: []].append(now.nanoseconds) }
                check(action)
            case _: break
            }
            for times in drops.values where times.count > 1 {
                #expect(times[times.count - 1] - times[times.count - 2] >= 60_000_000_000)
            }
        }

        private mutating func check(_ action: TokenLifecycle.Action) {
            switch action {
            case .use(let token):
                #expect(token.isUsable(at: now))
            case .useAndFetch(let token):
                #expect(token.isUsable(at: now))
                startFetch()
            case .fetch:
                startFetch()
            case .fetchAnew:
                #expect(isFetching)
                fetches += 1
            case .wait:
                #expect(isFetching)
                #expect(life.held?.isUsable(at: now) != true)
            case .refuse(let until):
                #expect(!isFetching)
                #expect(until > now.nanoseconds && until == restUntil)
                #expect(life.held?.isUsable(at: now) != true)
            }
        }

        private mutating func startFetch() {
            #expect(!isFetching, "one fetch at a time")
            #expect(now.nanoseconds >= restUntil, "a rest is kept")
            isFetching = true
            fetches += 1
        }

        private mutating func succeed() {
            tokens += 1
            let token = AccessToken(
                Secret(copying: "token \(tokens)"), requestedAt: now, lifetime: .seconds(1 + random.below(600)))
            life.fetched(token, at: now, jitter: Double(random.below(1_001)) / 1_000)
            (isFetching, failuresInRow, restUntil) = (false, 0, 0)
            #expect(life.wakesAt.map { $0 > now.nanoseconds } == true, "there is always a next look")
        }

        private mutating func fail() {
            let retryAfter = random.below(4) == 0 ? Duration.seconds(random.below(5_000)) : nil
            life.failed(at: now, retryAfter: retryAfter, jitter: Double(random.below(2_001)) / 1_000 - 1)
            isFetching = false
            failuresInRow += 1
            restUntil = life.wakesAt ?? 0
            let rest = restUntil - now.nanoseconds
            let least = Int64(4_500_000_000)
            #expect(rest >= max(least, min(retryAfter ?? .zero, .seconds(3_600)).nanoseconds))
            #expect(rest <= 3_600_000_000_000)
            if retryAfter == nil { #expect(rest <= 330_000_000_000) }
        }
    }
}

/// Numbers that a seed repeats (SplitMix64).
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A number from 0 to below `limit`.
    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((bits ^ bits >> 31) % UInt64(limit))
    }
}
