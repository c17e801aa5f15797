import Bytes
import HTTP1
import Testing

@Suite("Which host a request is for")
struct HostTests {
    @Test(
        "a name or an address with an optional port is a host (HO-3)",
        arguments: [
            ("gw.test", "gw.test", "gw.test", -1), ("GW-1_x.Test:8080", "GW-1_x.Test:8080", "GW-1_x.Test", 8080),
            ("gw:8080:8080", "gw:8080", "gw", 8080), ("a", "a", "a", -1),
            ("127.0.0.1:1", "127.0.0.1:1", "127.0.0.1", 1),
            ("a:0", "a:0", "a", 0), ("a:65535", "a:65535", "a", 65535), ("a:00080", "a:00080", "a", 80),
            ("[::]", "[::]", "[::]", -1), ("[::1]:443", "[::1]:443", "[::1]", 443),
            ("[::1]:443:443", "[::1]:443", "[::1]", 443), ("[1::]", "[1::]", "[1::]", -1),
            ("[fe80:1:2:3:4:5:6:ABCD]", "[fe80:1:2:3:4:5:6:ABCD]", "[fe80:1:2:3:4:5:6:ABCD]", -1),
            ("[::ffff:1.2.3.255]", "[::ffff:1.2.3.255]", "[::ffff:1.2.3.255]", -1),
            ("[1:2:3:4:5:6:0.0.0.0]", "[1:2:3:4:5:6:0.0.0.0]", "[1:2:3:4:5:6:0.0.0.0]", -1),
            ("[1:2:3:4:5:6::8]", "[1:2:3:4:5:6::8]", "[1:2:3:4:5:6::8]", -1),
            ("a!$&()*+;=~b", "a!$&()*+;=~b", "a!$&()*+;=~b", -1),
        ])
    func hosts(sent: String, whole: String, name: String, port: Int) {
        for version in ["1.0", "1.1"] {
            let outcome = parseRequest(Array("GET / HTTP/\(version)\r\nHost: \t\(sent) \r\n\r\n".utf8))
            guard case .accepted(let text) = outcome else {
                Issue.record("refused: \(outcome)")
                continue
            }
            #expect(text.contains("\nhost \(whole) name \(name) port \(port) at"), "\(text)")
        }
    }

    @Test(
        "all else is refused (HO-3)",
        arguments: [
            "", " ", ":80", "a:", "a:x", "a:80x", "a:65536", "a:000080", "a:-1", "a:+1", "a: 80", "a :80", "a b",
            "a,b", "u@a", "a/b", "a\\b", "a%41", "a?b", "a#b", "a\"b", "a'b", "\u{E9}", "a\u{80}", ".a", "a.", "a..b",
            ".", "a.:80", "gw:8080:8081", "gw:80:080", "gw:80:80:80", "gw:80:", "gw::80", "a<b", "a^b", "a`b", "a|b",
            "a{b}", "[", "[]", "[:]", "[1]", "[::1", "::1", "[::1]x", "[::1]:", "[:::]", "[1::2::3]", "[12345::]",
            "[::g]",
            "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4:5:6:7:8::]", "[1:2:3:4:5:6:7:]", "[:1:2:3:4:5:6:7]",
            "[::1.2.3]", "[::1.2.3.256]", "[::01.2.3.4]", "[::1.2.3.4.5]", "[::1.2.3.4:5]", "[1:2:3:4:5:6:7:1.2.3.4]",
            "[::1%25eth0]", "[v1.x]", "[1.2.3.4]",
        ])
    func refused(sent: String) {
        for version in ["1.0", "1.1"] {
            let bytes = [UInt8](latin1: "GET / HTTP/\(version)\r\nHost: \(sent)\r\n\r\n")
            for ends in cuts(bytes.count) { #expect(parseRequest(bytes, ends: ends).refusal == .hostSyntax) }
        }
    }

    @Test("of HTTP/1.0 without `Host`, an absolute target names the host (HO-1)")
    func absoluteWithoutHost() {
        let bytes = [UInt8](latin1: "GET http://a.test:81/x HTTP/1.0\r\n\r\n")
        for ends in cuts(bytes.count) {
            guard case .accepted(let head) = parseRequest(bytes, ends: ends) else {
                Issue.record("refused when cut at \(ends)")
                continue
            }
            #expect(head.contains("host a.test:81 name a.test port 81"))
        }
    }

    @Test("HTTP/1.1 needs exactly one host, HTTP/1.0 none (HO-1, HO-2)")
    func presence() {
        #expect(parseRequest(Array("GET / HTTP/1.1\r\n\r\n".utf8)).refusal == .hostMissing)
        #expect(parseRequest(Array("GET http://a/ HTTP/1.1\r\n\r\n".utf8)).refusal == .hostMissing)
        #expect(parseRequest(Array("GET / HTTP/1.1\r\nho_st: a\r\nx-host: a\r\n\r\n".utf8)).refusal == .hostMissing)
        #expect(parseRequest(Array("GET / HTTP/1.0\r\n\r\n".utf8)).refusal == nil)
        for version in ["1.0", "1.1"] {
            let text = "GET / HTTP/\(version)\r\nHost: a\r\nhOST: a\r\n\r\n"
            #expect(parseRequest(Array(text.utf8)).refusal == .repeatedField)
        }
    }
}
