import Crypto
import Testing

@testable import Upstream

@Suite("When two generations share a target's connections")
struct UpstreamTargetTests {
    private static func target(_ change: (inout UpstreamTarget) -> Void = { _ in }) -> UpstreamTarget {
        var target = UpstreamTarget(host: "a", port: 443, tls: nil, tlsIdentity: "system", serverName: "a")
        change(&target)
        return target
    }

    private static func proxy(_ password: String) -> UpstreamProxy {
        UpstreamProxy(host: "p", port: 3128, to: ("a", 443), credential: ("user", Secret(copying: password)))
    }

    @Test("only when nothing that a connection depends on differs")
    func same() {
        let plain = Self.target()
        #expect(plain.sharesConnections(with: Self.target()))
        let others = [
            Self.target { $0.host = "b" }, Self.target { $0.port = 80 }, Self.target { $0.tlsIdentity = "file" },
            Self.target { $0.serverName = "b" }, Self.target { $0.idleLimit = 1 },
            Self.target { $0.idleTimeout = .seconds(1) }, Self.target { $0.proxy = Self.proxy("one") },
        ]
        for other in others { #expect(!plain.sharesConnections(with: other)) }
        let proxied = Self.target { $0.proxy = Self.proxy("one") }
        #expect(proxied.sharesConnections(with: Self.target { $0.proxy = Self.proxy("one") }))
        #expect(!proxied.sharesConnections(with: Self.target { $0.proxy = Self.proxy("two") }))
        #expect(proxied.dialled.host == "p" && proxied.dialled.port == 3128 && plain.dialled.host == "a")
    }
}
