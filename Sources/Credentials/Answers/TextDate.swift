internal import Bytes

/// The dates that Azure Machine Learning writes as the end of a token's life.
///
/// `06/20/2019 02:57:58 +00:00` on Linux, `1/16/2020 5:24:12 AM +00:00` on Windows: month, day and year, then the time
/// and the zone (azure-identity, `azure_ml.py`).
enum TextDate {
    /// Seconds since 1970, UTC; `nil` for anything else, and for a day that does not exist.
    static func parse(_ text: String) -> Int? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard (3...4).contains(words.count),
            let days = days(words[0]),
            let time = seconds(words[1], half: words.count == 4 ? words[2] : nil),
            let zone = words.last.flatMap(zone)
        else { return nil }
        return days * 86_400 + time - zone
    }

    private static func days(_ text: Substring) -> Int? {
        guard let parts = numbers(text, separator: "/"), parts.count == 3,
            1...12 ~= parts[0], 1...31 ~= parts[1], 1970...9999 ~= parts[2]
        else { return nil }
        let date = CivilDate(year: parts[2], month: parts[0], day: parts[1])
        // A day that does not exist comes back as another one.
        return CivilDate(daysSince1970: date.daysSince1970) == date ? date.daysSince1970 : nil
    }

    private static func seconds(_ text: Substring, half: Substring?) -> Int? {
        guard let parts = numbers(text, separator: ":"), parts.count == 3, parts[1] < 60, parts[2] < 60 else {
            return nil
        }
        let rest = parts[1] * 60 + parts[2]
        switch half {
        case nil: return parts[0] < 24 ? parts[0] * 3_600 + rest : nil
        case "AM"?: return 1...12 ~= parts[0] ? parts[0] % 12 * 3_600 + rest : nil
        case "PM"?: return 1...12 ~= parts[0] ? (parts[0] % 12 + 12) * 3_600 + rest : nil
        case _: return nil
        }
    }

    /// Seconds east of UTC.
    private static func zone(_ text: Substring) -> Int? {
        guard let sign = text.first, sign == "+" || sign == "-", let parts = numbers(text.dropFirst(), separator: ":"),
            parts.count == 2, parts[0] < 15, parts[1] < 60
        else { return nil }
        return (parts[0] * 3_600 + parts[1] * 60) * (sign == "-" ? -1 : 1)
    }

    /// Numbers of one to four digits.
    private static func numbers(_ text: Substring, separator: Character) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            (1...4).contains(part.utf8.count) && part.utf8.allSatisfy(ASCII.isDigit) ? Int(part) : nil
        }
        return numbers.count == parts.count ? numbers : nil
    }
}
