public import Bytes
public import ConfigDSL

/// One way of making a request acceptable to its resource.
///
/// A strategy is decoded once, from its entry under `credentials`, and is a function over requests from then on.  All
/// workers share it, so it keeps nothing that changes, and on a request's way it moves bytes only: no text, no lock,
/// no allocation.  A new strategy is one file in `Strategies/` and one line in ``StandardStrategies``.
public protocol CredentialStrategy: Sendable {
    /// Its name in a configuration: `strategy: access_key`.
    static var kind: String { get }

    /// Reads its fields, and tells all that is wrong with them; `nil` when something is.
    init?(decoding fields: inout FieldReader)

    /// True when ``OutboundRequest/bodyDigest`` is needed: then the whole body must be there before the head is sent.
    var needsBodyDigest: Bool { get }

    /// How many credentials it can try, in order of preference: two for a resource's two keys.
    var alternatives: Int { get }

    /// True when the caller's own `Authorization` goes on, which then must be one `Bearer` token.
    var passesCallerAuthorization: Bool { get }

    /// The only endpoint that it is for; `nil` when it says nothing about that.
    var endpoint: Endpoint? { get }

    /// Whose token it needs; `nil` when it needs none.
    var tokenIdentity: TokenIdentity? { get }

    /// Appends the field lines that authorize `request` to `head`, each with its CRLF.
    ///
    /// Called last of all, once an attempt, when nothing of the request changes any more.
    ///
    /// - Parameters:
    ///   - token: the one of ``tokenIdentity``, if there is one that is usable at this moment.
    ///   - alternative: which credential to use, from 0 to below ``alternatives``.
    ///   - scratch: the worker's; what is in it is lost.
    func authorize(
        _ request: borrowing OutboundRequest, with token: AccessToken?, attempt alternative: Int,
        writing head: inout ByteBuffer, scratch: inout ByteBuffer
    ) throws(CredentialError)
}

/// Why a request cannot be authorized.  Then it is not sent.
public enum CredentialError: Error, Equatable {
    /// There are fewer credentials to try than that.
    case noSuchAlternative(Int)
    /// There is no usable token.
    case noToken
}
