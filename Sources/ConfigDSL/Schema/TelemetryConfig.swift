internal import Bytes
public import Telemetry

/// Where the gateway writes what it does.
public struct TelemetryConfig: Equatable, Sendable {
    /// The least important level that the operator log shows.
    public var logLevel = LogLevel.info
    /// Where the access log goes, one JSON object a line.
    public var accessLog = AccessLogTarget.standardOutput
    /// Where metrics can be asked for; `nil` for nowhere.
    public var metrics: MetricsConfig?

    /// The defaults of the language.
    public init() {}

    /// Reads the section `telemetry`.
    init(decoding fields: inout FieldReader) {
        let level = fields.section("log") { section in
            section.optional("level", default: LogLevel.info) { scalar throws(ValueError) in
                guard let level = LogLevel(name: scalar.text) else {
                    throw ValueError.notAChoice(scalar, of: LogLevel.allCases.map(\.name))
                }
                return level
            }
        }
        let target = fields.section("access_log") { section in
            _ = section.optional("format", AccessLogFormat.parse)
            return AccessLogTarget(decoding: &section)
        }
        metrics = fields.section("metrics") { MetricsConfig(decoding: &$0) }
        logLevel = level ?? .info
        accessLog = target ?? .standardOutput
    }
}

/// How the access log is written.
private enum AccessLogFormat: String, CaseIterable {
    case json
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

    /// Reads `to`.
    init?(decoding fields: inout FieldReader) {
        let (context, place) = (fields.context, fields.valuePlace(of: "to"))
        let target = fields.optional("to") { scalar throws(ValueError) in
            if let word = try Self.word(scalar) { return word }
            return AccessLogTarget.file(try ConfigPath(scalar, in: context, at: place))
        }
        guard let target else { return nil }
        self = target
    }

    /// The target that a word names; `nil` for a path.
    private static func word(_ scalar: Scalar) throws(ValueError) -> AccessLogTarget? {
        switch scalar.text {
        case "off": return .off
        case "stdout": return .standardOutput
        case "stderr": return .standardError
        case let text where text.utf8.allSatisfy(ASCII.isLetter):
            // A word alone is a mistyped keyword more often than a file in the directory of the configuration.
            throw .notAChoice(scalar, of: ["stdout", "stderr", "off", "./\(scalar.shown)"])
        case _: return nil
        }
    }
}
