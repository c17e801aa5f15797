import Crypto
import Testing

@testable import Credentials

@Suite("The life of a token")
struct TokenLifecycleTests {
    /// Asked for at 0 s, refreshed from 50 s on, dead at 100 s.
    static let first = AccessToken(Secret(copying: "first"), requestedAt: second(0), lifetime: .seconds(100))
    static let other = AccessToken(Secret(copying: "other"), requestedAt: second(60), lifetime: .seconds(100))

    /// What happens to a token, at a second.
    enum Event {
        case needed(TokenLifecycle.Action)
        case fetched(AccessToken)
        case failed(retryAfter: Duration? = nil)
        case rejected(AccessToken, claims: Bool = false, TokenLifecycle.Action)
    }

    @Test(
        "each event has one outcome",
        arguments: [
            // Many requests cause one fetch.
            [(0, .needed(.fetch)), (0, .needed(.wait)), (1, .needed(.wait)), (1, .fetched(first))],
            // A token serves until its refresh is due, and while it is under way.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (49, .needed(.use(first))),
                (50, .needed(.useAndFetch(first))), (99, .needed(.use(first))), (100, .needed(.wait)),
            ],
            // A failed refresh serves the old token until it expires.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (97, .needed(.useAndFetch(first))), (98, .failed()),
                (99, .needed(.use(first))), (100, .needed(.refuse(until: second(103).nanoseconds))),
                (103, .needed(.fetch)), (104, .fetched(other)), (105, .needed(.use(other))),
            ],
            // Rests double from 5 s to 5 min.
            [
                (0, .needed(.fetch)), (0, .failed()), (4, .needed(.refuse(until: second(5).nanoseconds))),
                (5, .needed(.fetch)), (5, .failed()), (14, .needed(.refuse(until: second(15).nanoseconds))),
                (15, .needed(.fetch)), (15, .failed()), (35, .needed(.fetch)), (35, .failed()), (75, .needed(.fetch)),
                (75, .failed()), (155, .needed(.fetch)), (155, .failed()), (315, .needed(.fetch)), (315, .failed()),
                (614, .needed(.refuse(until: second(615).nanoseconds))), (615, .needed(.fetch)), (615, .failed()),
                (914, .needed(.refuse(until: second(915).nanoseconds))), (915, .needed(.fetch)),
            ],
            // A success ends the doubling.
            [
                (0, .needed(.fetch)), (0, .failed()), (5, .needed(.fetch)), (5, .failed()), (15, .needed(.fetch)),
                (15, .fetched(first)), (60, .needed(.useAndFetch(first))), (60, .failed()),
                (64, .needed(.use(first))), (65, .needed(.useAndFetch(first))),
            ],
            // An endpoint that wants to be left alone is, up to an hour.
            [
                (0, .needed(.fetch)), (0, .failed(retryAfter: .seconds(60))),
                (59, .needed(.refuse(until: second(60).nanoseconds))), (60, .needed(.fetch)),
                (60, .failed(retryAfter: .seconds(86_400))), (3659, .needed(.refuse(until: second(3660).nanoseconds))),
                (3660, .needed(.fetch)), (3660, .failed(retryAfter: .seconds(1))),
                (3679, .needed(.refuse(until: second(3680).nanoseconds))), (3680, .needed(.fetch)),
            ],
            // A refused token is dropped, and another fetched.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (10, .rejected(first, .fetch)), (10, .needed(.wait)),
                (10, .rejected(first, .wait)), (11, .fetched(other)), (12, .needed(.use(other))),
            ],
            // At most once a minute.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (1, .rejected(first, .fetch)), (2, .fetched(first)),
                (3, .rejected(first, .use(first))), (49, .rejected(first, .use(first))), (61, .rejected(first, .fetch)),
            ],
            // One that was replaced meanwhile is nobody's loss.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (60, .needed(.useAndFetch(first))), (60, .fetched(other)),
                (61, .rejected(first, .use(other))),
            ],
            // The fetch under way brings the next one, unless it must answer a challenge.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (60, .needed(.useAndFetch(first))),
                (61, .rejected(first, .wait)), (61, .needed(.wait)), (62, .fetched(other)),
            ],
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (60, .needed(.useAndFetch(first))),
                (61, .rejected(first, claims: true, .fetchAnew)), (61, .rejected(first, claims: true, .wait)),
                (62, .fetched(other)),
            ],
            // A rest is kept also then.
            [
                (0, .needed(.fetch)), (0, .fetched(first)), (60, .needed(.useAndFetch(first))), (60, .failed()),
                (61, .rejected(first, .refuse(until: second(65).nanoseconds))), (65, .needed(.fetch)),
            ],
        ] as [[(Int, Event)]])
    func outcomes(_ script: [(Int, Event)]) {
        var life = TokenLifecycle()
        for (time, event) in script {
            switch event {
            case .needed(let expected): #expect(life.needed(at: second(time)) == expected, "at \(time) s")
            case .fetched(let token): life.fetched(token, at: second(time), jitter: 0)
            case .failed(let retryAfter): life.failed(at: second(time), retryAfter: retryAfter, jitter: 0)
            case .rejected(let token, let claims, let expected):
                let action = life.rejected(token.serial, hasClaims: claims, at: second(time))
                #expect(action == expected, "at \(time) s")
            }
        }
    }

    @Test(
        "the endpoint's own refresh time counts when it lies within the token's life",
        arguments: [(nil, 50), (30, 30), (99, 99), (100, 50), (0, 50), (-1, 50), (1_000, 50)] as [(Int?, Int)])
    func refreshIn(_ refreshIn: Int?, expected: Int) {
        let token = AccessToken(
            Secret(copying: "t"), requestedAt: second(0), lifetime: .seconds(100),
            refreshIn: refreshIn.map { .seconds($0) })
        var life = TokenLifecycle()
        #expect(life.needed(at: second(0)) == .fetch)
        life.fetched(token, at: second(0), jitter: 0)
        #expect(life.wakesAt == second(expected).nanoseconds)
    }

    @Test("jitter brings a refresh forward by a tenth at most, and moves a rest by a tenth either way")
    func jitter() {
        var life = TokenLifecycle()
        #expect(life.needed(at: second(0)) == .fetch)
        life.failed(at: second(0), retryAfter: nil, jitter: -1)
        #expect(life.wakesAt == 4_500_000_000)
        #expect(life.needed(at: second(5)) == .fetch)
        life.failed(at: second(5), retryAfter: nil, jitter: 1)
        #expect(life.wakesAt == 16_000_000_000)
        #expect(life.needed(at: second(16)) == .fetch)
        life.failed(at: second(16), retryAfter: .seconds(20), jitter: -1)
        #expect(life.wakesAt == 36_000_000_000, "what the endpoint said is never cut short")
        #expect(life.needed(at: second(36)) == .fetch)
        life.fetched(Self.other, at: second(60), jitter: 1)
        #expect(life.wakesAt == second(105).nanoseconds)
    }

    @Test("whichever clock says so first, an expired token is not used")
    func clocks() {
        let token = Self.first
        #expect(token.isUsable(at: TokenInstant(nanoseconds: 99_999_999_999, unixSeconds: 1_000_099)))
        #expect(!token.isUsable(at: TokenInstant(nanoseconds: 100_000_000_000, unixSeconds: 1_000_000)))
        #expect(!token.isUsable(at: TokenInstant(nanoseconds: 1, unixSeconds: 1_000_100)), "the machine slept")
        #expect(token.isUsable(at: TokenInstant(nanoseconds: 1, unixSeconds: 5)), "the clock was set back")
        var life = TokenLifecycle()
        #expect(life.needed(at: second(0)) == .fetch)
        life.fetched(token, at: second(0), jitter: 0)
        #expect(life.needed(at: TokenInstant(nanoseconds: 1, unixSeconds: 1_000_100)) == .fetch)
    }

    @Test("a token serves to the last instant of its life, not to the last whole second")
    func lastInstant() {
        let birth = TokenInstant(nanoseconds: 0, unixNanoseconds: 1_000_000_900_000_000)
        let token = AccessToken(Secret(copying: "t"), requestedAt: birth, lifetime: .seconds(10))
        #expect(token.isUsable(at: birth.advanced(by: .milliseconds(9_999))))
        #expect(!token.isUsable(at: birth.advanced(by: .seconds(10))))
    }

    @Test("a platform that gives the same token again and again is asked ever later, not in a loop")
    func sameTokenAgain() {
        var life = TokenLifecycle()
        var (fetches, now) = (0, TokenInstant(nanoseconds: 0, unixSeconds: 1_000_000))
        let end = Int64(86_400_000_000_000)
        while now.nanoseconds < end {
            if life.needed(at: now) != .wait { fetches += 1 }
            life.fetched(
                AccessToken(
                    Secret(copying: "same"), requestedAt: now, lifetime: .nanoseconds(end - now.nanoseconds)),
                at: now, jitter: 0)
            now.nanoseconds = life.wakesAt ?? end
        }
        #expect(fetches < 25)
    }
}

/// The only time these tests know: 0 s is second 1 000 000 of the wall clock.
func second(_ count: Int) -> TokenInstant {
    TokenInstant(nanoseconds: Int64(count) * 1_000_000_000, unixSeconds: Int64(1_000_000 + count))
}
