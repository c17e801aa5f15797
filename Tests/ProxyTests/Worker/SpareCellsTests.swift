import Bytes
import HTTP1
import Support
import Testing

@testable import Proxy

@Suite("Exchanges between two requests")
struct SpareCellsTests {
    /// Leaves `text` in the block of a buffer that is empty.
    private static func leave(_ text: String, in cell: ExchangeCell) {
        cell.exchange.outbound.append(text: text)
        cell.exchange.outbound.clear()
    }

    /// What the block of an empty buffer still shows.
    private static func shown(_ cell: ExchangeCell) -> [UInt8] { cell.exchange.outbound.leftover(5) }

    @Test("what they sent last is overwritten when its token is replaced, also when they were lent meanwhile")
    func wiped() {
        var spare = SpareCells()
        let (idle, busy) = (spare.take(limits: HeadLimits()), spare.take(limits: HeadLimits()))
        for cell in [idle, busy] { Self.leave("token", in: cell) }
        spare.give(idle)
        #expect(Self.shown(idle) == Array("token".utf8))
        spare.tokenWasReplaced()
        #expect(Self.shown(idle) == [0, 0, 0, 0, 0])
        spare.give(busy)
        #expect(Self.shown(busy) == [0, 0, 0, 0, 0])
    }

    @Test("the one that was given back last is lent first")
    func order() {
        var spare = SpareCells()
        let (one, two) = (spare.take(limits: HeadLimits()), spare.take(limits: HeadLimits()))
        spare.give(one)
        spare.give(two)
        #expect(spare.take(limits: HeadLimits()) === two)
        #expect(spare.take(limits: HeadLimits()) === one)
    }
}
