internal import Crypto

/// What the emulator does wrong on purpose, so that failures can be tried: refusals and throttling.
struct Misbehaviour {
    private let rejectRate: Double
    private let throttlePerMinute: Int?
    private let randomness: RandomBytes
    /// The minute being counted, and the requests in it.
    private var minute = 0
    private var requestsInMinute = 0

    init(_ behaviour: EmulatorBehaviour, randomness: RandomBytes) {
        rejectRate = behaviour.rejectRate
        throttlePerMinute = behaviour.throttlePerMinute
        self.randomness = randomness
    }

    /// Counts a request whose credential is in order, and refuses it when the knobs say so.
    mutating func refuse(atSeconds now: Int) throws(ServiceError) {
        if let limit = throttlePerMinute {
            if minute != now / 60 { (minute, requestsInMinute) = (now / 60, 0) }
            guard requestsInMinute < limit else { throw .tooManyRequests(retryAfterSeconds: 60 - now % 60) }
            requestsInMinute += 1
        }
        guard rejectRate > 0 else { return }
        let draw = randomness.unitInterval()
        if draw < rejectRate / 2 { throw .denied }
        if draw < rejectRate { throw .internalError }
    }
}
