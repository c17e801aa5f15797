public import Bytes
public import ConfigDSL

/// Adds nothing: the caller's own bearer token goes on, unchanged.
///
/// For resources that know the caller's user themselves, as Chat does.  Whoever forwards sees to it that there is
/// exactly one `Authorization: Bearer …`, and sends nothing otherwise.
public struct PassThroughStrategy: CredentialStrategy {
    /// `pass_through`.
    public static let kind = "pass_through"

    /// Has no fields.
    public init?(decoding fields: inout FieldReader) {}

    /// Nothing is signed: a body may stream.
    public var needsBodyDigest: Bool { false }
    /// The caller's, which is not ours to replace.
    public var alternatives: Int { 1 }
    /// The one strategy that keeps what the caller sent.
    public var passesCallerAuthorization: Bool { true }
    /// Any.
    public var endpoint: Endpoint? { nil }
    /// None of ours.
    public var tokenIdentity: TokenIdentity? { nil }

    /// Writes nothing.
    public func authorize(
        _ request: borrowing OutboundRequest, with token: AccessToken?, attempt alternative: Int,
        writing head: inout ByteBuffer, scratch: inout ByteBuffer
    ) throws(CredentialError) {
        guard alternative == 0 else { throw .noSuchAlternative(alternative) }
    }
}
