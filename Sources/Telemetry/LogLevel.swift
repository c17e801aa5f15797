/// How much an operator log line matters, the most important first.
public enum LogLevel: Int, CaseIterable, Comparable, Sendable {
    /// Something is broken and someone must act.
    case error
    /// Something will need attention, or was nearly refused.
    case warning
    /// The life of the program: generations, listeners, signals.
    case info
    /// For finding out; never needed in daily work.
    case debug

    /// The word in the configuration (`telemetry.log.level`) and in each line.
    public var name: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .info: "info"
        case .debug: "debug"
        }
    }

    /// The level with that name.
    public init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// True when `left` matters more.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
