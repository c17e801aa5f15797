import Crypto

/// An authority of a test's own, and files with what it vouches for.
public struct TestAuthority {
    /// Where its certificate is.
    public let file: String

    /// A new authority that writes to `directory`, its own certificate as `NAME-ca.pem`.
    ///
    /// Each of `clients` and `servers` gets a file of its name with certificate and key, for the names given; those of
    /// `expired` clients ended a minute ago.
    public init(
        _ name: String, in directory: TemporaryDirectory, servers: [String: [String]] = [:],
        clients: [String: [String]] = [:], expired: [String: [String]] = [:]
    ) throws {
        file = "\(directory.path)/\(name)-ca.pem"
        let now = wallClockSeconds()
        let current = DevelopmentAuthority.Validity.thirtyDays(from: now)
        let past = DevelopmentAuthority.Validity(from: now - 7_200, to: now - 60)
        let authority = try DevelopmentAuthority(valid: current)
        try directory.write("\(name)-ca.pem", Self.text(authority.certificate))
        let all = [(DevelopmentAuthority.Purpose.server, current, servers), (.client, current, clients)]
        for (purpose, valid, wanted) in all + [(.client, past, expired)] {
            for (file, names) in wanted {
                let identity = try authority.issue(for: names, purpose: purpose, valid: valid)
                try directory.write("\(file).pem", Self.text(identity.certificates) + Self.text(identity.key))
            }
        }
    }

    private static func text(_ pem: PEM) -> String {
        pem.text.withBytes { bytes in
            var text = [UInt8]()
            for index in bytes.indices { text.append(bytes[index]) }
            return String(decoding: text, as: UTF8.self)
        }
    }
}
