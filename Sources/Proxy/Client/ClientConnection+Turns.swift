internal import Transport

// Fairness.  A peer that sends as fast as we read would keep its worker to itself: edges come once, so whoever reads
// goes on until there is nothing more.  So each turn has a limit; behind it all others of the worker come first.
extension ClientConnection {
    /// What one turn moves at most, and one read.  A millisecond's work, hashing and TLS included: little enough to
    /// wait for, and many times what looking for other events costs.
    private static let turnBytes = 262_144
    /// What a request counts beside its body: its work is that of some bytes, however small it is.
    static let requestCostBytes = 4_096

    /// Counts `bytes` that were moved; true when others come first.  It is told again then, whatever happens.
    func isTurnOver(_ bytes: Int) -> Bool {
        movedBytes += bytes
        guard movedBytes >= Self.turnBytes else { return false }
        worker.loop.tellAgain(self)
        return true
    }
}
