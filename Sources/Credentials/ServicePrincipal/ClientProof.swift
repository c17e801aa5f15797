internal import Bytes
internal import ConfigDSL
internal import Crypto

/// How an app proves to Microsoft Entra ID that it is who it says.
enum ClientProof: Sendable {
    /// A secret that both sides know.
    case secret(Secret)
    /// An assertion that is signed anew for each request.
    case certificate(ClientAssertion)
    /// The platform's own token, read from its file for each request, since the platform renews it.
    case federated(path: String)

    /// What makes a difference for the token.
    var identity: [TokenIdentity.Part] {
        switch self {
        case .secret(let secret): [.text("secret"), .secret(secret)]
        case .certificate(let assertion): [.text("certificate")] + assertion.identity
        case .federated(let path): [.text("federated"), .text(path)]
        }
    }
}

/// The token that a platform leaves in a file, such as Kubernetes for a service account.
enum FederatedToken {
    /// A larger file is no token.
    static let limitBytes = 32 << 10

    /// The token in the file at `path`, without blanks around it.
    static func read(_ path: String, _ environment: TokenEnvironment) throws(TokenFailure) -> Secret {
        let file: Secret
        do throws(FileFailure) {
            file = try environment.readFile(path, limitBytes)
        } catch {
            throw TokenFailure(
                "the file of `federated_token_file` cannot be read: \(error.sentence(limit: "32 KiB"))",
                advice: "see why the platform does not write it", kind: .local)
        }
        let token = file.withBytes { Secret(copying: trimmed($0)) }
        let isPlain = token.withBytes { bytes in bytes.indices.allSatisfy { 0x21...0x7E ~= bytes[$0] } }
        guard !token.isEmpty, isPlain else {
            throw TokenFailure(
                "the file of `federated_token_file` \(token.isEmpty ? "is empty" : "holds no token")",
                advice: "see what the platform writes there", kind: .local)
        }
        return token
    }

    /// Without line ends and other blanks around it.
    @_lifetime(copy bytes)
    private static func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return bytes.extracting(start..<end)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.tab || byte == ASCII.lineFeed || byte == ASCII.carriageReturn
    }
}
