import ConfigDSL
import Testing

@Suite("Durations and sizes")
struct QuantityTests {
    @Test(
        "durations",
        arguments: [
            ("1ms", .milliseconds(1)), ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("1h", .seconds(3600)), ("24h", .seconds(86400)), ("86400000ms", .seconds(86400)), ("090s", .seconds(90)),
        ] as [(String, Duration)])
    func durations(text: String, duration: Duration) throws {
        #expect(try Duration.parse(Scalar(literal: text)) == duration)
    }

    @Test(
        "sizes",
        arguments: [
            ("0B", 0), ("512B", 512), ("64KiB", 65536), ("12MiB", 12_582_912), ("1GiB", 1_073_741_824),
            ("4398046511104B", 1 << 42),
        ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try ByteSize.parse(within: 0...(1 << 42))(Scalar(literal: text)) == bytes)
    }

    @Test(
        "what was meant",
        arguments: [
            ("30", "`30s`"), ("30000", "`30000ms`"), ("30 s", "`30s`"), ("30S", "`30s`"), ("30 Sec", "`30s`"),
            ("5min", "`5m`"), ("2hours", "`2h`"), ("1d", "`24h`"), ("1.5h", "`90m`"), ("0.5s", "`500ms`"),
            ("0.001s", "`1ms`"),
        ])
    func durationMeant(text: String, meant: String) {
        let error = #expect(throws: ValueError.self) { try Duration.parse(Scalar(literal: text)) }
        #expect(error?.help == "did you mean \(meant)?")
    }

    @Test(
        "what size was meant",
        arguments: [
            ("12", "`12KiB` or `12MiB`"), ("262144", "`256KiB`"), ("12MB", "`12MiB`"), ("12 mib", "`12MiB`"),
            ("64k", "`64KiB`"), ("1.5GB", "`1536MiB`"), ("100bytes", "`100B`"), ("1TiB", "`1024GiB`"),
        ])
    func sizeMeant(text: String, meant: String) {
        let error = #expect(throws: ValueError.self) { try ByteSize.parse(within: 0...1)(Scalar(literal: text)) }
        #expect(error?.help == "did you mean \(meant)?")
    }

    @Test(
        "nothing is guessed where nothing can be, however large",
        arguments: [
            "", "s", "fast", "-3s", "+3s", "1h30m", "1.s", ".5s", "1.2345s", "3s3", "٣s", "1e3s", "0x10s",
            "99999999999999999999999s", "9223372036854775807h", "4503599627370495.999h", "1s\u{0}", "∞",
        ])
    func nothingMeant(text: String) {
        for parse in [Duration.parse(within: 1...86_400_000)] {
            let error = #expect(throws: ValueError.self) { try parse(Scalar(literal: text)) }
            #expect(error?.help?.hasPrefix("did you mean") != true)
        }
        #expect(throws: ValueError.self) { try ByteSize.parse(within: 0...1)(Scalar(literal: text)) }
    }

    @Test("bounds are told in the largest unit that fits")
    func bounds() {
        let error = #expect(throws: ValueError.self) {
            try ByteSize.parse(within: 1000...(3 << 20))(Scalar(literal: "4MiB"))
        }
        #expect(error == ValueError(.outOfRange, "is too large", help: "it takes `1000B` to `3MiB`"))
    }
}
