internal import Crypto

/// Azure Arc's challenges: a secret in a file, whose path is told, and whose content must come back.
///
/// Source: "Authenticate against Azure resources with Azure Arc-enabled servers".
struct ArcChallenges {
    /// Challenges that can be answered; further ones take the place of the oldest.
    static let limit = 16

    /// How files are made and taken away; paths are absolute.
    struct Files: Sendable {
        /// Writes a new file; false when it cannot.
        var write: @Sendable (_ path: String, _ content: [UInt8]) -> Bool
        var remove: @Sendable (_ path: String) -> Void
    }

    private let directory: String
    private let files: Files
    private let randomness: RandomBytes
    private var open: [(path: String, secret: String)] = []

    /// Challenges whose files lie in `directory`.
    init(directory: String, files: Files, randomness: RandomBytes) {
        self.directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.files = files
        self.randomness = randomness
    }

    /// Writes a new key file and gives its path; nothing when it cannot be written.
    mutating func issue() -> String? {
        let path = "\(directory)/\(UUIDText(from: randomness)).key"
        let secret = Hex.text(of: randomness.bytes(32).span)
        guard files.write(path, Array(secret.utf8)) else { return nil }
        open.append((path, secret))
        if open.count > Self.limit { files.remove(open.removeFirst().path) }
        return path
    }

    /// Whether `authorization` answers an open challenge, which it closes: `Basic` and what the file holds, as it is.
    mutating func take(_ authorization: String) -> Bool {
        let choice = open.firstIndex { constantTimeEqual("Basic \($0.secret)".utf8.span, authorization.utf8.span) }
        guard let choice else { return false }
        files.remove(open.remove(at: choice).path)
        return true
    }

    /// Takes all key files away.
    mutating func closeAll() {
        for challenge in open { files.remove(challenge.path) }
        open = []
    }
}
