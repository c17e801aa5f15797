import Support
import Testing

/// acs-surface.md section 2: links to the resource's own hosts are pointed back at the gateway as the client called it.
@Suite(
    "Follow-up links",
    .testBed { config in
        config.resources = ["origin: { endpoint: \"http://localhost:\(config.origin.port)\", credential: key }"]
        config.listeners.append(#"named: { bind: "127.0.0.1:0", public_url: "https://acs.internal:8443" }"#)
        let tail = "allow: [anonymous], resource: origin }"
        config.routes = [
            "{ name: eu, match: { path_prefix: /eu }, rewrite: { strip_prefix: /eu }, \(tail)",
            "{ name: both, match: { path_prefix: /Both }, rewrite: { strip_prefix: /Both, add_prefix: /v1 }, \(tail)",
            "{ name: all, match: { path_prefix: / }, \(tail)",
        ]
    })
struct LinkTests {
    static let names = ["Operation-Location", "Location", "Content-Location", "Azure-AsyncOperation"]

    /// What stands in the origin's answer, and what the client must see.
    static let own: [(String, String)] = [
        ("https://localhost/emails/operations/1?api-version=2", "http://gw.test/emails/operations/1?api-version=2"),
        ("http://localhost:1234//emails//x", "http://gw.test//emails//x"),
        ("https://LocalHost/x", "http://gw.test/x"),
        ("https://localhost.communication.azure.com/x", "http://gw.test/x"),
        (
            "https://localhost.westus.communications.azure.com//emails/operations/1",
            "http://gw.test//emails/operations/1"
        ),
        ("https://localhost.communication.azure.us:443/a%2Bb?c=%20", "http://gw.test/a%2Bb?c=%20"),
    ]
    static let foreign = [
        "https://other.communication.azure.com/x", "https://localhost.a.b.communication.azure.com/x",
        "https://localhost.evil.com/x", "https://evil.com/?https://localhost/x", "https://localhostx/x",
        "https://localhost.communication.azure.com.evil.com/x", "/x", "x?y", "", "ftp:localhost", "//", "https://",
    ]

    private func link(
        _ name: String, _ value: String, through target: String, host: String = "gw.test", listener: Int = 0
    ) throws -> [String] {
        let bed = try TestBedTrait.bed()
        let forwarded =
            target.hasPrefix("/eu")
            ? String(target.dropFirst(3))
            : target.hasPrefix("/Both") ? "/v1" + target.dropFirst(5) : target
        bed.script(forwarded, .text("HTTP/1.1 202 Accepted\r\n\(name): \(value)\r\nContent-Length: 0\r\n\r\n"))
        let client = try RawClient(bed.gateway.started.addresses[listener])
        let answer = client.exchange("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(answer?.status == 202)
        return try #require(answer).head.values(name)
    }

    private func path(_ parts: String...) -> String {
        "/" + hexadecimal(ReferenceDigest.sha256(Array(parts.joined(separator: "|").utf8))).prefix(16)
    }

    @Test("a link to the resource's own host leads back here", arguments: names, own)
    func ownHost(name: String, link: (String, String)) throws {
        #expect(try self.link(name, link.0, through: path(name, link.0)) == [link.1])
    }

    @Test("a relative or foreign link is left alone", arguments: names, foreign)
    func leftAlone(name: String, value: String) throws {
        #expect(try link(name, value, through: path(name, value)) == [value])
    }

    @Test("a field that is no follow-up link is left alone")
    func otherField() throws {
        #expect(try link("X-Link", "https://localhost/x", through: "/other-field") == ["https://localhost/x"])
    }

    @Test("a prefix that was stripped is put back, for relative links too")
    func stripped() throws {
        #expect(try link("Location", "https://localhost/x?y", through: "/eu/a1") == ["http://gw.test/eu/x?y"])
        #expect(try link("Location", "https://localhost//x", through: "/eu/a2") == ["http://gw.test/eu//x"])
        #expect(try link("Location", "/x?y", through: "/eu/a3") == ["http://gw.test/eu/x?y"])
        #expect(try link("Location", "https://evil.com/x", through: "/eu/a4") == ["https://evil.com/x"])
        #expect(try link("Location", "https://localhost/v1/x", through: "/Both/a5") == ["http://gw.test/Both/x"])
        #expect(try link("Location", "/v1/x", through: "/Both/a6") == ["http://gw.test/Both/x"])
    }

    @Test(
        "the base is what the client called",
        arguments: [
            ("gw.test:8080", "http://gw.test:8080"), ("gw:8080:8080", "http://gw:8080"),
            ("[::1]:80", "http://[::1]:80"),
        ])
    func base(host: String, expected: String) throws {
        let value = "https://localhost/x"
        #expect(try link("Location", value, through: path(host), host: host) == [expected + "/x"])
    }

    @Test("`public_url` names the base, whatever the client called")
    func publicURL() throws {
        let links = try link("Operation-Location", "https://localhost/x", through: "/public", listener: 1)
        #expect(links == ["https://acs.internal:8443/x"])
    }
}
