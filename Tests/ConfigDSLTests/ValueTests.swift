import Testing

@testable import ConfigDSL

@Suite("Addresses, origins, paths")
struct ValueTests {
    @Test(
        "numeric addresses in their canonical text",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
            ("::1", "::1"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8::0:1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("::ffff:127.0.0.1", "::ffff:7f00:1"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("fe80::", "fe80::"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ])
    func addresses(text: String, canonical: String) {
        #expect(IPAddress(text)?.text == canonical)
    }

    @Test(
        "what is no address",
        arguments: [
            "", ".", ":", ":::", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "1.2.3.+4", "0x7f.0.0.1",
            "1:2:3",
            "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", "::12345", "::g", "::+1", "fe80::1%eth0", "1.2.3.4::",
            "::1.2.3.4:5", "[::1]", " ::1", "１.2.3.4",
        ])
    func noAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        "what is this machine",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("128.0.0.1", false), ("::1", true), ("::2", false),
            ("::", false),
            ("::ffff:127.0.0.1", true), ("::ffff:10.0.0.1", false), ("0.0.0.0", false),
        ])
    func loopback(text: String, isLoopback: Bool) {
        #expect(IPAddress(text)?.isLoopback == isLoopback)
    }

    @Test(
        "origins",
        arguments: [
            ("https://contoso.communication.azure.com", "contoso.communication.azure.com", 443),
            ("HTTPS://Contoso:443/", "contoso", 443), ("http://localhost:8090", "localhost:8090", 8090),
            ("http://[::1]:80", "[::1]", 80), ("https://[0:0::1]:8443/", "[::1]:8443", 8443),
            ("https://a_b-c.1x.example", "a_b-c.1x.example", 443), ("http://127.0.0.1", "127.0.0.1", 80),
        ])
    func origins(text: String, authority: String, port: Int) throws {
        let endpoint = try Endpoint(text)
        #expect((endpoint.authority, endpoint.port) == (authority, port))
        #expect(try Endpoint(endpoint.origin) == endpoint)
    }

    @Test(
        "what is no origin",
        arguments: [
            "", "contoso", "//contoso", "https:/contoso", "https://", "https:///", "https://contoso//",
            "https://contoso/x",
            "https://contoso?", "https://contoso#", "https://contoso\\", "https://u@contoso", "https://contoso:",
            "https://:1",
            "https://contoso:65536", "https://contoso:+1", "https://contoso:1:1", "https://[::1", "https://[::1]x",
            "https://[127.0.0.1]", "https://::1", "https://contoso.", "https://.contoso", "https://-a", "https://a-",
            "https://1.2.3", "https://0x7f.1", "https://con toso", "https://contoso\u{0}", "https://größe",
            "ws://contoso",
            "https://\(String(repeating: "a", count: 64))", "https://\(String(repeating: "a.", count: 127))a",
        ])
    func noOrigin(text: String) {
        #expect(throws: ValueError.self) { try Endpoint(text) }
    }

    @Test(
        "paths in the form that is matched",
        arguments: [
            ("/", []), ("/sms", ["sms"]), ("/SMS/", ["sms"]), ("//a///b//", ["a", "b"]),
            ("/phone%4Eumbers", ["phonenumbers"]),
            ("/%2B1%3a%40", ["+1:@"]), ("/emails:send", ["emails:send"]), ("/a%20b", ["a b"]), ("/%C3%89", ["É"]),
            ("/a%25", ["a%"]), ("/...", ["..."]), ("/a.b", ["a.b"]),
            ("/!$&'()*+,=:@-._~", ["!$&'()*+,=:@-._~"]),
        ])
    func paths(text: String, segments: [String]) throws {
        let path = try CanonicalPath(text)
        #expect(path.segments == segments)
        #expect(path.written == text)
    }

    @Test(
        "what is no path of a request",
        arguments: [
            "", "sms", "/a?b", "/a#b", "/.", "/a/..", "/%2e", "/.%2E/a", "/a%2fb", "/a%5Cb", "/a\\b", "/%00", "/%0a",
            "/%1f",
            "/%7F", "/%3B", "/a;b", "/%", "/%4", "/%4g", "/%+1", "/%2541", "/a%25%34%31", "/ ", "/\"", "/<", "/{", "/é",
            "/%C3",
            "/%FF",
            "/%C0%AF", "/%ED%A0%80", String(repeating: "/a", count: 65),
        ])
    func noPath(text: String) {
        #expect(throws: ValueError.self) { try CanonicalPath(text) }
    }

    @Test(
        "where listeners listen",
        arguments: [
            ("127.0.0.1:8080", .tcp(host: "127.0.0.1", port: 8080)), ("0.0.0.0:0", .tcp(host: "0.0.0.0", port: 0)),
            ("[::]:65535", .tcp(host: "::", port: 65535)), ("[0::1]:1", .tcp(host: "::1", port: 1)),
            ("localhost:80", .tcp(host: "127.0.0.1", port: 80)), ("unix:/run/app.sock", .unix(path: "/run/app.sock")),
            ("unix:app.sock", .unix(path: "app.sock")),
        ] as [(String, BindAddress)])
    func binds(text: String, address: BindAddress) throws {
        #expect(try BindAddress.parse(Scalar(literal: text)) == address)
    }
}
