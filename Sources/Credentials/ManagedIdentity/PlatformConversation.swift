internal import Bytes
internal import Crypto

/// One request to a platform's endpoint, which answers with the token: how all platforms but Azure Arc do it.
struct PlatformConversation: TokenConversation {
    let request: TokenRequest
    let rules: RetryRules
    /// What must not be shown, should the endpoint repeat it.
    var secrets: [Secret] = []
    /// What to do when nobody answers.
    var unreachableAdvice: String?

    func begin(at now: TokenInstant) -> TokenMove { .send(request) }

    func read(_ answer: TokenAnswer, requestedAt: TokenInstant, at now: TokenInstant) -> TokenMove {
        if answer.status == 200 {
            return .reading { () throws(TokenFailure) in try answer.token(requestedAt: requestedAt) }
        }
        return .failed(
            answer.platformFailure(rules, hiding: secrets, at: now), status: answer.status)
    }

    func retryDelays(afterStatus status: Int?) -> [Duration] { rules.delays(afterStatus: status) }
}

extension TokenAnswer {
    /// What this answer of a platform, which holds no token, says, and what to do about it.
    func platformFailure(_ rules: RetryRules, hiding secrets: [Secret], at now: TokenInstant) -> TokenFailure {
        var failure = failure(isRetryable: rules.isRetryable(status), hiding: secrets, at: now)
        if failure.advice == nil { failure.advice = platformAdvice }
        return failure
    }

    private var platformAdvice: String? {
        switch status {
        case 400: "assign the managed identity to where this runs, or correct `client_id`, `object_id` or `resource_id`"
        case 403 where body.withBytes({ $0.text.contains("unreachable") }):
            "there is no managed identity here: this looks like a container without one"
        case 401, 403: "the platform refuses this process: see its rules for managed identities"
        case 300...399: "an endpoint never redirects: check its address"
        case _: nil
        }
    }
}

extension TokenRequest {
    /// A GET of a platform's endpoint.
    static func platform(
        _ url: TokenURL, with items: [(name: String, value: String)],
        fields: [(name: String, value: TokenFieldValue)], trust: Trust = .system
    ) -> TokenRequest {
        TokenRequest(
            method: .get, url: url.text(with: items), fields: fields, trust: trust, connectTimeout: .seconds(2),
            totalTimeout: .seconds(30), isMetadata: true)
    }
}
