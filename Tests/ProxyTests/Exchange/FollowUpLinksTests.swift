import Bytes
import Support
import Testing

@testable import Proxy

/// `link` as the client of a gateway at `base` sees it.
private func rewritten(
    _ link: String, host: String = "contoso.communication.azure.com", base: String = "http://gw:8080",
    stripped: String = "", added: String = ""
) -> String {
    let links = FollowUpLinks(host: host)
    var buffer = ByteBuffer()
    links.write(
        link.latin1.span, base: base.latin1.span,
        rewrite: FollowUpLinks.Rewrite(strippedPrefix: stripped.latin1, addedPrefix: added.latin1), into: &buffer)
    return String(latin1: buffer.span.array)
}

@Suite("Links in an answer (ACS surface, section 2)")
struct FollowUpLinksTests {
    @Test(
        "the resource's own are pointed at the gateway, whatever their scheme and port (rule 2)",
        arguments: [
            "https://contoso.communication.azure.com", "http://contoso.communication.azure.com",
            "HTTPS://Contoso.Communication.Azure.COM", "https://contoso.communication.azure.com:443",
            "https://contoso.communication.azure.com:8443", "https://contoso.communication.azure.com:",
            "//contoso.communication.azure.com",
            // With one region label.
            "https://contoso.westus.communication.azure.com", "https://contoso.x.communication.azure.com:1",
            // The other spelling, and the other cloud.
            "https://contoso.communications.azure.com", "https://contoso.westus.communications.azure.com",
            "https://contoso.communication.azure.us", "https://CONTOSO.usgov.communication.azure.us",
            "wss://contoso.communication.azure.com", "a+b-c.1://contoso.communication.azure.com",
        ])
    func own(origin: String) {
        #expect(rewritten(origin + "/a") == "http://gw:8080/a")
        #expect(
            rewritten(origin + "//emails/operations/1?api-version=2&x=%2F+")
                == "http://gw:8080//emails/operations/1?api-version=2&x=%2F+")
        #expect(rewritten(origin + "/8:acs:a@b+c/%41%2f;x#f?") == "http://gw:8080/8:acs:a@b+c/%41%2f;x#f?")
        #expect(rewritten(origin) == "http://gw:8080/")
        #expect(rewritten(origin + "?a=b") == "http://gw:8080/?a=b")
    }

    @Test(
        "all others are left as they came (rule 2)",
        arguments: [
            "https://fabrikam.communication.azure.com/a", "https://evil.example/a", "http://evil.example:80/",
            "https://contoso.communication.azure.com.evil.example/a", "https://evilcontoso.communication.azure.com/",
            "https://contoso-evil.communication.azure.com/", "https://contosocommunication.azure.com/",
            "https://contoso.a.b.communication.azure.com/", "https://contoso..communication.azure.com/",
            "https://contoso.azure.com/", "https://communication.azure.com/", "https://contoso/",
            "https://.communication.azure.com/", "https://contoso.evilcommunication.azure.com/",
            "https://contoso.westus.communication.azure.de/", "https://contoso.communications.azure.us/",
            "https://contoso.communication.azure.com./a",
            // User information: what stands before `@` is no host.
            "https://contoso.communication.azure.com@evil.example/a", "https://u@contoso.communication.azure.com/a",
            "https://u:p@contoso.communication.azure.com/", "https://contoso.communication.azure.com:80@evil.example/",
            "https://contoso.communication.azure.com\\@evil.example/", "https://contoso.communication.azure.com\\evil/",
            "https://evil.example/https://contoso.communication.azure.com/",
            "https://evil.example?https://contoso.communication.azure.com/", "https:///contoso.communication.azure.com",
            "https:/contoso.communication.azure.com/", "https:contoso.communication.azure.com/", "https://",
            "://contoso.communication.azure.com/", "1http://contoso.communication.azure.com/",
            "ht tp://contoso.communication.azure.com/", " https://contoso.communication.azure.com/",
            "contoso.communication.azure.com/a", "mailto:a@b", "", "?", "#a", "a/b", "a", "//", "///a", "\u{FF}\u{80}",
            "https://[contoso.communication.azure.com/", "https://[contoso.communication.azure.com]/",
            "https://%63ontoso.communication.azure.com/", "https://[::1]/", "https://[", "//[",
        ])
    func foreign(link: String) {
        #expect(rewritten(link) == link)
        #expect(rewritten(link, stripped: "/eu") == link)
        #expect(rewritten(link, added: "/acs") == link)
    }

    @Test(
        "of a resource at an address, or at a name outside the service, the host itself is its own",
        arguments: [
            ("127.0.0.1", "http://127.0.0.1:9000/a", true), ("127.0.0.1", "http://127.0.0.2:9000/a", false),
            ("::1", "http://[::1]:9000/a", true), ("::1", "http://[::2]/a", false), ("::1", "http://[::1/a", false),
            ("::1", "http://::1/a", false), ("localhost", "https://LOCALHOST/a", true),
            ("localhost", "//local/a", false),
            ("acs.internal", "https://acs.internal/a", true), ("acs.internal", "https://acs.other/a", false),
            ("acs.internal", "https://acs.communication.azure.com/a", true),
        ])
    func hosts(host: String, link: String, isOwn: Bool) {
        #expect(rewritten(link, host: host) == (isOwn ? "http://gw:8080/a" : link))
    }

    @Test(
        "prefixes are undone: the added one is taken away, the stripped one put back",
        arguments: [
            ("/a", "", "", "/a"), ("/a", "/eu", "", "/eu/a"), ("", "/eu", "", "/eu"), ("?q", "/eu", "", "/eu?q"),
            ("//a", "/eu", "", "/eu//a"), ("/acs/a", "", "/acs", "/a"), ("/acs", "", "/acs", "/"),
            ("/acs?q", "", "/acs", "/?q"), ("/acs/", "", "/acs", "/"), ("/acs//a", "", "/acs", "//a"),
            ("/acs/a?q", "/eu", "/acs", "/eu/a?q"), ("/acs", "/eu", "/acs", "/eu"), ("/acs?q", "/eu", "/acs", "/eu?q"),
            // A path that lacks the added prefix stays, also one that only begins with its letters.
            ("/b/a", "", "/acs", "/b/a"), ("/acsx", "", "/acs", "/acsx"), ("/acs2/a", "/eu", "/acs", "/acs2/a"),
            ("/", "/eu", "/acs", "/"), ("/ACS/a", "/eu", "/acs", "/ACS/a"), ("/acs%2Fa", "/eu", "/acs", "/acs%2Fa"),
            ("/acs#f", "/eu", "/acs", "/eu#f"),
        ])
    func prefixes(path: String, stripped: String, added: String, expected: String) {
        for origin in ["https://contoso.communication.azure.com", "//contoso.westus.communications.azure.com:1"] {
            let link = rewritten(origin + path, stripped: stripped, added: added)
            #expect(link == "http://gw:8080" + expected)
        }
    }

    @Test(
        "a relative link is left alone, unless a prefix was taken away: then it is made absolute (rule 4)",
        arguments: [
            ("/a", "", "", "/a"), ("/", "", "", "/"), ("/a?b", "", "/acs", "/a?b"), ("/acs/a", "", "/acs", "/acs/a"),
            ("/a", "/eu", "", "http://gw:8080/eu/a"), ("/", "/eu", "", "http://gw:8080/eu/"),
            ("/a?b=/c", "/EU/x", "", "http://gw:8080/EU/x/a?b=/c"),
            ("/acs/a", "/eu", "/acs", "http://gw:8080/eu/a"), ("/a", "/eu", "/acs", "http://gw:8080/a"),
            ("a", "/eu", "", "a"), ("../a", "/eu", "", "../a"), ("?a", "/eu", "", "?a"),
        ])
    func relative(link: String, stripped: String, added: String, expected: String) {
        #expect(rewritten(link, stripped: stripped, added: added) == expected)
    }

    @Test("without a name for the gateway every link stays")
    func noBase() {
        for link in ["https://contoso.communication.azure.com/a", "/a", "//contoso.communication.azure.com/"] {
            #expect(rewritten(link, base: "", stripped: "/eu") == link)
        }
    }

    @Test("cut anywhere, a link makes no harm")
    func cuts() {
        let whole = "https://contoso.westus.communications.azure.com:443//emails?x"
        for end in whole.indices {
            let link = String(whole[..<end])
            let result = rewritten(link)
            #expect(result == link || result.hasPrefix("http://gw:8080/"), "\(link)")
        }
    }
}
