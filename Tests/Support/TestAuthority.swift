import Crypto

/// An authority of a test's own, and files with what it vouches for.
public struct TestAuthority {
    /// Where its certificate is.
    public let file: String

    /// A new authority that writes to `directory`, its own certificate as `NAME-ca.pem`.
    ///
    /// Each of `clients` and `servers` gets a file of its name with certificate and key, for the names given.
    public init(
        _ name: String, in directory: TemporaryDirectory, servers: [String: [String]] = [:],
        clients: [String: [String]] = [:]
    ) throws {
        file = "\(directory.path)/\(name)-ca.pem"
        let valid = DevelopmentAuthority.Validity.thirtyDays(from: wallClockSeconds())
        let authority = try DevelopmentAuthority(valid: valid)
        try directory.write("\(name)-ca.pem", Self.text(authority.certificate))
        for (purpose, wanted) in [(DevelopmentAuthority.Purpose.server, servers), (.client, clients)] {
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
