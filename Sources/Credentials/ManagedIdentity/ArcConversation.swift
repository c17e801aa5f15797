internal import Bytes
internal import ConfigDSL
internal import Crypto

/// Two requests: the first is refused with the path of a key file, the second shows what is in it.
///
///     begin ──request──▶ awaitingChallenge ──401, request with the key──▶ awaitingToken ──▶ token
struct ArcConversation: TokenConversation {
    let request: TokenRequest
    /// The user-assigned identity that was asked for: an old agent gives the machine's own instead, without a word.
    let expected: (name: String, value: String)?
    let keyFile: ArcKeyFile
    /// What the second request showed; `nil` while the first is under way.
    private var shownKey: Secret?

    init(request: TokenRequest, expected: (name: String, value: String)?, keyFile: ArcKeyFile) {
        (self.request, self.expected, self.keyFile) = (request, expected, keyFile)
    }

    mutating func begin(at now: TokenInstant) -> TokenMove {
        shownKey = nil
        return .send(request)
    }

    mutating func read(_ answer: TokenAnswer, requestedAt: TokenInstant, at now: TokenInstant) -> TokenMove {
        if let shownKey { return token(in: answer, hiding: shownKey, requestedAt: requestedAt, at: now) }
        guard answer.status == 401 else {
            if answer.status == 200 {
                return .failed(TokenFailure("the Arc agent gave a token without a challenge"), status: 200)
            }
            return .failed(answer.platformFailure(.platform, hiding: [], at: now), status: answer.status)
        }
        do throws(TokenFailure) {
            let key = try keyFile.key(named: answer.challenge())
            var second = request
            second.fields.append(("Authorization", .secret(Self.authorization(key))))
            shownKey = key
            return .send(second)
        } catch {
            return .failed(error, status: nil)
        }
    }

    func retryDelays(afterStatus status: Int?) -> [Duration] { RetryRules.platform.delays(afterStatus: status) }

    var unreachableAdvice: String? { "see whether the Arc agent runs: `azcmagent show`" }

    /// The key as it is: it is no user and password, and not encoded again.
    private static func authorization(_ key: Secret) -> Secret {
        var value = ByteBuffer(capacity: 2 * ArcKeyFile.limitBytes)
        defer { value.wipe() }
        value.append("Basic ")
        key.withBytes { value.append($0) }
        return Secret(copying: value.span)
    }

    private func token(
        in answer: TokenAnswer, hiding key: Secret, requestedAt: TokenInstant, at now: TokenInstant
    ) -> TokenMove {
        guard answer.status == 200 else {
            var failure = answer.platformFailure(.platform, hiding: [key], at: now)
            if answer.status == 401 { failure.advice = "the Arc agent does not believe its own key: restart it" }
            return .failed(failure, status: answer.status)
        }
        if let expected {
            let echo = answer.json?[expected.name]?.text ?? ""
            guard echo.lowercased() == expected.value.lowercased() else {
                return .failed(
                    TokenFailure(
                        "the Arc agent gave a token without saying that it is for `\(expected.name)`",
                        advice: "update the agent, or use the machine's own identity"), status: 200)
            }
        }
        return .reading { () throws(TokenFailure) in try answer.token(requestedAt: requestedAt) }
    }
}

extension TokenAnswer {
    /// The path in the one `WWW-Authenticate: Basic realm=PATH`.
    fileprivate func challenge() throws(TokenFailure) -> String {
        let challenges = fields.filter { $0.name.utf8.span.equalsIgnoringCase("www-authenticate") }
        guard let challenge = challenges.first, challenges.count == 1 else {
            throw TokenFailure("the Arc agent's challenge has no `WWW-Authenticate`, or more than one")
        }
        let parts = challenge.value.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.span.equalsIgnoringCase("basic realm") else {
            throw TokenFailure("the Arc agent's challenge is not `Basic realm=PATH`")
        }
        return String(parts[1])
    }
}

/// The agent's key files: whoever can read one may have tokens.
///
/// The path comes from whoever answers at the agent's address, so it may only name a small file of the agent's own
/// directory, which nobody else could have put there.
struct ArcKeyFile: Sendable {
    /// With a slash at its end.
    let directory: String
    /// The user of this process may own it.
    let mayBeOurs: Bool
    let environment: TokenEnvironment

    /// A larger one is not the agent's.
    static let limitBytes = 4096
    private static let suffix = ".key"

    /// The content of the file at `path`, without the line end behind it.
    func key(named path: String) throws(TokenFailure) -> Secret {
        let name = path.dropFirst(directory.count)
        guard path.hasPrefix(directory), name.hasSuffix(Self.suffix), name.first != ".",
            name.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") })
        else {
            throw TokenFailure(
                "the Arc agent's challenge names a file that is not `\(directory)NAME.key`",
                advice: "if that is where this agent writes them, set `arc_token_directory`")
        }
        let file: GuardedFile
        do throws(FileFailure) {
            file = try environment.readGuardedFile(path, Self.limitBytes)
        } catch {
            throw TokenFailure(
                "the Arc agent's key file cannot be read: \(error.sentence(limit: "4 KiB"))",
                advice: error == .notPermitted ? "put the gateway's user into the group `himds`" : nil, kind: .local)
        }
        try check(file)
        return try Self.key(in: file.content)
    }

    private func check(_ file: GuardedFile) throws(TokenFailure) {
        let isTrusted =
            switch file.owner {
            case .root, .agent: true
            case .ourselves: mayBeOurs
            case .other: false
            }
        guard isTrusted, !file.isWritableByOthers else {
            throw TokenFailure(
                "the Arc agent's key file could have been written by others",
                advice: "it must belong to `root` or `himds`, and nobody else may write it", kind: .local)
        }
    }

    private static func key(in content: Secret) throws(TokenFailure) -> Secret {
        let key = content.withBytes { bytes -> Secret? in
            var end = bytes.count
            while end > 0, bytes[end - 1] == ASCII.lineFeed || bytes[end - 1] == ASCII.carriageReturn { end -= 1 }
            // What may stand in a field line, and at its ends no blank, which would not arrive.
            let isPlain = (0..<end).allSatisfy { 0x20...0x7E ~= bytes[$0] || bytes[$0] == ASCII.tab }
            let hasEnds = end > 0 && 0x21...0x7E ~= bytes[0] && 0x21...0x7E ~= bytes[end - 1]
            return isPlain && hasEnds ? Secret(copying: bytes.extracting(..<end)) : nil
        }
        guard let key else { throw TokenFailure("the Arc agent's key file holds no key", kind: .local) }
        return key
    }
}
