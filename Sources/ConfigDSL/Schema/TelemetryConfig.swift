public import Telemetry

/// Where the gateway writes what it does.
public struct TelemetryConfig: Equatable, Sendable {
    /// The least important level that the operator log shows.
    public var logLevel = LogLevel.info
    /// Where the access log goes, one JSON object a line.
    public var accessLog = AccessLogTarget.standardOutput

    /// The defaults of the language.
    public init() {}
}

/// Where the access log goes.
public enum AccessLogTarget: Equatable, Sendable {
    /// `off`: nowhere.
    case off
    /// `stdout`.
    case standardOutput
    /// `stderr`.
    case standardError
    /// A file that is appended to.
    case file(ConfigPath)
}
