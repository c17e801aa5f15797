internal import ConfigDSL

/// Azure Arc: machines outside Azure, whose agent wants proof that one may read a file of its own.
///
/// Source: "Authenticate against Azure resources with Azure Arc-enabled servers".
struct AzureArc: IdentitySource {
    private let url: TokenURL
    private let request: IdentityRequest
    private let directory: String

    /// Where the agent listens when nothing says so.
    private static let address = "http://localhost:40342/metadata/identity/oauth2/token"
    /// Where the agent writes its key files.
    static let directory = "/var/opt/azcmagent/tokens/"

    init?(_ request: IdentityRequest, _ platform: inout PlatformReader) {
        let name = "IDENTITY_ENDPOINT"
        let url =
            platform.endpoint == nil && platform.variable(name) == nil
            ? try? TokenURL(Self.address) : platform.url(from: name)
        guard let url else { return nil }
        (self.url, self.request) = (url, request)
        directory = platform.arcTokenDirectory ?? Self.directory
        mayBeOurs = platform.arcTokenDirectory != nil
    }

    /// In a directory that the operator chose, this process's own user may own the key files too.
    private let mayBeOurs: Bool

    var identity: [TokenIdentity.Part] { [.text(url.text()), .text(directory)] }

    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation {
        ArcConversation(
            request: .platform(
                url, with: request.items(version: "2020-06-01", resourceName: Self.resourceName),
                fields: [("Metadata", .text("true"))]),
            expected: request.selected(resourceName: Self.resourceName),
            keyFile: ArcKeyFile(directory: directory, mayBeOurs: mayBeOurs, environment: environment))
    }

    private static let resourceName = "msi_res_id"
}
