internal import Bytes
internal import HTTP1

/// A worker's exchanges that are between two requests: their buffers serve whoever comes next.
///
/// The buffers of a spare one may still show the head that it sent last, with a token in it.  They are overwritten when
/// that token is replaced, so that a token lasts no longer in memory than it is used.
struct SpareCells {
    private var stack: [ExchangeCell] = []
    /// Counts tokens that were replaced.
    private var replaced = 0

    /// More are not kept.
    private static let limit = 256

    /// One for a request, its buffers empty.
    mutating func take(limits: HeadLimits) -> ExchangeCell {
        let cell = stack.popLast() ?? ExchangeCell()
        cell.replacedTokens = replaced
        cell.exchange.prepare(limits: limits)
        return cell
    }

    /// Takes one back, its request over.
    mutating func give(_ cell: ExchangeCell) {
        cell.exchange.shrink()
        guard stack.count < Self.limit else { return cell.wipe() }
        if cell.replacedTokens != replaced { cell.wipe() }
        stack.append(cell)
    }

    /// A token is not used any more.
    mutating func tokenWasReplaced() {
        replaced += 1
        for cell in stack { cell.wipe() }
    }
}

extension ExchangeCell {
    /// Overwrites what could show a token: a head goes out from one buffer, which may have been swapped with the other.
    fileprivate func wipe() {
        exchange.outbound.wipe()
        exchange.inbound.wipe()
    }
}
