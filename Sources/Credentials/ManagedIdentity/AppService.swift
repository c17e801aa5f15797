internal import Crypto

/// App Service, Functions, Container Apps and Automation: an endpoint that a header proves one's way to.
///
/// Source: "How to use managed identities for App Service and Azure Functions", "REST endpoint reference".
struct AppService: IdentitySource {
    private let url: TokenURL
    private let header: Secret
    private let request: IdentityRequest

    init?(_ request: IdentityRequest, _ platform: inout PlatformReader) {
        let (url, header) = (platform.url(from: "IDENTITY_ENDPOINT"), platform.requiredSecret("IDENTITY_HEADER"))
        guard let url, let header else { return nil }
        (self.url, self.header, self.request) = (url, header, request)
    }

    var identity: [TokenIdentity.Part] { [.text(url.text()), .secret(header)] }

    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation {
        PlatformConversation(
            request: .platform(
                url, with: request.items(version: "2019-08-01", resourceName: "mi_res_id"),
                // Automation wants `Metadata`; the others do not mind.
                fields: [("X-IDENTITY-HEADER", .secret(header)), ("Metadata", .text("true"))]),
            rules: .platform, secrets: [header],
            unreachableAdvice: "see whether the app has a managed identity")
    }
}
