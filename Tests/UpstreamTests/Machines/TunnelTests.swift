import Bytes
import Crypto
import Testing

@testable import Upstream

@Suite("The dialogue with a proxy")
struct TunnelTests {
    private static let plain = UpstreamProxy(host: "p", port: 3128, to: ("acs.example", 443))

    private static func sent(to proxy: UpstreamProxy) -> String { text(of: Tunnel(proxy).outgoing) }

    private static func text(of buffer: borrowing ByteBuffer) -> String { buffer.span.text }

    @Test("CONNECT names the target twice, and the credential once")
    func request() {
        #expect(Self.sent(to: Self.plain) == "CONNECT acs.example:443 HTTP/1.1\r\nhost: acs.example:443\r\n\r\n")
        let credential = (username: "Aladdin", password: Secret(copying: "open sesame"))
        let proxy = UpstreamProxy(host: "p", port: 3128, to: ("::1", 8443), credential: credential)
        // RFC 7617 §2 has this very pair.
        let expected =
            "CONNECT [::1]:8443 HTTP/1.1\r\nhost: [::1]:8443\r\n"
            + "proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
        #expect(Self.sent(to: proxy) == expected)
        #expect(!"\(proxy)".contains("QWxhZG"))
    }

    @Test("the same proxy with another credential is another proxy")
    func identity() {
        func proxy(_ password: String, target: String = "a") -> UpstreamProxy {
            UpstreamProxy(
                host: "p", port: 1, to: (target, 443), credential: ("user", Secret(copying: password)))
        }
        #expect(proxy("one").identity == proxy("one").identity)
        #expect(proxy("one").identity != proxy("two").identity)
        #expect(proxy("one").identity != Self.plain.identity)
        #expect(!proxy("one").identity.contains("one"))
    }

    @Test(
        "whatever the proxy answers is understood, however it is cut",
        arguments: [
            ("HTTP/1.1 200 Connection established\r\n\r\n", .open),
            ("HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n", .open),
            ("HTTP/1.1 204 \r\n\r\n", .open),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", .open),
            // RFC 9110 §9.3.6: a client ignores these in a 2xx.
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .open),
            ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\n", .refused(status: 407)),
            ("HTTP/1.1 301 Moved\r\nLocation: http://x/\r\n\r\n", .refused(status: 301)),
            ("HTTP/1.1 101 Switching\r\n\r\n", .broken("did not answer in HTTP")),
            ("SSH-2.0-OpenSSH_9.2p1\r\n", .broken("did not answer in HTTP")),
            ("HTTP/1.1 200 OK\nX: y\r\n\r\n", .broken("did not answer in HTTP")),
            ("HTTP/1.1 200 OK\r\n X: y\r\n\r\n", .broken("did not answer in HTTP")),
        ] as [(String, Tunnel.Progress)])
    func answers(text: String, expected: Tunnel.Progress) {
        let bytes = Array(text.utf8)
        for cut in 1...bytes.count {
            let tunnel = Tunnel(Self.plain)
            tunnel.incoming.append(Array(bytes[..<cut]))
            var progress = tunnel.read()
            if progress == .needsMore {
                tunnel.incoming.append(Array(bytes[cut...]))
                progress = tunnel.read()
            }
            #expect(progress == expected, "cut at \(cut)")
        }
    }

    @Test("bytes behind the answer are nobody's (UP-6)")
    func stray() {
        let tunnel = Tunnel(Self.plain)
        tunnel.incoming.append(Array("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".utf8))
        #expect(tunnel.read() == .broken("sent bytes behind its answer"))
    }

    @Test("interim answers without an end are refused")
    func interim() {
        let tunnel = Tunnel(Self.plain)
        for _ in 0..<17 { tunnel.incoming.append(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        #expect(tunnel.read() == .broken("did not answer in HTTP"))
    }
}
