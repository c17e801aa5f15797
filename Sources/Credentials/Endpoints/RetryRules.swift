/// After which answers a request is made again within one fetch, and when.
enum RetryRules: Sendable {
    /// Microsoft Entra ID.
    case entra
    /// The instance metadata service: 404 and 410 while it is updated, up to 70 seconds.
    case instanceMetadata
    /// All other platforms.
    case platform

    /// True when an answer with `status` may be another the next time.
    func isRetryable(_ status: Int) -> Bool {
        switch self {
        case .entra: status == 429 || status >= 500
        case .instanceMetadata: status == 404 || status == 410 || status == 429 || status >= 500
        case .platform: status == 408 || status == 429 || status >= 500
        }
    }

    /// How long to wait before each retry, after an answer with `status` or after none.
    func delays(afterStatus status: Int?) -> [Duration] {
        switch (self, status) {
        case (.entra, _), (.platform, _): Self.short
        case (.instanceMetadata, 410?): Self.restart
        case (.instanceMetadata, _): Self.long
        }
    }

    private static let short: [Duration] = [.zero, .milliseconds(1_600), .milliseconds(3_200)]
    private static let long: [Duration] = short + [.milliseconds(6_400), .milliseconds(12_800)]
    private static let restart: [Duration] = [.zero, .seconds(5), .seconds(10), .seconds(20), .seconds(40)]
}
