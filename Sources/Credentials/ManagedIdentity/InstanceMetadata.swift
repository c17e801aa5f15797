internal import ConfigDSL

/// The Azure Instance Metadata Service of virtual machines.
///
/// Source: "How to use managed identities for Azure resources on an Azure VM to acquire an access token".
struct InstanceMetadata: IdentitySource {
    private let url: TokenURL
    private let request: IdentityRequest

    private static let address = "http://169.254.169.254"
    private static let path = "/metadata/identity/oauth2/token"

    init?(_ request: IdentityRequest, _ platform: inout PlatformReader) {
        self.request = request
        if let endpoint = platform.endpoint {
            url = endpoint.path == "/" && endpoint.query == nil ? TokenURL(endpoint.origin, path: Self.path) : endpoint
        } else {
            guard let url = try? TokenURL(Self.address + Self.path) else { return nil }
            self.url = url
        }
    }

    var identity: [TokenIdentity.Part] { [.text(url.text())] }

    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation {
        PlatformConversation(
            request: .platform(
                url, with: request.items(version: "2018-02-01", resourceName: "msi_res_id"),
                fields: [("Metadata", .text("true"))]),
            rules: .instanceMetadata,
            unreachableAdvice: "only virtual machines of Azure have it: elsewhere set `source`, or `endpoint`")
    }
}
