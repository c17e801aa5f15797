internal import FoundationEssentials
internal import HTTP1

/// A point of time as the service writes it into its answers.
struct ServiceTime {
    /// As `2026-11-23T09:08:07.0000000+00:00`: seven digits of fraction.
    let iso8601: String

    /// The point so many seconds after 1970 began, UTC.
    init(secondsSince1970 seconds: Int) {
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        iso8601 = "\(text.dropLast()).0000000+00:00"
    }

    /// As `20261123090807`.
    var digits: String { iso8601.prefix(19).filter { $0.isNumber } }

    /// As Entra writes it: `2026-11-23 09:08:07Z`.
    var entra: String { "\(iso8601.prefix(10)) \(iso8601.dropFirst(11).prefix(8))Z" }

    /// Seconds since 1970 of an IMF-fixdate, or `nil` when `text` is not exactly one.
    static func seconds(ofIMFFixdate text: String) -> Int? { HTTPDate.parse(text.utf8.span) }
}
