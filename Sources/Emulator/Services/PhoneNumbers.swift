internal import Bytes

/// Phone Numbers: a fixed inventory, in three pages.
///
/// Source: azure-rest-api-specs, `PhoneNumbers/stable/2025-06-01`.
struct PhoneNumbers {
    /// The most that one page holds, whatever `top` asks for.
    static let pageSize = 10
    /// From the range that is set aside for fiction: 25 numbers, +1 425 555 0100 and following.
    static let inventory = (100..<125).map { PhoneNumber("+14255550\($0)") }

    /// `GET /phoneNumbers?skip&top`: 200 with a page and, but for the last, a relative `nextLink`.
    func list(_ target: EmulatedTarget, apiVersion: String) throws(ServiceError) -> EmulatedAnswer {
        let skip = try Self.number(target.parameter("skip"), named: "skip") ?? 0
        let top = try Self.number(target.parameter("top"), named: "top") ?? 100
        guard top > 0 else { throw .badRequest("`top` must be at least 1.") }
        let rest = Self.inventory.dropFirst(skip)
        let page = rest.prefix(min(top, Self.pageSize))
        var answer = Page(phoneNumbers: Array(page))
        if page.count < rest.count {
            answer.nextLink = "/phoneNumbers?skip=\(skip + page.count)&top=\(top)&api-version=\(apiVersion)"
        }
        return EmulatedAnswer(status: 200, json: answer)
    }

    /// `GET /phoneNumbers/{number}`: 200 with that number.
    func number(_ text: String) throws(ServiceError) -> EmulatedAnswer {
        guard let number = Self.inventory.first(where: { $0.phoneNumber == text }) else { throw .notFound }
        return EmulatedAnswer(status: 200, json: number)
    }

    private static func number(_ text: String?, named name: String) throws(ServiceError) -> Int? {
        guard let text else { return nil }
        // Nine digits at most: no sum overflows.
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit), let number = Int(text) else {
            throw .badRequest("`\(name)` is not a number.")
        }
        return number
    }

    private struct Page: Encodable {
        var phoneNumbers: [PhoneNumber]
        var nextLink: String?
    }
}

/// One number of the inventory, as the service shows it.
struct PhoneNumber: Encodable {
    let id: String
    let phoneNumber: String
    let countryCode = "US"
    let phoneNumberType = "geographic"
    let assignmentType = "application"
    let capabilities = Capabilities()
    let purchaseDate = "2026-01-05T08:00:00.0000000+00:00"
    let cost = Cost()

    /// The number written `+1…`.
    init(_ phoneNumber: String) {
        self.phoneNumber = phoneNumber
        id = String(phoneNumber.dropFirst())
    }

    /// What it can do.
    struct Capabilities: Encodable {
        let calling = "inbound+outbound"
        let sms = "inbound+outbound"
    }

    /// What it costs.
    struct Cost: Encodable {
        let amount = 0.8
        let currencyCode = "USD"
        let billingFrequency = "monthly"
    }

    /// `+`, then 7 to 15 digits that do not begin with 0 (ITU-T E.164, without its spaces).
    static func isE164(_ text: String) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.utf8.first == UInt8(ascii: "+") && (7...15).contains(digits.count)
            && digits.allSatisfy(ASCII.isDigit) && digits.first != UInt8(ascii: "0")
    }
}
