import Support
import Testing
import Transport

@testable import Upstream

@Suite("Keeping names' addresses fresh", .timeLimit(.minutes(Pace.minutes(3))))
struct ResolverTests {
    private static let one = SocketAddress.ipv4(0x7F00_0001, port: 443)
    private static let two = SocketAddress.ipv4(0x7F00_0002, port: 443)
    private static let six = SocketAddress.ipv6(high: 0, low: 1, zone: 0, port: 443)

    /// A table in place of the system's resolver, and what was told of changes.
    private struct World: Sendable {
        let table = Monitor<[String: [SocketAddress]]>([:])
        let told = Monitor<[[SocketAddress]]>([])
        let asked = Monitor<Int>(0)

        func resolver() throws -> Resolver {
            let (table, told, asked) = (table, told, asked)
            let times = Resolver.Times(
                refresh: .milliseconds(20), soon: .milliseconds(10), round: .milliseconds(5))
            let resolver = Resolver(
                lookup: { host, _ throws(NameError) in
                    asked.change { $0 += 1 }
                    guard let found = table.look({ $0[host] }) else { throw NameError(host: host, reason: "gone") }
                    return found
                }, times: times)
            resolver.onChange { _, _, addresses in told.change { $0.append(addresses) } }
            try resolver.start()
            return resolver
        }

        /// Waits until the name was asked so many times more.
        func waitForAnswers(_ count: Int) -> Bool {
            let wanted = asked.look { $0 } + count
            return asked.wait(until: .now + Pace.seconds(20)) { $0 >= wanted ? true : nil } ?? false
        }
    }

    @Test("another answer is told without a restart; the same in another order, or none, is not")
    func changes() throws {
        let world = World()
        world.table.change { $0["a"] = [Self.one, Self.two] }
        let resolver = try world.resolver()
        #expect(try resolver.watch([(host: "a", port: 443)]).isEmpty)
        #expect(resolver.addresses(of: "a", port: 443) == [Self.one, Self.two])
        world.table.change { $0["a"] = [Self.two, Self.one] }
        #expect(world.waitForAnswers(3))
        world.table.change { $0["a"] = nil }
        #expect(world.waitForAnswers(3))
        #expect(resolver.addresses(of: "a", port: 443) == [Self.one, Self.two], "the last good answer stays")
        world.table.change { $0["a"] = [Self.two, Self.six] }
        let second = world.told.wait(until: .now + Pace.seconds(20)) { $0.count >= 2 ? $0 : nil }
        #expect(second == [[Self.one, Self.two], [Self.two, Self.six]])
        #expect(resolver.addresses(of: "a", port: 443) == [Self.two, Self.six], "an address that is gone is not kept")
        resolver.stop()
    }

    @Test("a name without an answer is told, and found as soon as there is one")
    func late() throws {
        let world = World()
        let resolver = try world.resolver()
        #expect(try resolver.watch([(host: "a", port: 443)]) == [NameError(host: "a", reason: "gone")])
        world.table.change { $0["a"] = [Self.one] }
        #expect(world.told.wait(until: .now + Pace.seconds(20)) { $0.isEmpty ? nil : $0 } == [[Self.one]])
        resolver.stop()
    }

    @Test("a name that is not watched any more is not asked")
    func forgotten() throws {
        let world = World()
        world.table.change { $0["a"] = [Self.one] }
        let resolver = try world.resolver()
        #expect(try resolver.watch([(host: "a", port: 443)]).isEmpty)
        resolver.keepOnly([])
        #expect(resolver.addresses(of: "a", port: 443).isEmpty)
        resolver.stop()
    }

    @Test("a name whose servers do not answer keeps no other from being asked")
    func stuck() throws {
        let gate = Gate()
        let count = Monitor<Int>(0)
        let resolver = Resolver(
            lookup: { host, _ throws(NameError) in
                if host == "stuck" {
                    gate.pass()
                } else {
                    count.change { $0 += 1 }
                }
                return [Self.one]
            }, times: .init(refresh: .milliseconds(10), soon: .milliseconds(10), round: .milliseconds(5)))
        try resolver.start()
        let failures = try resolver.watch(
            [(host: "stuck", port: 443), (host: "a", port: 443)], timeout: .milliseconds(200))
        #expect(failures == [NameError(host: "stuck", reason: "no answer yet")])
        #expect(count.wait(until: .now + Pace.seconds(20)) { $0 >= 3 ? true : nil } == true)
        gate.open()
        resolver.stop()
    }
}
