import Testing

@testable import acs_gateway

@Suite("A URL that is signed")
struct RequestURLTests {
    @Test(
        "its host is told as `Host` tells it, its target kept byte for byte",
        arguments: [
            ("https://Contoso.communication.azure.com/sms?a=1", "contoso.communication.azure.com", "/sms?a=1"),
            ("https://acs.test:443/x", "acs.test", "/x"), ("http://acs.test:443/x", "acs.test:443", "/x"),
            ("http://[::1]:8080/x", "[::1]:8080", "/x"), ("https://acs.test", "acs.test", "/"),
            ("https://acs.test?x=1", "acs.test", "/?x=1"), ("https://acs.test/x?", "acs.test", "/x"),
            ("https://acs.test/x??", "acs.test", "/x??"), ("https://acs.test/x?y?", "acs.test", "/x?y?"),
            ("https://acs.test/x#y?z", "acs.test", "/x"), ("https://acs.test#y", "acs.test", "/"),
            ("https://acs.test//a/%2B:@;b?u=https://h/p", "acs.test", "//a/%2B:@;b?u=https://h/p"),
        ])
    func parts(text: String, host: String, target: String) throws {
        let url = try RequestURL(text)
        #expect(url.host == host && url.target == target)
    }

    @Test(
        "what is none is told",
        arguments: [
            ("acs.test/x", "URL has no scheme; write `https://` in front"),
            ("ftp://acs.test/x", "URL has a scheme that is not spoken; it takes `https://` or `http://`"),
            ("https://user@acs.test/", "URL has a user name in it; leave all before the `@` out"),
            ("https:///x", "URL has no proper host; a host is a name, an IPv4 address or an IPv6 address in brackets"),
            ("https://acs.test/a b", "URL has a blank or a character that is not ASCII; percent-encode it"),
            ("https://acs.test/é", "URL has a blank or a character that is not ASCII; percent-encode it"),
            ("https://acs.test/\r\n", "URL has a blank or a character that is not ASCII; percent-encode it"),
        ])
    func mistakes(text: String, message: String) {
        #expect(throws: UsageError(message)) { try RequestURL(text) }
    }
}
