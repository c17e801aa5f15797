/// Checks the signature of a request over the bytes that an origin got, as the service would.
///
/// Source: Azure Communication Services REST reference, "Authentication", "Signing an HTTP Request".
public struct AccessKeyCheck: Sendable {
    /// The key's bytes.
    public var key: [UInt8]

    /// Checks with the key that `text` spells in base64; traps when it is none, which is the test's own mistake.
    public init(base64 text: String) {
        guard let key = Base64.decode(text) else { preconditionFailure("not base64: \(text)") }
        self.key = key
    }

    /// What is wrong with the authorization of `request`; `nil` when it is right.
    ///
    /// - Parameter now: seconds since 1970; the date may be 15 minutes off.
    public func problem(with request: StrictRequest, now: Int = wallClockSeconds()) -> String? {
        let head = request.head
        guard let host = head.only("host"), let date = head.only("x-ms-date") else {
            return "`host` or `x-ms-date` is missing or stands twice"
        }
        guard let digest = head.only("x-ms-content-sha256"), let authorization = head.only("authorization") else {
            return "`x-ms-content-sha256` or `authorization` is missing or stands twice"
        }
        guard (0...900).contains(where: { imfFixdate(now - $0) == date || imfFixdate(now + $0) == date }) else {
            return "a date that is garbled or too far away: \(date)"
        }
        guard digest == Base64.encode(ReferenceDigest.sha256(request.body.content)) else {
            return "`x-ms-content-sha256` is not the body's"
        }
        let expected = Self.authorization(
            key: key, method: request.method, target: request.target, date: date, host: host, digest: digest)
        return authorization == expected ? nil : "the signature does not verify: \(authorization)"
    }

    /// True when `request` was signed with this key.
    public func isSignature(of request: StrictRequest) -> Bool { problem(with: request) == nil }

    /// The `authorization` value for these parts.
    public static func authorization(
        key: [UInt8], method: String, target: String, date: String, host: String, digest: String
    ) -> String {
        let text = "\(method)\n\(target)\n\(date);\(host);\(digest)"
        let signature = Base64.encode(ReferenceDigest.hmac(key: key, text.latin1))
        return "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=\(signature)"
    }
}

/// A moment (seconds since 1970) as HTTP writes it: RFC 9110 §5.6.7.
public func imfFixdate(_ seconds: Int) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400)
    // Days since 1 March of year 0, in eras of 400 years: the leap day is the last of its year.
    let shifted = days + 719_468
    let (era, ofEra) = (shifted / 146_097, shifted % 146_097)
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * ofYear + 2) / 153
    let day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = (shiftedMonth + 2) % 12
    let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days % 7]
    let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month]
    let clock = [second / 3600, second / 60 % 60, second % 60].map(twoDigits).joined(separator: ":")
    return "\(weekday), \(twoDigits(day)) \(name) \(year) \(clock) GMT"
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
