internal import Crypto

/// Azure Cloud Shell: the signed-in person's own token, asked for with a form.
struct CloudShell: IdentitySource {
    private let url: TokenURL
    private let request: IdentityRequest

    init?(_ request: IdentityRequest, _ platform: inout PlatformReader) {
        let isAllowed = platform.refuseSelector(request, because: "Cloud Shell has one identity")
        guard let url = platform.url(from: "MSI_ENDPOINT"), isAllowed else { return nil }
        (self.url, self.request) = (url, request)
    }

    var identity: [TokenIdentity.Part] { [.text(url.text())] }

    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation {
        var form = TokenForm()
        form.add("resource", request.scope.resource)
        return PlatformConversation(
            request: TokenRequest(
                method: .post, url: url.text(),
                fields: [("Metadata", .text("true")), ("Content-Type", .text(TokenForm.contentType))],
                body: form.body(), connectTimeout: .seconds(2), totalTimeout: .seconds(30), isMetadata: true),
            rules: .platform)
    }
}
