internal import Bytes

/// A point in time taken apart into the proleptic Gregorian calendar, UTC.
///
/// The day arithmetic is Howard Hinnant's ("chrono-Compatible Low-Level Date Algorithms", `civil_from_days` and back).
struct CivilTime: Equatable {
    let year, month, day, hour, minute, second: Int
    /// 0 is Sunday.
    let weekday: Int

    /// The calendar's view of a number of seconds since 1970 UTC.
    init(secondsSince1970 seconds: Int) {
        let days = (seconds - Self.remainder(seconds, 86_400)) / 86_400
        let ofDay = seconds - days * 86_400
        let shifted = days + 719_468
        let era = (shifted - Self.remainder(shifted, 146_097)) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        (hour, minute, second) = (ofDay / 3600, ofDay / 60 % 60, ofDay % 60)
        weekday = Self.remainder(days + 4, 7)
    }

    /// Seconds since 1970 UTC of an IMF-fixdate such as `Mon, 23 Nov 2026 09:08:07 GMT` (RFC 9110 §5.6.7), or `nil`.
    ///
    /// Only the one spelling that names a real point counts: two-digit day, English names, the right weekday, no leap
    /// second.  So a date is read by writing each candidate: what does not come back byte for byte is not one.
    static func seconds(ofIMFFixdate text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29,
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]), let hour = number(bytes[17..<19]),
            let minute = number(bytes[20..<22]), let second = number(bytes[23..<25]),
            let month = months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let candidate =
            days(year: year, month: month + 1, day: day) * 86_400 + hour * 3600 + minute * 60 + second
        return CivilTime(secondsSince1970: candidate).imfFixdate == text ? candidate : nil
    }

    /// As `Mon, 23 Nov 2026 09:08:07 GMT`.
    var imfFixdate: String {
        "\(Self.weekdays[weekday]), \(padded(day, 2)) \(Self.months[month - 1]) \(padded(year, 4)) \(clock) GMT"
    }

    /// As `2026-11-23T09:08:07.0000000+00:00`: seven digits, as the service writes them.
    var iso8601: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock).0000000+00:00"
    }

    /// As `20261123090807`.
    var digits: String {
        padded(year, 4) + padded(month, 2) + padded(day, 2) + padded(hour, 2) + padded(minute, 2) + padded(second, 2)
    }

    private var clock: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy(ASCII.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Days from 1970-01-01; a day outside its month lands in another, which the caller notices.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year - remainder(year, 400)) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The remainder that is never negative.
    private static func remainder(_ value: Int, _ divisor: Int) -> Int {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
    }
}

/// `number` in decimal with leading zeros up to `width` digits.
private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
