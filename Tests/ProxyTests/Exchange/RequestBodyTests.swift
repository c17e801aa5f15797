import Support
import Testing

@testable import Proxy

@Suite("The body of a request")
struct RequestBodyTests {
    @Test("a chunk that announces the largest number is too large, whatever came before it (CK-1, LI-4)")
    func hugeChunk() throws {
        let bench = ExchangeBench(try .forEverything())
        bench.client(
            "POST /sms HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n7fffffffffffffff\r\n")
        #expect(bench.refusals == [.bodyTooLarge])
        #expect(bench.end == .closed)
        #expect(bench.attempts.isEmpty)
    }
}
