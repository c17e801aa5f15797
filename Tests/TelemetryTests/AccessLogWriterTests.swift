import Bytes
import Telemetry
import Testing

@Suite("The access log")
struct AccessLogWriterTests {
    private let noon = Timestamp(unixMilliseconds: 1_795_424_887_123)
    private let opening = "{\"time\":\"2026-11-23T09:08:07.123Z\""

    @Test("a line with every field is one JSON object and a line feed")
    func everyField() {
        var lines = ByteBuffer()
        let line = AccessLogWriter(at: noon, in: &lines)
        line.path(ofTarget: Array("/sms?api-version=1&secret=x".utf8).span, in: &lines)
        for field in AccessLogText.allCases { line.text(field, Array("v".utf8).span, in: &lines) }
        for field in AccessLogNumber.allCases { line.number(field, 7, in: &lines) }
        for field in AccessLogDuration.allCases { line.duration(field, nanoseconds: 1_042_999, in: &lines) }
        line.end(in: &lines)
        #expect(
            lines.span.text == opening + #","path":"/sms","method":"v","route":"v","resource":"v","listener":"v""#
                + #","caller":"v","peer":"v","request_id":"v","client_request_id":"v","upstream_request_id":"v""#
                + #","reason":"v","revision":"v","status":7,"request_bytes":7,"response_bytes":7,"attempts":7"#
                + #","generation":7,"total_ms":1.042,"upstream_ms":1.042}"# + "\n")
    }

    @Test(
        "any byte of a text becomes printable ASCII that JSON reads back as Latin-1",
        arguments: [
            ([0x61, 0x62], "ab"), ([0x22], "\\\""), ([0x5C], "\\\\"), ([0x2F], "/"), ([0x20, 0x7E], " ~"),
            ([0x00], "\\u0000"), ([0x0A], "\\u000a"), ([0x0D, 0x0A], "\\u000d\\u000a"), ([0x1B], "\\u001b"),
            ([0x7F], "\\u007f"), ([0x80], "\\u0080"), ([0xFF], "\\u00ff"),
            // Valid UTF-8 (é, U+2028) gets no rule of its own.
            ([0xC3, 0xA9], "\\u00c3\\u00a9"), ([0xE2, 0x80, 0xA8], "\\u00e2\\u0080\\u00a8"),
            ([0x61, 0x0A, 0x62, 0x63], "a\\u000abc"),
        ] as [([UInt8], String)])
    func escaping(bytes: [UInt8], expected: String) {
        #expect(line { $0.text(.clientRequestID, bytes.span, in: &$1) } == ",\"client_request_id\":\"\(expected)\"")
    }

    @Test("each of the 256 bytes is escaped or printable, never a raw control")
    func allBytes() {
        var lines = ByteBuffer()
        for byte in UInt8.min...UInt8.max {
            lines.clear()
            lines.append(jsonText: [byte].span, limit: 8)
            #expect(lines.span.array.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            let printable = byte >= 0x20 && byte < 0x7F
            #expect(lines.count == (byte == 0x22 || byte == 0x5C ? 2 : printable ? 1 : 6))
        }
    }

    @Test("each byte is escaped alike, wherever it stands")
    func everyPlace() {
        var alone = ByteBuffer()
        var amid = ByteBuffer()
        for byte in UInt8.min...UInt8.max {
            alone.clear()
            alone.append(jsonText: [byte].span, limit: 8)
            for place in 0..<18 {
                var text = [UInt8](repeating: 0x61, count: 18)
                text[place] = byte
                amid.clear()
                amid.append(jsonText: text.span, limit: 18)
                let expected = text[..<place] + alone.span.array + text[(place + 1)...]
                #expect(amid.span.array == Array(expected))
            }
        }
    }

    @Test(
        "a path is logged without its query, and never with a password",
        arguments: [
            ("/sms", "/sms"), ("/", "/"), ("/sms?x", "/sms"), ("/sms?", "/sms"), ("//a//b", "//a//b"),
            ("/identities/8%3Aacs%3A1/:issueAccessToken?api-version=1", "/identities/8%3Aacs%3A1/:issueAccessToken"),
            ("/a#b?c", "/a"), ("*", "*"), ("?x", nil), ("", nil),
            ("http://gw/sms?x", "/sms"), ("http://user:word@gw:80/sms", "/sms"), ("http://user:word@gw", nil),
            ("http://user:word@gw?/x", nil), ("user:word@gw:443", nil), ("user:/word", nil), (":", nil),
            ("gw:443", nil), ("x", nil),
        ] as [(String, String?)])
    func paths(target: String, expected: String?) {
        let written = line { $0.path(ofTarget: Array(target.utf8).span, in: &$1) }
        #expect(written == (expected.map { ",\"path\":\"\($0)\"" } ?? ""))
    }

    @Test("what a peer sends cannot make a line long")
    func limits() {
        let long = [UInt8](repeating: 0x2F, count: 100_000)
        let text = line { $0.text(.method, long.span, in: &$1) }
        #expect(text == ",\"method\":\"\(String(repeating: "/", count: AccessLogWriter.textLimitBytes))\\u2026\"")
        let path = line { $0.path(ofTarget: long.span, in: &$1) }
        #expect(path == ",\"path\":\"\(String(repeating: "/", count: AccessLogWriter.pathLimitBytes))\\u2026\"")
    }

    @Test("an empty text is left out")
    func emptyText() {
        #expect(line { $0.text(.caller, [UInt8]().span, in: &$1) } == "")
    }

    @Test(
        "durations are milliseconds with microseconds behind the point",
        arguments: [
            (0, "0.000"), (999, "0.000"), (1000, "0.001"), (1_000_000, "1.000"), (12_345_678, "12.345"),
            (300_000_000_000, "300000.000"), (-5, "0.000"), (Int.max, "9223372036854.775"),
        ])
    func durations(nanoseconds: Int, expected: String) {
        #expect(line { $0.duration(.total, nanoseconds: nanoseconds, in: &$1) } == ",\"total_ms\":\(expected)")
    }

    @Test("fields rendered once are what they would be if written each time")
    func constants() {
        let constants = AccessLogConstants([(.route, "sms"), (.resource, "con\"toso"), (.revision, "")])
        #expect(line { $0.constants(constants, in: &$1) } == #","route":"sms","resource":"con\"toso""#)
        let numbered = AccessLogConstants([(.revision, "v1")], numbers: [(.generation, 2)])
        #expect(line { $0.constants(numbered, in: &$1) } == #","generation":2,"revision":"v1""#)
    }

    @Test("lines follow one another in one buffer")
    func severalLines() {
        var lines = ByteBuffer()
        for status in [200, 404] {
            let line = AccessLogWriter(at: noon, in: &lines)
            line.number(.status, status, in: &lines)
            line.end(in: &lines)
        }
        #expect(lines.span.text == "\(opening),\"status\":200}\n\(opening),\"status\":404}\n")
    }

    /// What `write` adds to a line.
    private func line(_ write: (borrowing AccessLogWriter, inout ByteBuffer) -> Void) -> String {
        var lines = ByteBuffer()
        let line = AccessLogWriter(at: noon, in: &lines)
        write(line, &lines)
        line.end(in: &lines)
        let text = lines.span.text
        #expect(text.hasPrefix(opening) && text.hasSuffix("}\n"))
        return String(text.dropFirst(opening.count).dropLast(2))
    }
}
