public import Credentials
internal import Synchronization
public import Telemetry
public import Transport
internal import Upstream

/// All workers of the process, as the control plane sees them: it posts, they answer.
public final class WorkerGroup: Sendable {
    /// How many there are.
    public var count: Int { mailboxes.count }

    /// What they count.
    public var meters: MeterBook { services.meters }

    /// Bytes of request bodies that they hold in memory now.
    public var heldBodyBytes: Int { services.heldBytes.count }

    /// The names of the gateway's own answers, by the numbers that ``meters`` counts them under.
    public static var reasons: [String] { ErrorCode.allCases.map { "\($0.reason)" } }

    private let mailboxes: [Mailbox<WorkerMessage>]
    private let services: WorkerServices
    /// What a worker needs at most to take over a generation; a worker that is busy longer is broken.
    private static let installTimeout = Duration.seconds(10)

    /// Starts `count` threads, each with a loop of its own and no listener yet.
    public init(count: Int, services: WorkerServices) throws(SystemError) {
        var mailboxes: [Mailbox<WorkerMessage>] = []
        for _ in 0..<count { mailboxes.append(try Mailbox()) }
        self.mailboxes = mailboxes
        self.services = services
        let started = try Barrier(count: count)
        let failure = Failure()
        for (index, mailbox) in mailboxes.enumerated() {
            try Thread.start("acs-worker-\(index)") {
                do throws(SystemError) {
                    let worker = try Worker(index: index, services: services, mailbox: mailbox)
                    started.arrive()
                    worker.loop.run()
                } catch {
                    failure.set(error)
                    started.arrive()
                }
            }
        }
        _ = started.wait(timeout: Self.installTimeout)
        if let error = failure.error { throw error }
        services.resolver.onChange { [mailboxes] host, port, addresses in
            for mailbox in mailboxes { mailbox.post(.addresses(host: host, port: port, addresses)) }
        }
    }

    /// Has every worker serve by `generation`; `sockets` are those of new binds, one for each worker.
    /// False when a worker did not answer.
    public func install(_ generation: Generation, sockets: [String: [ListeningSocket]]) throws(SystemError) -> Bool {
        let done = try Barrier(count: count)
        for (index, mailbox) in mailboxes.enumerated() {
            mailbox.post(.install(generation, sockets: sockets.mapValues { $0[index] }, done: done))
        }
        return done.wait(timeout: Self.installTimeout)
    }

    /// Gives every worker a token to use from now on.
    public func use(_ token: AccessToken, for identity: TokenIdentity) {
        for mailbox in mailboxes { mailbox.post(.token(identity, token)) }
    }

    /// Tells every worker that there is no token of `identity` before so many seconds have passed.
    public func noToken(for identity: TokenIdentity, retryAfterSeconds: Int) {
        for mailbox in mailboxes { mailbox.post(.noToken(identity, retryAfterSeconds: retryAfterSeconds)) }
    }

    /// Closes the listeners and lets requests in flight end; the barrier opens when all have.
    public func drain() throws(SystemError) -> Barrier {
        let done = try Barrier(count: count)
        for mailbox in mailboxes { mailbox.post(.drain(done: done)) }
        return done
    }

    /// Ends the loops.
    public func stop() {
        for mailbox in mailboxes { mailbox.post(.stop) }
    }
}

/// The first failure of several threads.
final class Failure: Sendable {
    private let first = Mutex<SystemError?>(nil)

    var error: SystemError? { first.withLock { $0 } }

    func set(_ error: SystemError) {
        first.withLock { if $0 == nil { $0 = error } }
    }
}
