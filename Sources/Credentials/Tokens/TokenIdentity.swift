internal import Bytes
internal import Crypto

/// Who asks for a token, from whom, with which proof and for what: the same identity gets the same token.
///
/// It is a digest of all that, so that it holds no secret, and shows none of it.
public struct TokenIdentity: Hashable, Sendable {
    private let digest: SHA256Digest

    /// The identity that `parts` make up.
    init(_ parts: [Part]) {
        var hash = SHA256()
        for part in parts { part.update(&hash) }
        digest = hash.finalize()
    }

    /// For a hash table, any eight bytes of a digest do.
    public func hash(into hasher: inout Hasher) { hasher.combine(digest.span.word(at: 0)) }

    /// One thing that makes a difference.
    enum Part {
        case text(String)
        case secret(Secret)

        /// Each part stands behind its length, so that no two lists of parts read the same.
        fileprivate func update(_ hash: inout SHA256) {
            switch self {
            case .text(let text): Self.update(&hash, text.utf8.span)
            case .secret(let secret): secret.withBytes { Self.update(&hash, $0) }
            }
        }

        private static func update(_ hash: inout SHA256, _ bytes: Span<UInt8>) {
            hash.update("\(bytes.count) ".utf8.span)
            hash.update(bytes)
        }
    }
}

extension TokenIdentity: CustomStringConvertible {
    /// Nothing of the digest, from which a weak secret could be guessed.
    public var description: String { "<token identity>" }
}
