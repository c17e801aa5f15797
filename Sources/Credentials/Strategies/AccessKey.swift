public import Bytes
public import ConfigDSL
internal import Crypto

/// Signs with an Azure Communication Services access key: ``AccessKeySigner`` says how.
///
/// A resource has two keys, so that one can be replaced while the other serves: with two under `keys`, the second is
/// the alternative for when the resource refuses the first.
public struct AccessKeyStrategy: CredentialStrategy {
    /// `access_key`.
    public static let kind = "access_key"

    private let primary: AccessKeySigner
    private let secondary: AccessKeySigner?
    /// The connection string's, if there is one.
    public let endpoint: Endpoint?

    /// Reads `keys` (one or two secrets in base64) or `connection_string`.
    public init?(decoding fields: inout FieldReader) {
        switch fields.exactlyOne(of: ["keys", "connection_string"]) {
        case "keys"?:
            guard let keys = fields.requiredSecretList("keys", count: 1...2, Self.signer), let first = keys.first
            else { return nil }
            primary = first
            secondary = keys.dropFirst().first
            endpoint = nil
        case "connection_string"?:
            guard let parts = fields.requiredSecret("connection_string", Self.connectionString) else { return nil }
            primary = AccessKeySigner(parts.key)
            secondary = nil
            endpoint = parts.endpoint
        case _:
            return nil
        }
    }

    /// The signature covers the body's digest.
    public var needsBodyDigest: Bool { true }
    /// One for each key.
    public var alternatives: Int { secondary == nil ? 1 : 2 }
    /// What the caller sent as `Authorization` ends here.
    public var passesCallerAuthorization: Bool { false }
    /// None: a key signs by itself.
    public var tokenIdentity: TokenIdentity? { nil }

    /// Signs with the first key or the second.
    public func authorize(
        _ request: borrowing OutboundRequest, with token: AccessToken?, attempt alternative: Int,
        writing head: inout ByteBuffer, scratch text: inout ByteBuffer
    ) throws(CredentialError) {
        switch (alternative, secondary) {
        case (0, _): primary.authorize(request, writing: &head, text: &text)
        case (1, let second?): second.authorize(request, writing: &head, text: &text)
        case _: throw .noSuchAlternative(alternative)
        }
    }
}

// MARK: Reading secrets

extension AccessKeyStrategy {
    /// The signer of a key in base64.
    private static func signer(_ secret: Secret) throws(ValueError) -> AccessKeySigner {
        do throws(Base64Error) {
            let key = try secret.withBytes { text throws(Base64Error) in try Secret(base64: text) }
            return AccessKeySigner(key)
        } catch {
            throw ValueError(.badAccessKey, "is \(error)", help: "copy the key from the resource's page \"Keys\"")
        }
    }

    private static func connectionString(_ secret: Secret) throws(ValueError) -> ConnectionString {
        do throws(ConnectionStringError) {
            return try ConnectionString(secret)
        } catch {
            throw ValueError(
                .badConnectionString, "\(error)", help: "its form is `endpoint=https://HOST/;accesskey=BASE64`")
        }
    }
}
