import Synchronization
import Telemetry
import Testing

@Suite("The operator log")
struct LoggerTests {
    private let noon = Timestamp(unixMilliseconds: 1_795_424_887_123)

    @Test("a line tells time, level, message and fields")
    func wholeLine() {
        let line = LogLine(
            time: noon, level: .info, message: "serving",
            fields: [LogField("generation", 2), LogField("listener", "app")])
        #expect(text(of: line) == "2026-11-23T09:08:07.123Z info serving generation=2 listener=app\n")
    }

    @Test(
        "a value is quoted where a reader would lose its end, and escaped where it would lose the line",
        arguments: [
            ("app", "app"), ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""), ("a\"b", "\"a\\\"b\""),
            ("a\\b", "\"a\\\\b\""), ("a\nb", "\"a\\nb\""), ("a\r\tb", "\"a\\r\\tb\""),
            ("\u{1B}[31m", "\"\\u{1b}[31m\""),
            ("a\u{7F}", "a\\u{7f}"), ("a\u{85}", "a\\u{85}"), ("a\u{2028}b", "a\\u{2028}b"),
            ("a\u{202E}b", "a\\u{202e}b"), ("a\u{200B}b", "a\\u{200b}b"), ("é", "é"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
        ])
    func values(value: String, expected: String) {
        let line = LogLine(time: noon, level: .error, message: "m", fields: [LogField("key", value)])
        #expect(text(of: line) == "2026-11-23T09:08:07.123Z error m key=\(expected)\n")
    }

    @Test("a message cannot forge a second line")
    func forgery() {
        let line = LogLine(time: noon, level: .warning, message: "a\n2026-11-23T09:08:07.123Z info fine")
        #expect(text(of: line).split(separator: "\n").count == 1)
    }

    @Test("message, values and the number of fields are bounded, and cut between characters")
    func bounds() {
        let long = String(repeating: "é", count: 100_000)
        let fields = (0..<100).map { _ in LogField("key", long) }
        let bytes = LogLine(time: noon, level: .debug, message: "a" + long, fields: fields).rendered
        #expect(bytes.count < 20_000)
        #expect(String(validating: bytes, as: UTF8.self) != nil)
        #expect(text(of: LogLine(time: noon, level: .debug, message: "a" + long)).hasSuffix("é…\n"))
    }

    @Test("levels are known by name, and errors matter most")
    func levels() {
        for level in LogLevel.allCases { #expect(LogLevel(name: level.name) == level) }
        #expect(LogLevel(name: "Info") == nil)
        #expect(LogLevel.allCases.sorted() == [.error, .warning, .info, .debug])
    }

    @Test("a logger writes what its level wants and makes nothing of the rest", arguments: LogLevel.allCases)
    func filtering(level: LogLevel) {
        let written = Written()
        let noon = noon
        let logger = Logger(level: .debug, now: { noon }, sink: written.take).with(level: level)
        var made: [LogLevel] = []
        func message(_ level: LogLevel) -> String {
            made.append(level)
            return "told"
        }
        logger.debug(message(.debug))
        logger.info(message(.info))
        logger.warning(message(.warning))
        logger.error(message(.error))
        let wanted = LogLevel.allCases.filter { $0 <= level }
        #expect(made.sorted() == wanted)
        #expect(written.lines == wanted.reversed().map { "2026-11-23T09:08:07.123Z \($0.name) told\n" })
    }

    private func text(of line: LogLine) -> String { String(decoding: line.rendered, as: UTF8.self) }
}

/// A sink that remembers.
private final class Written: Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    var take: @Sendable ([UInt8]) -> Void {
        { bytes in self.kept.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    }
}
