internal import ConfigDSL
internal import Crypto

/// Azure Machine Learning, in the manner of the first App Service: its `secret` header, `clientid` in one word, and
/// the end of a token's life as text (``TextDate``).
struct MachineLearning: IdentitySource {
    private let url: TokenURL
    private let secret: Secret
    private let request: IdentityRequest

    init?(_ request: IdentityRequest, _ platform: inout PlatformReader) {
        let (url, secret) = (platform.url(from: "MSI_ENDPOINT"), platform.requiredSecret("MSI_SECRET"))
        switch request.selector {
        case .system, .client: break
        case .object, .resource:
            _ = platform.refuseSelector(request, because: "Azure Machine Learning knows identities by `client_id`")
            return nil
        }
        guard let url, let secret else { return nil }
        (self.url, self.secret, self.request) = (url, secret, request)
    }

    var identity: [TokenIdentity.Part] { [.text(url.text()), .secret(secret)] }

    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation {
        var items = [(name: "api-version", value: "2017-09-01"), (name: "resource", value: request.scope.resource)]
        if case .client(let id) = request.selector { items.append((name: "clientid", value: id)) }
        return PlatformConversation(
            request: .platform(url, with: items, fields: [("secret", .secret(secret))]), rules: .platform,
            secrets: [secret])
    }
}
