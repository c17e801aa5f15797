internal import Transport
internal import Upstream

/// What a worker has lately told the operator: the same trouble with the same thing is told once a second, and hides no
/// other.
///
/// Bounded by what a configuration names.  Off a request's way: asked only when a request fails.
struct RecentMessages {
    /// What a message is about.
    enum Subject: Hashable {
        /// A resource, by its number in the generation, cannot be reached, for this reason.
        case unreachable(resource: Int, ConnectFailure.Kind)
        /// A resource refused a credential; both by their numbers.
        case refused(resource: Int, credential: Int)
    }

    private var quietUntil: [Subject: MonotonicTime] = [:]
    private static let quietNanoseconds: Int64 = 1_000_000_000

    /// True when a message about `subject` may be told now, as it then is.
    mutating func mayTell(_ subject: Subject, at now: MonotonicTime) -> Bool {
        if let until = quietUntil[subject], now < until { return false }
        quietUntil[subject] = now.advanced(by: Self.quietNanoseconds)
        return true
    }

    /// Numbers mean something else from now on.
    mutating func forget() { quietUntil = [:] }
}
