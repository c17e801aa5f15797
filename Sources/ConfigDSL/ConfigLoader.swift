/// Reads a configuration file: bytes, YAML, typed values, checks across them.
///
/// Everything that is wrong is told in one run, except that what makes the file unreadable is told alone.
public enum ConfigLoader {
    /// The largest file that is read.
    public static let fileLimitBytes = 4 << 20

    /// Loads `file`, with all that it refers to read through `environment`.
    public static func load(file: String, environment: LoadEnvironment) -> LoadResult {
        LoadResult(draft: GatewayConfig(), diagnostics: Diagnostics(), sha256: "")
    }
}

/// What a load gave.
///
/// The owners of what is still raw (`Credentials`) add their findings to ``diagnostics``, decoding from ``draft`` even
/// when there are errors already, so that all are told together; then ``config`` says whether it may be served.
public struct LoadResult: Sendable {
    /// What could be read, with gaps where there were errors.  Never to be served: see ``config``.
    public var draft: GatewayConfig
    /// All findings so far.
    public var diagnostics: Diagnostics
    /// The SHA-256 of the file in lower-case hexadecimal; empty when it could not be read.
    public var sha256: String

    /// The configuration, unless there are errors.
    public var config: GatewayConfig? { diagnostics.hasErrors ? nil : draft }
}
