public import Bytes

/// A moment of the calendar, for log lines: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Whoever logs reads the clock and hands the moment over; nothing in this room knows the time.
public struct Timestamp: Equatable, Sendable {
    /// Milliseconds since the epoch, within the years 1970 to 9999.
    public let unixMilliseconds: Int64

    /// The last millisecond of the year 9999, the last that four digits can tell.
    static let latest: Int64 = 253_402_300_799_999

    /// Moments outside the years 1970 to 9999 become the nearest one inside: a log must not fail on a wrong clock.
    public init(unixMilliseconds: Int64) {
        self.unixMilliseconds = min(max(unixMilliseconds, 0), Timestamp.latest)
    }

    /// Appends it as RFC 3339 with milliseconds, in UTC: `2026-11-23T09:08:07.123Z`, always 24 bytes.
    public func append(to buffer: inout ByteBuffer) {
        buffer.append(text.span)
    }

    /// What ``append(to:)`` writes.
    var text: InlineArray<24, UInt8> {
        let (days, inDay) = unixMilliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let date = CivilDate(daysSince1970: Int(days))
        let time = Int(inDay)
        var text = InlineArray<24, UInt8>(repeating: 0x5A)
        put(date.year / 100, 0x2D, at: 0, in: &text)
        put(date.year % 100, 0x2D, at: 2, in: &text)
        put(date.month, 0x2D, at: 5, in: &text)
        put(date.day, 0x54, at: 8, in: &text)
        put(time / 3_600_000, 0x3A, at: 11, in: &text)
        put(time / 60_000 % 60, 0x3A, at: 14, in: &text)
        put(time / 1000 % 60, 0x2E, at: 17, in: &text)
        putMilliseconds(time % 1000, in: &text)
        return text
    }

    fileprivate func putMilliseconds(_ milliseconds: Int, in text: inout InlineArray<24, UInt8>) {
        text[20] = digit(milliseconds / 100)
        text[21] = digit(milliseconds / 10 % 10)
        text[22] = digit(milliseconds % 10)
    }

    /// Two digits and the mark behind them.
    private func put(_ number: Int, _ mark: UInt8, at offset: Int, in text: inout InlineArray<24, UInt8>) {
        text[offset] = digit(number / 10)
        text[offset &+ 1] = digit(number % 10)
        text[offset &+ 2] = mark
    }
}

/// The text of the last ``Timestamp`` asked for: of the next one, most often only the milliseconds differ.
public struct TimestampText: Sendable {
    private var second: Int64 = -1
    private var text = InlineArray<24, UInt8>(repeating: 0x5A)

    /// The text of no moment yet.
    public init() {}

    /// Appends what ``Timestamp/append(to:)`` would.
    public mutating func append(_ time: Timestamp, to buffer: inout ByteBuffer) {
        let (second, milliseconds) = time.unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        if second == self.second {
            time.putMilliseconds(Int(milliseconds), in: &text)
        } else {
            (self.second, text) = (second, time.text)
        }
        buffer.append(text.span)
    }
}

/// The digit of 0 to 9.
func digit(_ number: Int) -> UInt8 { UInt8(truncatingIfNeeded: 0x30 &+ number) }
