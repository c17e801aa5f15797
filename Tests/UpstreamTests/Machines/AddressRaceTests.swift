import Testing
import Transport

@testable import Upstream

@Suite("Racing the addresses of a name (RFC 8305)")
struct AddressRaceTests {
    private static let a = four(1)
    private static let b = four(2)
    private static let c = six(3)

    private static func four(_ number: UInt32) -> SocketAddress { .ipv4(0x7F00_0000 + number, port: 443) }
    private static func six(_ number: UInt64) -> SocketAddress { .ipv6(high: 0, low: number, zone: 0, port: 443) }
    private static func refused(_ address: SocketAddress) -> ConnectFailure {
        .refused(SystemError(call: "connect", code: 111), address)
    }

    @Test("the next address gets its chance when nobody answers for a while, each once")
    func delay() {
        var race = AddressRace([Self.a, Self.b, Self.c], host: "h")
        #expect(race.start() == .connect(Self.a) && race.hasMore)
        #expect(race.delayPassed() == .connect(Self.b) && race.hasMore)
        #expect(race.delayPassed() == .connect(Self.c) && !race.hasMore)
        #expect(race.delayPassed() == .wait)
        #expect(race.failed(.timedOut(Self.a)) == .wait)
        #expect(race.failed(Self.refused(Self.b)) == .wait)
        #expect(race.failed(Self.refused(Self.c)) == .fail(.timedOut(Self.a)), "what came farthest says most")
    }

    @Test("a failure gives the next address its chance at once")
    func failure() {
        var race = AddressRace([Self.a, Self.b], host: "h")
        #expect(race.start() == .connect(Self.a))
        #expect(race.failed(Self.refused(Self.a)) == .connect(Self.b))
        #expect(race.failed(Self.refused(Self.b)) == .fail(Self.refused(Self.b)))
    }

    @Test("whoever was called off is tried again, should the winner fail in TLS")
    func winnerFails() {
        var race = AddressRace([Self.a, Self.b, Self.c], host: "h")
        #expect(race.start() == .connect(Self.a))
        #expect(race.delayPassed() == .connect(Self.b))
        race.won(callingOff: [Self.a])
        #expect(race.failed(.tls("no")) == .connect(Self.c))
        #expect(race.failed(Self.refused(Self.c)) == .connect(Self.a))
        #expect(race.failed(Self.refused(Self.a)) == .fail(.tls("no")))
    }

    @Test("a name without an address fails at once")
    func none() {
        var race = AddressRace([], host: "h")
        #expect(race.start() == .fail(.noAddress(host: "h")))
    }

    @Test("families take turns, beginning with the one that the system prefers")
    func interleaved() {
        let (four, six) = (Self.four, Self.six)
        #expect(
            AddressOrder.interleaved([six(1), six(2), six(3), four(1), four(2)])
                == [six(1), four(1), six(2), four(2), six(3)])
        #expect(AddressOrder.interleaved([four(1), six(1), four(2)]) == [four(1), six(1), four(2)])
        #expect(AddressOrder.interleaved([]) == [])
        #expect(AddressOrder.interleaved((1...99).map(four)) == (1...16).map(four))
    }
}
