import Support
import Testing

/// The secrets that these tests configure, and what a client brings of its own.
enum TestKeys {
    /// 64 bytes, as the service gives them.
    static let first = Base64.encode(ReferenceDigest.sha256([1]) + ReferenceDigest.sha256([2]))
    /// The second key of the same resource.
    static let second = Base64.encode(ReferenceDigest.sha256([3]) + ReferenceDigest.sha256([4]))
    /// A client's own credential: it must reach neither an origin (but by pass-through) nor an output.
    static let canary = "CANARY-5f0e1c7a9b"

    /// Checks signatures made with ``first``.
    static let firstCheck = AccessKeyCheck(base64: first)
    /// Checks signatures made with ``second``.
    static let secondCheck = AccessKeyCheck(base64: second)
}

/// Every spelling in which `secret` must not show: as configured, its bytes, and both in base64 and hexadecimal.
func spellings(of secret: String) -> [[UInt8]] {
    let text = Array(secret.utf8)
    let forms = [text, Base64.decode(secret) ?? text]
    return forms.flatMap { form in
        let hex = hexadecimal(form)
        return [form, Array(Base64.encode(form).utf8), Array(hex.utf8), Array(hex.uppercased().utf8)]
    }
}

/// Fails the test when a secret shows in what a program said on either stream.
func expectNoSecret(
    in program: RunningProgram, _ secrets: [String] = [TestKeys.first, TestKeys.second, TestKeys.canary],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let (output, error) = program.progress.look { ($0.standardOutput, $0.standardError) }
    for secret in secrets {
        for form in spellings(of: secret) {
            let shows = output.firstRange(of: form) != nil || error.firstRange(of: form) != nil
            #expect(!shows, "a secret shows in the output", sourceLocation: sourceLocation)
        }
    }
}
