internal import Credentials
internal import Transport

/// One worker's copy of one identity's token, and who waits for it here.
///
/// The control plane posts each token to every worker, so reading it on a request's way is a look at the worker's own
/// memory: no lock, no allocation.
final class TokenSlot {
    let identity: TokenIdentity
    private(set) var token: AccessToken?
    /// Until then the control plane has none to give, and need not be asked.
    private(set) var refusedUntil = MonotonicTime(nanoseconds: 0)
    /// Nobody fetches tokens for it any more.
    private(set) var isRetired = false
    /// The token that the resource refused, while another is fetched.
    private(set) var rejectedSerial: UInt64?
    /// When this worker last said that the resource refused a token, and that it asked for claims.
    private var toldOfRejectionAt: MonotonicTime?
    private var toldOfClaimsAt: MonotonicTime?
    private var waiting: [ClientConnection] = []

    init(_ identity: TokenIdentity) { self.identity = identity }

    /// The token, if it may be sent at this moment.
    func usable(at now: TokenInstant) -> AccessToken? {
        guard let token, token.serial != rejectedSerial, token.isUsable(at: now) else { return nil }
        return token
    }

    /// The resource refused the token with `serial`: true when the control plane is to be told, at most once a minute
    /// (and once for a challenge that names claims); from then on the token is not used, until the answer comes.
    func reject(_ serial: UInt64, hasClaims: Bool, at now: MonotonicTime) -> Bool {
        let told = hasClaims ? toldOfClaimsAt : toldOfRejectionAt
        if let told, now.since(told) < Self.rejectionPauseNanoseconds { return false }
        rejectedSerial = serial
        if hasClaims { toldOfClaimsAt = now } else { toldOfRejectionAt = now }
        return true
    }

    private static let rejectionPauseNanoseconds: Int64 = 60_000_000_000

    /// `client` is told of the next token, or that there is none.
    func wait(_ client: ClientConnection) { waiting.append(client) }

    /// `client` waits no more.
    func leave(_ client: ClientConnection) { waiting.removeAll { $0 === client } }

    /// A new token: everybody who waits goes on.
    func receive(_ token: AccessToken) {
        (self.token, rejectedSerial) = (token, nil)
        refusedUntil = MonotonicTime(nanoseconds: 0)
        for client in takeWaiting() { client.tokenCame() }
    }

    /// There is none before `until`, so what is here has ended or was dropped: everybody who waits is let go.
    func refuse(until: MonotonicTime, retryAfterSeconds: Int) {
        (token, refusedUntil, rejectedSerial) = (nil, until, nil)
        for client in takeWaiting() { client.tokenIsUnavailable(retryAfterSeconds: retryAfterSeconds) }
    }

    /// The credential is not in use any more, and no other token will come: nobody waits for one.  What is here serves
    /// the requests that began with it.
    func retire() {
        isRetired = true
        for client in takeWaiting() { client.tokenIsUnavailable(retryAfterSeconds: 1) }
    }

    private func takeWaiting() -> [ClientConnection] {
        defer { waiting = [] }
        return waiting
    }
}
