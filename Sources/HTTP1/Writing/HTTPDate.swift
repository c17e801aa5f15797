public import Bytes

/// IMF-fixdate, the one date format that is sent (RFC 9110 §5.6.7): `Mon, 23 Nov 2026 09:08:07 GMT`, always 29 bytes.
public enum HTTPDate {
    /// The length of every date.
    public static let byteCount = 29
    /// The last second that four digits of a year can name.
    private static let lastSecond = 253_402_300_799

    /// The date that is `seconds` after 1970-01-01T00:00:00Z; traps before it and after the year 9999.
    public static func bytes(secondsSince1970 seconds: Int) -> InlineArray<29, UInt8> {
        precondition(seconds >= 0 && seconds <= lastSecond, "a date that HTTP cannot say")
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSince1970: days)
        var text = InlineArray<29, UInt8>(repeating: 0x20)
        put(dayName((days &+ 4) % 7), at: 0, into: &text)
        text[3] = 0x2C
        put(date.day, at: 5, into: &text)
        put(monthName(date.month), at: 8, into: &text)
        put(date.year / 100, at: 12, into: &text)
        put(date.year % 100, at: 14, into: &text)
        put(rest / 3600, at: 17, into: &text)
        text[19] = 0x3A
        put(rest / 60 % 60, at: 20, into: &text)
        text[22] = 0x3A
        put(rest % 60, at: 23, into: &text)
        put((0x47, 0x4D, 0x54), at: 26, into: &text)
        return text
    }

    /// Appends the date that is `seconds` after 1970-01-01T00:00:00Z.
    public static func append(secondsSince1970 seconds: Int, to buffer: inout ByteBuffer) {
        let text = bytes(secondsSince1970: seconds)
        buffer.append(text.span)
    }

    /// The seconds since 1970-01-01T00:00:00Z that `bytes` name, or `nil` unless they are exactly one IMF-fixdate of a
    /// day that exists, with its right weekday.  The second 60 is refused.
    public static func parse(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count == byteCount, bytes[3] == 0x2C, bytes[4] == 0x20, bytes[7] == 0x20, bytes[11] == 0x20,
            bytes[16] == 0x20, bytes[19] == 0x3A, bytes[22] == 0x3A, bytes[25] == 0x20,
            matches((0x47, 0x4D, 0x54), bytes, at: 26),
            let day = number(bytes, at: 5), let century = number(bytes, at: 12), let decade = number(bytes, at: 14),
            let hour = number(bytes, at: 17), let minute = number(bytes, at: 20), let second = number(bytes, at: 23),
            let month = (1...12).first(where: { matches(monthName($0), bytes, at: 8) }),
            hour < 24, minute < 60, second < 60, day >= 1
        else { return nil }
        let days = CivilDate(year: century &* 100 &+ decade, month: month, day: day).daysSince1970
        // A day that does not exist comes back as another one.
        guard CivilDate(daysSince1970: days).day == day, matches(dayName(((days &+ 4) % 7 &+ 7) % 7), bytes, at: 0)
        else { return nil }
        return days &* 86_400 &+ hour &* 3600 &+ minute &* 60 &+ second
    }
}

/// Three letters.
private typealias Letters = (UInt8, UInt8, UInt8)

extension HTTPDate {
    /// 0 is Sunday.
    private static func dayName(_ day: Int) -> Letters {
        switch day {
        case 0: (0x53, 0x75, 0x6E)
        case 1: (0x4D, 0x6F, 0x6E)
        case 2: (0x54, 0x75, 0x65)
        case 3: (0x57, 0x65, 0x64)
        case 4: (0x54, 0x68, 0x75)
        case 5: (0x46, 0x72, 0x69)
        case _: (0x53, 0x61, 0x74)
        }
    }

    /// 1 is January.
    private static func monthName(_ month: Int) -> Letters {
        switch month {
        case 1: (0x4A, 0x61, 0x6E)
        case 2: (0x46, 0x65, 0x62)
        case 3: (0x4D, 0x61, 0x72)
        case 4: (0x41, 0x70, 0x72)
        case 5: (0x4D, 0x61, 0x79)
        case 6: (0x4A, 0x75, 0x6E)
        case 7: (0x4A, 0x75, 0x6C)
        case 8: (0x41, 0x75, 0x67)
        case 9: (0x53, 0x65, 0x70)
        case 10: (0x4F, 0x63, 0x74)
        case 11: (0x4E, 0x6F, 0x76)
        case _: (0x44, 0x65, 0x63)
        }
    }

    private static func put(_ letters: Letters, at offset: Int, into text: inout InlineArray<29, UInt8>) {
        (text[offset], text[offset &+ 1], text[offset &+ 2]) = letters
    }

    /// Two digits.
    private static func put(_ number: Int, at offset: Int, into text: inout InlineArray<29, UInt8>) {
        text[offset] = UInt8(truncatingIfNeeded: 0x30 &+ number / 10)
        text[offset &+ 1] = UInt8(truncatingIfNeeded: 0x30 &+ number % 10)
    }

    private static func matches(_ letters: Letters, _ bytes: Span<UInt8>, at offset: Int) -> Bool {
        letters == (bytes[offset], bytes[offset &+ 1], bytes[offset &+ 2])
    }

    /// Two digits, or `nil`.
    private static func number(_ bytes: Span<UInt8>, at offset: Int) -> Int? {
        guard ASCII.isDigit(bytes[offset]), ASCII.isDigit(bytes[offset &+ 1]) else { return nil }
        return Int(bytes[offset] &- 0x30) &* 10 &+ Int(bytes[offset &+ 1] &- 0x30)
    }
}
