/// Where the program's parts tell an operator what happened.
///
/// A value that is handed down; there is no global one.  Its clock and its sink are the program's, so that a test
/// reads the lines and knows the time.  For the control plane and for rare events of the data plane, never once a
/// request: that is the access log.
public struct Logger: Sendable {
    /// Lines that matter less are not made.
    public let level: LogLevel
    private let now: @Sendable () -> Timestamp
    private let sink: @Sendable ([UInt8]) -> Void

    /// `now` tells the time; `sink` takes one whole line, LF included, from any thread, and does not fail:
    /// a log that cannot be written must not stop what it tells of.
    public init(
        level: LogLevel, now: @escaping @Sendable () -> Timestamp, sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.level = level
        self.now = now
        self.sink = sink
    }

    /// The same clock and sink with another level: for a configuration that changed it.
    public func with(level: LogLevel) -> Logger {
        Logger(level: level, now: now, sink: sink)
    }

    /// Writes a line, if `level` is wanted; otherwise `message` and `fields` are not even made.
    public func log(
        _ level: LogLevel, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []
    ) {
        guard level <= self.level else { return }
        sink(LogLine(time: now(), level: level, message: message(), fields: fields()).rendered)
    }

    /// Something is broken and someone must act.
    public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.error, message(), fields())
    }

    /// Something will need attention.
    public func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.warning, message(), fields())
    }

    /// The life of the program.
    public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.info, message(), fields())
    }

    /// For finding out.
    public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.debug, message(), fields())
    }
}
