internal import Bytes
internal import ConfigDSL
internal import Crypto

/// Service Fabric: the node's endpoint, known by the thumbprint of its certificate alone.
///
/// The identity is set on the cluster.  Source: "How to leverage a Service Fabric application's managed identity".
struct ServiceFabric: IdentitySource {
    private let url: TokenURL
    private let header: Secret
    private let thumbprint: [UInt8]
    private let request: IdentityRequest

    init?(_ request: IdentityRequest, _ platform: inout PlatformReader) {
        let isAllowed = platform.refuseSelector(request, because: "Service Fabric's is set on the cluster")
        let (url, header) = (platform.url(from: "IDENTITY_ENDPOINT"), platform.requiredSecret("IDENTITY_HEADER"))
        let thumbprint = platform.required("IDENTITY_SERVER_THUMBPRINT").flatMap(Self.thumbprint)
        if thumbprint == nil, platform.variable("IDENTITY_SERVER_THUMBPRINT") != nil {
            platform.tell(
                "environment variable `IDENTITY_SERVER_THUMBPRINT` is not a SHA-1 thumbprint",
                help: "it has 40 hexadecimal digits")
        }
        if let url, url.origin.scheme != .https {
            platform.tell(
                "Service Fabric's endpoint is not `https://`, so it cannot be told by its certificate", help: nil)
            return nil
        }
        guard let url, let header, let thumbprint, isAllowed else { return nil }
        (self.url, self.header, self.thumbprint, self.request) = (url, header, thumbprint, request)
    }

    var identity: [TokenIdentity.Part] {
        [.text(url.text()), .secret(header), .text(Hex.text(of: thumbprint.span))]
    }

    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation {
        var items = request.items(version: "2019-07-01-preview", resourceName: "resource_id")
        // Without it, the endpoint would give the token that it has, which is the one that was refused.
        if let refusal { items.append((name: "token_sha256_to_refresh", value: refusal.tokenDigest)) }
        return PlatformConversation(
            request: .platform(
                url, with: items, fields: [("Secret", .secret(header))], trust: .pinned(sha1: thumbprint)),
            rules: .platform, secrets: [header])
    }

    /// 40 hexadecimal digits once blanks and colons are gone.
    private static func thumbprint(_ text: String) -> [UInt8]? {
        let digits = text.utf8.filter { $0 != ASCII.space && $0 != UInt8(ascii: ":") }
        return digits.count == 40 ? Hex.decode(Array(digits).span) : nil
    }
}
