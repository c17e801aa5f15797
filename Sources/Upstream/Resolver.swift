internal import Synchronization
public import Transport

/// Keeps names' addresses fresh, on a thread of its own: workers never ask, they are told.
///
/// The system's resolver gives no lifetime, so a name is asked every ``Times/refresh``, and soon after a worker found
/// that an address of it does not answer.  A name that fails keeps the addresses it had; one whose answer differs only
/// in its order keeps that, since servers rotate it.  Each name is asked on a thread of its own, one at a time, so that
/// a name whose servers are slow keeps no other from being fresh.
public final class Resolver: Sendable {
    /// How a name is looked up: the system's resolver, or a table in tests.
    public typealias Lookup = @Sendable (_ host: String, _ port: UInt16) throws(NameError) -> [SocketAddress]
    /// Told of each name whose addresses changed; called on the resolver's thread.
    public typealias Changed = @Sendable (_ host: String, _ port: UInt16, [SocketAddress]) -> Void

    private struct Name: Hashable {
        var host: String
        var port: UInt16
    }

    private struct Entry {
        var addresses: [SocketAddress] = []
        var askAt: MonotonicTime
        var failure: NameError?
        var isAsking = false
    }

    /// How often names are asked.
    public struct Times: Sendable {
        /// When all is well.
        public var refresh: Duration
        /// At the earliest after a failure, or when its addresses do not answer.
        public var soon: Duration
        /// How long the thread sleeps between looks at its list.
        public var round: Duration

        /// See the fields.
        public init(
            refresh: Duration = .seconds(15), soon: Duration = .seconds(1), round: Duration = .milliseconds(250)
        ) {
            (self.refresh, self.soon, self.round) = (refresh, soon, round)
        }
    }

    private struct State {
        var names: [Name: Entry] = [:]
        var changed: Changed?
        var isStopped = false
    }

    private let state = Mutex(State(isStopped: false))
    private let lookup: Lookup
    private let times: Times

    /// A resolver that knows no name yet.
    public init(lookup: @escaping Lookup = NameResolution.addresses, times: Times = Times()) {
        (self.lookup, self.times) = (lookup, times)
    }

    /// Sets who is told of changes.
    public func onChange(_ changed: @escaping Changed) {
        state.withLock { $0.changed = changed }
    }

    /// Starts the thread.
    public func start() throws(SystemError) {
        try Thread.start("acs-resolver") { [self] in
            while !state.withLock({ $0.isStopped }) {
                askDueNames()
                Pause.nanoseconds(times.round.wholeNanoseconds)
            }
        }
    }

    /// Ends the thread within a round.
    public func stop() { state.withLock { $0.isStopped = true } }

    /// Watches `names` too from now on.  New ones are asked at once, all together, and waited for no longer than
    /// `timeout`: a resolver that is stuck delays a load, but does not hold it up.  Gives what has no address yet.
    /// Called by the control plane while a configuration is taken over.
    public func watch(
        _ names: [(host: String, port: UInt16)], timeout: Duration = .seconds(3)
    ) throws(SystemError) -> [NameError] {
        let wanted = Set(names.map { Name(host: $0.host, port: $0.port) })
        let fresh = state.withLock { state in wanted.filter { state.names[$0]?.addresses.isEmpty != false } }
        let answered = try Barrier(count: fresh.count)
        for name in fresh {
            try Thread.start("acs-resolve") { [self] in
                ask(name, isNew: true)
                answered.arrive()
            }
        }
        _ = answered.wait(timeout: timeout)
        return state.withLock { state in
            fresh.sorted { $0.host < $1.host }.compactMap { name in
                guard let entry = state.names[name] else { return NameError(host: name.host, reason: "no answer yet") }
                return entry.addresses.isEmpty ? entry.failure : nil
            }
        }
    }

    /// Forgets every name but `names`.
    public func keepOnly(_ names: [(host: String, port: UInt16)]) {
        let kept = Set(names.map { Name(host: $0.host, port: $0.port) })
        state.withLock { state in state.names = state.names.filter { kept.contains($0.key) } }
    }

    /// The addresses known now.
    public func addresses(of host: String, port: UInt16) -> [SocketAddress] {
        state.withLock { $0.names[Name(host: host, port: port)]?.addresses ?? [] }
    }

    /// None of the name's addresses answers: ask again soon.
    public func isStale(host: String, port: UInt16) {
        let soon = MonotonicTime.current().advanced(by: times.soon.wholeNanoseconds)
        state.withLock { state in
            let name = Name(host: host, port: port)
            guard let entry = state.names[name], entry.askAt > soon else { return }
            state.names[name]?.askAt = soon
        }
    }

    private func askDueNames() {
        let now = MonotonicTime.current()
        let due = state.withLock { state in
            let due = state.names.filter { $0.value.askAt <= now && !$0.value.isAsking }.map(\.key)
            for name in due { state.names[name]?.isAsking = true }
            return due
        }
        for name in due {
            do throws(SystemError) {
                try Thread.start("acs-resolve") { [self] in ask(name, isNew: false) }
            } catch {
                // No thread to be had: the next round tries again.
                state.withLock { $0.names[name]?.isAsking = false }
            }
        }
    }

    /// Asks without the lock; tells who wants to know when the answer differs.
    private func ask(_ name: Name, isNew: Bool) {
        var found: [SocketAddress] = []
        var failure: NameError?
        do throws(NameError) {
            found = AddressOrder.interleaved(try lookup(name.host, name.port))
        } catch {
            failure = error
        }
        let pause = failure == nil ? times.refresh : times.soon
        let again = MonotonicTime.current().advanced(by: pause.wholeNanoseconds)
        let tell: Changed? = state.withLock { state in
            guard isNew || state.names[name] != nil else { return nil }
            let before = state.names[name]?.addresses ?? []
            let isSame = failure != nil || Set(found) == Set(before)
            state.names[name] = Entry(addresses: isSame ? before : found, askAt: again, failure: failure)
            return isSame ? nil : state.changed
        }
        if let tell { tell(name.host, name.port, found) }
    }
}
