import Support
import Testing

@testable import Proxy

@Suite("Credentials in a query (CR-5)")
struct QueryRulesTests {
    private func holdsCredential(_ query: String) -> Bool { QueryRules.holdsCredential(Array(query.utf8).span) }

    @Test("each name is known", arguments: ["subscription-key", "api-key", "access_token", "sig", "code"])
    func names(name: String) {
        #expect(holdsCredential(name))
        #expect(holdsCredential("\(name)="))
        #expect(holdsCredential("\(name)=x"))
        #expect(holdsCredential("\(name)=x=y&z"))
        #expect(holdsCredential("api-version=1&\(name)=x"))
        #expect(holdsCredential("&&a=b&\(name)"))
        #expect(holdsCredential("a&\(name)=x&b"))
        #expect(holdsCredential(name.uppercased()))
        // Each of its bytes, encoded.
        for index in name.indices {
            let byte = String(name.utf8[index], radix: 16)
            let spelled = name[..<index] + "%\(byte)" + name[name.index(after: index)...]
            #expect(holdsCredential(spelled + "=x"))
            #expect(holdsCredential("a=b&" + spelled.uppercased()))
        }
        #expect(holdsCredential(name.utf8.map { "%" + String($0, radix: 16) }.joined()))
    }

    @Test(
        "nothing else is taken for one",
        arguments: [
            "", "&", "=", "=sig", "a=sig", "a=code=sig", "sigx=1", "xsig=1", "sig2", "api_key=1", "access-token=1",
            "subscription-keys=1", "asubscription-key", "codes", "code%00", "sig%20=1", "+sig=1", "sig+=1", "%73ig%",
            "s%69%", "si%6", "%2573ig=1", "si%67%67", "api-version=2023-03-31", "a=1&b=2&c=sig&api-versions=code",
            "maxpagesize=10&skip=0", "?sig", "//sig=",
        ])
    func others(query: String) { #expect(!holdsCredential(query)) }

    @Test("a long key is read to its end")
    func long() {
        #expect(!holdsCredential(String(repeating: "sig", count: 1000) + "=x"))
        #expect(holdsCredential(String(repeating: "a", count: 3000) + "=x&sig=1"))
        #expect(!holdsCredential("subscription-key" + String(repeating: "%61", count: 1000)))
    }
}
