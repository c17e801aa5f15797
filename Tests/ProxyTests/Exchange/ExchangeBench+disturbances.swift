import HTTP1

@testable import Proxy

// What may happen at any moment.
extension ExchangeBench {
    /// What begins from now on does so under another configuration.
    func reload(to other: TestGateway) { gateway = other }

    /// The client is gone: what was asked for it is not wanted any more (http rule RT-4).
    func clientLeaves() {
        guard end == nil else { return }
        if cell.exchange.attempts > 0 { giveUp() }
        end = .cut
    }

    /// The deadline of the phase at hand has passed.
    func timeIsUp() {
        guard end == nil else { return }
        switch cell.exchange.phase {
        case .awaitingHead where !cell.exchange.parser.hasStarted: end = .closed
        case .awaitingHead, .receivingBody: answer(GatewayError(.requestTimeout, "Not in time.", closes: true))
        case .awaitingToken, .awaitingUpstream: answer(GatewayError(.upstreamUnavailable, "Not in time."))
        case .sending where cell.exchange.isStreaming && !cell.exchange.isHandedOn:
            answer(GatewayError(.requestTimeout, "Not in time.", closes: true))
        case .sending, .awaitingAnswer:
            answer(GatewayError(cell.exchange.method.isSafe ? .upstreamTimeout : .upstreamFailed, "Not in time."))
        case .relaying where cell.exchange.hasWholeAnswer:
            cell.exchange.sendsBesideAnswer = false
            endBody()
        case .relaying, .finishing: cut()
        }
        afterStep?()
        drive()
    }
}
