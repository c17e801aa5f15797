import FoundationEssentials
import Testing

@testable import Emulator

@Suite("Phone Numbers")
struct PhoneNumbersTests {
    private struct Page: Decodable {
        struct Number: Decodable { var id, phoneNumber, purchaseDate: String }
        var phoneNumbers: [Number]
        var nextLink: String?
    }

    private func page(_ resource: inout EmulatedResource, _ target: String) throws -> Page {
        let answer = resource.answer(to: signedRequest("GET", target))
        #expect(answer.status == 200)
        return try JSONDecoder().decode(Page.self, from: Data(answer.body))
    }

    @Test("the inventory comes in three pages with relative links") func pages() throws {
        var resource = testResource()
        var numbers: [String] = []
        var sizes: [Int] = []
        var next: String? = "/phoneNumbers?skip=0&top=100&api-version=2025-06-01"
        while let target = next {
            let page = try page(&resource, target)
            sizes.append(page.phoneNumbers.count)
            numbers += page.phoneNumbers.map(\.phoneNumber)
            next = page.nextLink
            #expect(next?.utf8.starts(with: "/phoneNumbers?".utf8) != false)
        }
        #expect(sizes == [10, 10, 5])
        #expect(Set(numbers).count == 25)
    }

    @Test(
        "skip and top count",
        arguments: [
            ("skip=0&top=3", 3, "/phoneNumbers?skip=3&top=3&api-version=2025-06-01"),
            ("skip=20", 5, nil), ("skip=15", 10, nil),
            ("skip=14", 10, "/phoneNumbers?skip=24&top=100&api-version=2025-06-01"),
            ("skip=25", 0, nil), ("skip=999999999", 0, nil),
            ("top=100", 10, "/phoneNumbers?skip=10&top=100&api-version=2025-06-01"),
        ])
    func window(_ query: String, _ count: Int, _ next: String?) throws {
        var resource = testResource()
        let page = try page(&resource, "/phoneNumbers?\(query)&api-version=2025-06-01")
        #expect(page.phoneNumbers.count == count)
        #expect(page.nextLink == next)
    }

    @Test(
        "skip and top are numbers", arguments: ["skip=-1", "skip=x", "top=0", "top=", "top=1&top=2", "skip=9999999999"])
    func wrongWindow(_ query: String) {
        var resource = testResource()
        #expect(
            resource.answer(to: signedRequest("GET", "/phoneNumbers?\(query)&api-version=2025-06-01")).status == 400)
    }

    @Test("a number is found however its plus is written") func number() {
        var resource = testResource()
        for spelling in ["%2B14255550123", "%2b14255550123", "+14255550123"] {
            let answer = resource.answer(
                to: signedRequest("GET", "/phoneNumbers/\(spelling)?api-version=2025-06-01"))
            #expect(answer.status == 200)
            #expect(answer.string("phoneNumber") == "+14255550123")
            #expect(answer.string("id") == "14255550123")
        }
        for unknown in ["14255550123", "%2B14255550199", "%252B14255550123"] {
            let answer = resource.answer(to: signedRequest("GET", "/phoneNumbers/\(unknown)?api-version=2025-06-01"))
            #expect(answer.status == 404)
        }
    }
}
