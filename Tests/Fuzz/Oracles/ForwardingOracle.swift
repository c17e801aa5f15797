/// What must never reach a resource or a client, told by names alone (http rules CR-1 to CR-7, HP-1 to HP-4).
enum ForwardingOracle {
    private static let hopByHop = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "http2-settings", "proxy-authenticate",
    ]
    private static let credentials = [
        "authorization", "proxy-authorization", "cookie", "cookie2", "api-key", "x-api-key",
        "ocp-apim-subscription-key", "x-functions-key", "x-auth-token", "x-access-token", "x-amz-security-token",
        "x-goog-api-key", "x-original-authorization", "x-ms-content-sha256", "x-ms-date", "x-ms-host",
    ]
    private static let others = [
        "host", "content-length", "expect", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "x-host",
        "x-original-host", "x-original-url", "x-rewrite-url", "x-method-override",
    ]
    private static let families = ["x-forwarded-", "x-acs-gateway-", "x-http-method"]
    private static let bannedFromRequests = Set((hopByHop + credentials + others).map { Array($0.utf8) })
    private static let bannedFromAnswers = Set((hopByHop + ["content-length"]).map { Array($0.utf8) })

    /// True when a request's field must not go on, however it is spelled.
    static func isBannedFromRequests(_ field: PlainHead.Field) -> Bool {
        let name = field.merged
        return bannedFromRequests.contains(name) || families.contains { name.starts(with: $0.utf8) }
    }

    /// True when an answer's field must not go on, however it is spelled.
    static func isBannedFromAnswers(_ field: PlainHead.Field) -> Bool {
        bannedFromAnswers.contains(field.merged)
    }
}
