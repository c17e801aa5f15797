internal import Bytes
public import Telemetry

/// Where the gateway writes what it does.
public struct TelemetryConfig: Equatable, Sendable {
    /// The least important level that the operator log shows.
    public var logLevel = LogLevel.info
    /// Where the access log goes, one JSON object a line.
    public var accessLog = AccessLogTarget.standardOutput

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
        fields.notYetSupported("metrics")
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
        let target = fields.optional("to") { scalar throws(ValueError) in try Self.parse(scalar) }
        guard case .file(let path) = target else {
            self = target ?? .standardOutput
            return
        }
        self = .file(ConfigPath(path: fields.context.resolve(path.path), place: fields.valuePlace(of: "to")))
    }

    private static func parse(_ scalar: Scalar) throws(ValueError) -> AccessLogTarget {
        let text = try String.parse(scalar)
        switch text {
        case "off": return .off
        case "stdout": return .standardOutput
        case "stderr": return .standardError
        case _ where text.utf8.allSatisfy(ASCII.isLetter):
            // A word alone is a mistyped keyword more often than a file in the directory of the configuration.
            throw .notAChoice(scalar, of: ["stdout", "stderr", "off", "./\(scalar.shown)"])
        case _: return .file(ConfigPath(path: text, place: .whole("")))
        }
    }
}
