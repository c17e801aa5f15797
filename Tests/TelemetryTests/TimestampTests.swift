import Bytes
import Telemetry
import Testing

@Suite("A moment in a log line")
struct TimestampTests {
    // From `date -u -d @SECONDS +%FT%T`.
    @Test(
        "it is told as RFC 3339 in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_078_012_800_000, "2004-02-29T00:00:00.000Z"),
            (1_795_424_887_123, "2026-11-23T09:08:07.123Z"),
            (1_798_761_599_000, "2026-12-31T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func rendering(milliseconds: Int64, expected: String) {
        #expect(text(of: Timestamp(unixMilliseconds: milliseconds)) == expected)
    }

    @Test("a clock that is wrong beyond four digits still gives a line")
    func clamping() {
        #expect(text(of: Timestamp(unixMilliseconds: -1)) == "1970-01-01T00:00:00.000Z")
        #expect(text(of: Timestamp(unixMilliseconds: .max)) == "9999-12-31T23:59:59.999Z")
        #expect(text(of: Timestamp(unixMilliseconds: .min)) == "1970-01-01T00:00:00.000Z")
    }

    private func text(of moment: Timestamp) -> String {
        var buffer = ByteBuffer()
        moment.append(to: &buffer)
        return buffer.span.text
    }
}
