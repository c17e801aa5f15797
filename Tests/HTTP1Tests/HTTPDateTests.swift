import Bytes
import HTTP1
import Testing

@Suite("Dates in HTTP")
struct HTTPDateTests {
    private func parse(_ text: String) -> Int? { HTTPDate.parse([UInt8](latin1: text).span) }

    private func format(_ seconds: Int) -> String {
        var buffer = ByteBuffer()
        HTTPDate.append(secondsSince1970: seconds, to: &buffer)
        return buffer.span.text
    }

    @Test(
        "a second is written as an IMF-fixdate, and read back",
        arguments: [
            // RFC 9110 §5.6.7; then edges of days, years, leap days and centuries (from `date -u`).
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (86_399, "Thu, 01 Jan 1970 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (1_795_424_887, "Mon, 23 Nov 2026 09:08:07 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ])
    func known(seconds: Int, text: String) {
        #expect(format(seconds) == text)
        #expect(parse(text) == seconds)
    }

    @Test("every day of four centuries is written and read back")
    func roundTrip() {
        for day in 0..<146_097 where day % 7 == 3 || day % 365 < 2 {
            let seconds = day * 86_400 + day % 86_400
            #expect(parse(format(seconds)) == seconds)
        }
    }

    @Test("a date before 1970 has a negative second")
    func before1970() {
        #expect(parse("Wed, 31 Dec 1969 23:59:59 GMT") == -1)
        #expect(parse("Sat, 01 Jan 0000 00:00:00 GMT") == -62_167_219_200)
    }

    @Test(
        "all but exactly one IMF-fixdate of a real day is refused",
        arguments: [
            "", "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 gmt", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "Sun,  6 Nov 1994 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Wed, 30 Feb 1994 08:49:37 GMT", "Thu, 31 Nov 1994 08:49:37 GMT", "Wed, 29 Feb 2023 00:00:00 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT", "Sun, 06 Nov 19x4 08:49:37 GMT", "Sun; 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08-49-37 GMT", "Sun, 06 Nov 1994 08:49:37\u{A0}GMT", "Sun, 06 Nov 1994T08:49:37 GMT",
        ])
    func refused(text: String) {
        #expect(parse(text) == nil)
    }
}
