import Testing
import Transport

@Suite("Where a socket is")
struct SocketAddressTests {
    @Test(
        "an address has one value, however it is spelled",
        arguments: [
            ("127.0.0.1", "127.0.0.1:80"), ("::ffff:127.0.0.1", "127.0.0.1:80"), ("::FFFF:7f00:1", "127.0.0.1:80"),
            ("::1", "[::1]:80"), ("0:0::1", "[::1]:80"), ("::fffe:127.0.0.1", "[::fffe:7f00:1]:80"),
        ])
    func spellings(host: String, description: String) {
        #expect(SocketAddress(numeric: host, port: 80)?.description == description)
    }

    @Test("what is no address is none", arguments: ["", "localhost", "127.1", "1.2.3.256", "::g", "127.0.0.1 "])
    func names(host: String) {
        #expect(SocketAddress(numeric: host, port: 80) == nil)
    }
}
