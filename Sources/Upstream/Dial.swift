public import Transport

/// One connection being opened: a target's addresses raced against each other until one of them is open.
///
/// Its user may leave it; it then goes on for the pool's sake, if the pool has room for what comes of it.
public final class Dial: Channel {
    private let pool: Pool
    /// Who waits for the connection.
    private(set) var user: (any UpstreamUser)?
    private var race: AddressRace
    private let timeoutNanoseconds: Int64
    private var attempts: [UpstreamConnection] = []

    init(_ race: AddressRace, in pool: Pool, for user: any UpstreamUser, timeout: Duration) {
        (self.race, self.pool, self.user) = (race, pool, user)
        timeoutNanoseconds = timeout.wholeNanoseconds
        super.init()
    }

    /// Begins; gives the failure when it is over at once.
    func start() -> ConnectFailure? { perform(race.start()) }

    /// The user no longer wants what comes of it.
    public func abandon() {
        user = nil
        guard !attempts.isEmpty else { return }  // it has ended
        if !pool.keepsGoing(self) { callOff() }
    }

    /// Ends it, whatever it has come to.
    func callOff() {
        for attempt in attempts { attempt.callOff() }
        end()
    }

    private func end() {
        attempts = []
        close()
    }

    /// Does what the race says until something must be waited for; gives the failure when it is over.
    private func perform(_ step: AddressRace.Step) -> ConnectFailure? {
        var step = step
        while true {
            switch step {
            case .wait: return nil
            case .fail(let failure):
                end()
                return failure
            case .connect(let address):
                do throws(SystemError) {
                    attempts.append(try pool.connect(to: address, for: self, timeoutNanoseconds: timeoutNanoseconds))
                    awaitDelay()
                    return nil
                } catch {
                    step = race.failed(.refused(error, address))
                }
            }
        }
    }

    /// The next address, if there is one, gets its chance after a while.
    private func awaitDelay() {
        guard race.hasMore else {
            setDeadline(.distantFuture)
            return
        }
        let loop = pool.loop
        if !isInLoop { _ = try? loop.add(self) }  // it has no descriptor that the system could refuse
        setDeadline(loop.now.advanced(by: AddressRace.delayNanoseconds))
    }

    override public func deadlinePassed() { tellIfOver(perform(race.delayPassed())) }

    // MARK: What attempts tell

    /// TCP is through for `attempt`: the others are called off.
    func isConnected(_ attempt: UpstreamConnection) {
        setDeadline(.distantFuture)
        guard attempts.count > 1 else {
            race.won(callingOff: [])
            return
        }
        let others = attempts.filter { $0 !== attempt }
        attempts = [attempt]
        for other in others { other.callOff() }
        race.won(callingOff: others.map(\.address))
    }

    /// `attempt` is open: it goes to who waits for it, or into the pool.
    func isOpen(_ attempt: UpstreamConnection) {
        end()
        pool.opened(attempt, by: self)
    }

    /// `attempt` has failed and is closed.
    func hasFailed(_ attempt: UpstreamConnection, _ failure: ConnectFailure) {
        attempts.removeAll { $0 === attempt }
        pool.nameMayBeStale()
        tellIfOver(perform(race.failed(failure)))
    }

    private func tellIfOver(_ failure: ConnectFailure?) {
        guard let failure else { return }
        pool.ended(self)
        guard let user else { return }
        self.user = nil
        user.upstreamFailed(failure)
    }
}
