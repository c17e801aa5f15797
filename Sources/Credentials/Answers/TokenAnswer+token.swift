internal import Bytes
internal import Crypto

/// Reading the token out of an answer; all endpoints write it in nearly the same way.
extension TokenAnswer {
    /// Larger than any token that a head could carry.
    static let tokenLimitBytes = 16 << 10
    /// No token lives longer; what says so is cut to it.
    private static let longestLife = Duration.seconds(366 * 86_400)

    /// The token in this answer, which has the status 200; its life is counted from `requestedAt`.
    func token(requestedAt: TokenInstant) throws(TokenFailure) -> AccessToken {
        guard let answer = json else {
            throw TokenFailure("the token endpoint's answer is not JSON", advice: Self.notAnEndpoint)
        }
        return try Self.token(in: answer, requestedAt: requestedAt)
    }

    /// The token in `answer`.
    static func token(in answer: JSONValue, requestedAt: TokenInstant) throws(TokenFailure) -> AccessToken {
        guard case .string(let text)? = answer["access_token"], isToken(text) else {
            throw TokenFailure("the token endpoint's answer has no usable `access_token`", advice: notAnEndpoint)
        }
        if let type = answer["token_type"]?.text, !type.utf8.span.equalsIgnoringCase("bearer") {
            throw TokenFailure("the token endpoint's answer is no bearer token")
        }
        guard let lifetime = lifetime(answer, from: requestedAt) else {
            throw TokenFailure("the token endpoint's answer does not say when the token ends")
        }
        guard lifetime > .zero else {
            throw TokenFailure(
                "the token endpoint gave a token that has ended already", advice: "check this machine's clock")
        }
        let refreshIn = answer["refresh_in"]?.integer.map { Duration.seconds($0) }
        return AccessToken(
            text, requestedAt: requestedAt, lifetime: min(lifetime, longestLife), refreshIn: refreshIn)
    }

    /// The whole body as JSON.
    var json: JSONValue? { body.withBytes { JSONParser.parse($0) } }

    private static let notAnEndpoint = "check that its address is that of a token endpoint"

    /// `expires_in` counts from the request; `expires_on` is a point on the wall clock, as a number or as text.
    private static func lifetime(_ answer: JSONValue, from requestedAt: TokenInstant) -> Duration? {
        if let seconds = answer["expires_in"]?.integer { return .seconds(seconds) }
        guard let end = answer["expires_on"] else { return nil }
        guard let second = end.integer ?? end.text.flatMap(TextDate.parse) else { return nil }
        return .seconds(second) - .nanoseconds(requestedAt.unixNanoseconds)
    }

    /// Visible ASCII, so that it cannot leave its field line.
    private static func isToken(_ text: Secret) -> Bool {
        text.withBytes { bytes in
            1...tokenLimitBytes ~= bytes.count && bytes.indices.allSatisfy { 0x21...0x7E ~= bytes[$0] }
        }
    }
}
