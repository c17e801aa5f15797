public import Bytes
public import ConfigDSL
public import Crypto

/// A strategy that sends a bearer token which it fetches.
///
/// It says who asks (``identity``) and how one fetch goes (``beginFetch(after:environment:)``); ``TokenStore`` says
/// when, and hands the token to whoever authorizes requests.
public protocol TokenStrategy: CredentialStrategy {
    /// Changes when the token would be another.
    var identity: TokenIdentity { get }

    /// Where tokens come from, in a word or two, such as `imds`: for the log and for metrics.
    var source: String { get }

    /// One fetch, to be carried out by the caller.
    ///
    /// - Parameter refusal: what the resource said of the last token, when it refused that.
    func beginFetch(after refusal: TokenRefusal?, environment: TokenEnvironment) -> TokenExchange
}

/// A resource refused a token: what the next one must be.
public struct TokenRefusal: Equatable, Sendable {
    /// The SHA-256 of the token that was refused, in hexadecimal.
    public var tokenDigest: String
    /// The JSON of a claims challenge that the next token must answer, if there was one.
    public var claims: String?

    /// The refusal of a token.
    init(of token: AccessToken, claims: String?) { (tokenDigest, self.claims) = (token.digest.hex, claims) }

    /// See the fields.
    public init(tokenDigest: String, claims: String?) { (self.tokenDigest, self.claims) = (tokenDigest, claims) }
}

/// What a fetch takes from outside, besides the network and the clock.
public struct TokenEnvironment: Sendable {
    /// Reads the whole file at a path, links followed, unless it is larger than the given number of bytes.
    public var readFile: @Sendable (_ path: String, _ limitBytes: Int) throws(FileFailure) -> Secret
    /// The same for a regular file that is no link, and whose owner matters; anything else is `notAFile`.
    public var readGuardedFile: @Sendable (_ path: String, _ limitBytes: Int) throws(FileFailure) -> GuardedFile
    /// For what must not repeat.
    public var random: RandomBytes

    /// An environment made of these.
    public init(
        readFile: @escaping @Sendable (_ path: String, _ limitBytes: Int) throws(FileFailure) -> Secret,
        readGuardedFile: @escaping @Sendable (_ path: String, _ limitBytes: Int) throws(FileFailure) -> GuardedFile,
        random: RandomBytes
    ) {
        (self.readFile, self.readGuardedFile, self.random) = (readFile, readGuardedFile, random)
    }
}

/// A file and who could have written it.
public struct GuardedFile: Sendable {
    /// Whose it is.
    public enum Owner: Sendable {
        /// User 0.
        case root
        /// Azure's own agent, user `himds`.
        case agent
        /// The user that this process runs as, when it is none of the above.
        case ourselves
        /// Anyone else.
        case other
    }

    /// All of it.
    public var content: Secret
    /// Whose it is.
    public var owner: Owner
    /// True when its permission bits let others than its owner, or a group other than root's or the agent's, write it.
    public var isWritableByOthers: Bool

    /// See the fields.
    public init(content: Secret, owner: Owner, isWritableByOthers: Bool) {
        (self.content, self.owner, self.isWritableByOthers) = (content, owner, isWritableByOthers)
    }
}

/// On a request's way, all of them do the same.
extension TokenStrategy {
    /// Its own.
    public var tokenIdentity: TokenIdentity? { identity }
    /// A token covers no body: bodies may stream.
    public var needsBodyDigest: Bool { false }
    /// There is one token at a time.
    public var alternatives: Int { 1 }
    /// What the caller sent as `Authorization` ends here.
    public var passesCallerAuthorization: Bool { false }
    /// Any of Azure's, which the decoder of all strategies checks.
    public var endpoint: Endpoint? { nil }

    /// Writes the token, which whoever calls has found usable at this moment.
    public func authorize(
        _ request: borrowing OutboundRequest, with token: AccessToken?, attempt alternative: Int,
        writing head: inout ByteBuffer, scratch: inout ByteBuffer
    ) throws(CredentialError) {
        guard alternative == 0 else { throw .noSuchAlternative(alternative) }
        guard let token else { throw .noToken }
        head.append("authorization: Bearer ")
        token.write(to: &head)
        head.append("\r\n")
    }
}
