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
        let (days, inDay) = unixMilliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let date = CivilDate(daysSince1970: Int(days))
        let time = Int(inDay)
        buffer.append(padded: date.year, digits: 4)
        buffer.append(0x2D)
        buffer.append(padded: date.month, digits: 2)
        buffer.append(0x2D)
        buffer.append(padded: date.day, digits: 2)
        buffer.append(0x54)
        buffer.append(padded: time / 3_600_000, digits: 2)
        buffer.append(0x3A)
        buffer.append(padded: time / 60_000 % 60, digits: 2)
        buffer.append(0x3A)
        buffer.append(padded: time / 1000 % 60, digits: 2)
        buffer.append(0x2E)
        buffer.append(padded: time % 1000, digits: 3)
        buffer.append(0x5A)
    }
}

extension ByteBuffer {
    /// Appends the last `digits` decimal digits of `number`, zeros in front.
    mutating func append(padded number: Int, digits: Int) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            append(UInt8(truncatingIfNeeded: 0x30 + number / unit % 10))
            unit /= 10
        }
    }
}
