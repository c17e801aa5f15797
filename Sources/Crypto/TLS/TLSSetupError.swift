/// Why a certificate, a key or a ``TLSContext`` cannot be made or read.
///
/// It names files and what is wrong with them, never what is in them.
public enum TLSSetupError: Error, Equatable {
    /// The file is not there, or may not be read; `reason` is the system's.
    case unreadableFile(String, reason: String)
    /// The file is larger than ``PEM/fileLimitBytes``.
    case fileTooLarge(String)
    /// There is no `BEGIN CERTIFICATE` in it.
    case noCertificate(String)
    /// One of its certificates, counted from 1, cannot be read.
    case brokenCertificate(String, number: Int, reason: String)
    /// OpenSSL will not use the certificate, for example since its key is too short.
    case refusedCertificate(String, reason: String)
    /// There is no private key in it.
    case noKey(String)
    /// The private key is encrypted.
    case encryptedKey(String)
    /// The private key cannot be read, or is of a kind that OpenSSL will not use.
    case brokenKey(String, reason: String)
    /// The key is not that of the first certificate.
    case keyMismatch(key: String, certificate: String)
    /// The machine's own list of authorities is not where OpenSSL expects it.
    case noSystemAuthorities(String)
    /// Neither a host name nor an IP address.
    case badName(String)
    /// OpenSSL itself failed.
    case library(String)
}

extension TLSSetupError: CustomStringConvertible {
    /// One sentence with the culprit in backquotes, and the cure where there is one.
    public var description: String {
        switch self {
        case .unreadableFile(let file, let reason): "`\(file)` cannot be read: \(reason)"
        case .fileTooLarge(let file): "`\(file)` is larger than \(PEM.fileLimitBytes >> 20) MiB: it is not a PEM file"
        case .noCertificate(let file): "`\(file)` holds no certificate (no `-----BEGIN CERTIFICATE-----`)"
        case .brokenCertificate(let file, let number, let reason):
            "certificate \(number) in `\(file)` cannot be read: \(reason)"
        case .refusedCertificate(let file, let reason): "the certificate in `\(file)` is refused: \(reason)"
        case .noKey(let file): "`\(file)` holds no private key (no `-----BEGIN PRIVATE KEY-----`)"
        case .encryptedKey(let file):
            "the private key in `\(file)` is encrypted; decrypt it first (`openssl pkey -in OLD -out NEW`)"
        case .brokenKey(let file, let reason): "the private key in `\(file)` cannot be used: \(reason)"
        case .keyMismatch(let key, let certificate):
            "the private key in `\(key)` does not belong to the first certificate in `\(certificate)`"
        case .noSystemAuthorities(let file):
            "the system's certificate authorities are not at `\(file)`; install `ca-certificates`, or name a file"
        case .badName(let name): "`\(name)` is neither a host name nor an IP address"
        case .library(let reason): "OpenSSL failed: \(reason)"
        }
    }
}
