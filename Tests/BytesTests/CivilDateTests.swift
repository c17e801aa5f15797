import Bytes
import Testing

@Suite("Days of the calendar")
struct CivilDateTests {
    // From `date -u -d @$((DAYS * 86400)) +%F`.
    @Test(
        "a count of days names its date, and back",
        arguments: [
            (0, 1970, 1, 1), (-1, 1969, 12, 31), (11_016, 2000, 2, 29), (11_017, 2000, 3, 1), (20_780, 2026, 11, 23),
            (21_243, 2028, 2, 29), (47_540, 2100, 2, 28), (47_541, 2100, 3, 1), (2_932_896, 9999, 12, 31),
            (-25_567, 1900, 1, 1), (-719_528, 0, 1, 1),
        ])
    func vectors(days: Int, year: Int, month: Int, day: Int) {
        let date = CivilDate(year: year, month: month, day: day)
        #expect(CivilDate(daysSince1970: days) == date)
        #expect(date.daysSince1970 == days)
    }

    @Test("each day follows the one before, through four centuries")
    func everyDay() {
        var (year, month, day) = (1970, 1, 1)
        for days in 0..<146_097 {
            let date = CivilDate(daysSince1970: days)
            #expect(date == CivilDate(year: year, month: month, day: day) && date.daysSince1970 == days)
            day += 1
            if day > daysIn(month: month, of: year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    private func daysIn(month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
