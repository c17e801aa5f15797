import Crypto
import Testing
import Transport

@testable import Credentials
@testable import Proxy

@Suite("A worker's copy of a token")
struct TokenSlotTests {
    private static func token(_ text: String) -> AccessToken {
        let now = TokenInstant(nanoseconds: 0, unixNanoseconds: 0)
        return AccessToken(Secret(copying: text), requestedAt: now, lifetime: .seconds(100))
    }

    @Test("it lets go of a token that was replaced, whose text is overwritten then")
    func replaced() {
        let slot = TokenSlot(TokenIdentity([.text("one")]))
        var first: AccessToken? = Self.token("first")
        weak let kept = first
        if let first { slot.receive(first) }
        first = nil
        #expect(kept != nil)
        slot.receive(Self.token("second"))
        #expect(kept == nil && slot.token == Self.token("second"))
    }

    @Test("what it has is not used any more once there is none: the resource refused it, or it ended")
    func refused() {
        let slot = TokenSlot(TokenIdentity([.text("one")]))
        let (token, now) = (Self.token("first"), TokenInstant(nanoseconds: 0, unixNanoseconds: 0))
        slot.receive(token)
        #expect(slot.usable(at: now) == token)
        #expect(slot.reject(token.serial, hasClaims: false, at: MonotonicTime(nanoseconds: 1)))
        #expect(slot.usable(at: now) == nil)
        slot.refuse(until: MonotonicTime(nanoseconds: 5), retryAfterSeconds: 5)
        #expect(slot.usable(at: now) == nil && slot.refusedUntil.nanoseconds == 5)
    }

    @Test("an exchange lets go of its token when it ends")
    func exchange() {
        let cell = ExchangeCell()
        var token: AccessToken? = Self.token("first")
        weak let kept = token
        cell.exchange.token = token
        token = nil
        #expect(kept != nil)
        cell.exchange.reset()
        #expect(kept == nil)
    }
}
