import Crypto
import Testing

@testable import Emulator

@Suite("Points of time in answers")
struct ServiceTimeTests {
    @Test("they have seven digits of fraction, or are digits only") func shapes() {
        let time = ServiceTime(secondsSince1970: 1_795_424_887)
        #expect(time.iso8601 == "2026-11-23T09:08:07.0000000+00:00")
        #expect(time.digits == "20261123090807")
    }
}

@Suite("A bounded table")
struct BoundedTableTests {
    @Test("the oldest makes room for the newest") func eviction() {
        var table = BoundedTable<Int>(capacity: 3)
        for number in 0..<1000 { table[String(number)] = number }
        #expect(table.count == 3)
        #expect(table.values.sorted() == [997, 998, 999])
    }

    @Test("a change keeps the place, a removal gives it up") func order() {
        var table = BoundedTable<Int>(capacity: 2)
        table["a"] = 1
        table["b"] = 2
        table["a"] = 3
        table["c"] = 4
        #expect(table["a"] == nil)
        table["b"] = nil
        table["b"] = 5
        table["d"] = 6
        #expect(table["c"] == nil)
        #expect(table["b"] == 5)
        #expect(table["d"] == 6)
        table["nobody"] = nil
        #expect(table.count == 2)
    }

    @Test("names that come and go do not pile up, and none is lost") func churn() {
        var table = BoundedTable<Int>(capacity: 10)
        table["kept"] = 1
        for number in 0..<10_000 {
            table["x"] = number
            table["x"] = nil
        }
        #expect(table["kept"] == 1)
        #expect(table.count == 1)
    }
}

@Suite("Randomness from a seed")
struct SeededBytesTests {
    @Test("one seed gives one sequence, another another") func sequences() {
        #expect(RandomBytes.seeded(1).bytes(100) == RandomBytes.seeded(1).bytes(100))
        #expect(RandomBytes.seeded(1).bytes(100) != RandomBytes.seeded(2).bytes(100))
        let numbers = (0..<1000).map { [source = RandomBytes.seeded(3)] _ in source.unitInterval() }
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
    }
}

@Suite("UUIDs")
struct UUIDTests {
    @Test(
        "36 characters of the right shape, in either case",
        arguments: [
            ("8540c0de-899f-5cce-acb5-3ec493af3800", true), ("8540C0DE-899F-5CCE-ACB5-3EC493AF3800", true),
            ("8540c0de899f5cceacb53ec493af3800", false), ("8540c0de-899f-5cce-acb5-3ec493af380", false),
            ("8540c0de-899f-5cce-acb5-3ec493af380g", false), ("", false),
            ("8540c0de-899f-5cce-acb53-ec493af3800", false), ("{8540c0de-899f-5cce-acb5-3ec493af3800}", false),
        ])
    func shape(_ text: String, _ isUUID: Bool) { #expect(text.isUUID == isUUID) }
}
