public import Credentials
public import Telemetry
public import Upstream

/// What workers share: only things that are safe to share, and none of them on a request's way.
public struct WorkerServices: Sendable {
    /// Names' addresses.
    public let resolver: Resolver
    /// The operator's log, until a generation brings its own.
    let log: Logger
    /// Connections of clients now, in all workers.
    let connections: ConnectionBook
    /// Where tokens are asked for.
    let tokens: TokenDesk
    /// Bodies in memory now, in all workers.
    let heldBytes = HeldBytes()
    /// What all workers count.
    let meters = MeterBook()
    /// Tells this process's request ids from another's.
    let processID: UInt32

    /// Services of one process; `processID` is any number that differs from start to start.
    public init(
        resolver: Resolver, log: Logger, connections: ConnectionBook, tokens: TokenDesk, processID: UInt32
    ) {
        (self.resolver, self.log, self.connections) = (resolver, log, connections)
        (self.tokens, self.processID) = (tokens, processID)
    }
}

/// How workers ask the control plane for tokens; the answers come through their mailboxes.
public struct TokenDesk: Sendable {
    let needed: @Sendable (TokenIdentity) -> Void
    let rejected: @Sendable (TokenIdentity, _ serial: UInt64, _ claims: String?) -> Void

    /// `needed`: requests wait for a token; `rejected`: the resource refused the one with that serial.  Neither blocks.
    public init(
        needed: @escaping @Sendable (TokenIdentity) -> Void,
        rejected: @escaping @Sendable (TokenIdentity, _ serial: UInt64, _ claims: String?) -> Void
    ) {
        (self.needed, self.rejected) = (needed, rejected)
    }
}
