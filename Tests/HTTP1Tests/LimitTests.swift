import Bytes
import HTTP1
import Support
import Testing

@Suite("How large a head may be")
struct LimitTests {
    private let limits = HeadLimits(requestLineBytes: 40, fieldLineBytes: 30, headBytes: 200, fieldCount: 8)

    /// Parses whole and byte by byte, which must agree.
    private func parse(_ text: String) -> Outcome {
        let bytes = Array(text.utf8)
        let whole = parseRequest(bytes, limits: limits)
        #expect(parseRequest(bytes, ends: Array(1...bytes.count), limits: limits) == whole)
        return whole
    }

    @Test("a request line has a limit, which is kept before the line ends (LI-1)")
    func requestLine() {
        let fits = "GET /" + String(repeating: "a", count: 26) + " HTTP/1.1"
        #expect(fits.utf8.count == 40)
        #expect(parse(fits + "\r\nHost: a\r\n\r\n").refusal == nil)
        #expect(parse("\r\n" + fits + "\r\nHost: a\r\n\r\n").refusal == nil)
        #expect(parse("GET /" + String(repeating: "a", count: 35)) == .incomplete)
        #expect(parse("GET /" + String(repeating: "a", count: 36)).refusal == .requestLineTooLong)
        #expect(parse("GET /?" + String(repeating: "a", count: 36)).refusal == .requestLineTooLong)
    }

    @Test("a request line cannot be longer than its limit by its version")
    func versionAtLimit() {
        for count in 27..<36 {
            let line = "GET /" + String(repeating: "a", count: count) + " HTTP/1.1"
            #expect(parse(line + "\r\nHost: a\r\n\r\n").refusal == .requestLineTooLong)
        }
    }

    @Test("a field line has a limit, which is kept before the line ends (LI-2)")
    func fieldLine() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        #expect(parse(start + "X: " + String(repeating: "a", count: 27) + "\r\n\r\n").refusal == nil)
        #expect(parse(start + "X: " + String(repeating: "a", count: 27)) == .incomplete)
        #expect(parse(start + "X: " + String(repeating: "a", count: 28)).refusal == .fieldLineTooLong)
        #expect(parse(start + String(repeating: "a", count: 30)) == .incomplete)
        #expect(parse(start + String(repeating: "a", count: 31)).refusal == .fieldLineTooLong)
        #expect(parse(start + String(repeating: "a", count: 29) + ":\r\n\r\n").refusal == nil)
        #expect(parse(start + String(repeating: "_", count: 31)).refusal == .fieldLineTooLong)
    }

    @Test("a head has a limit (LI-2)")
    func head() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        let lines = String(repeating: "X: " + String(repeating: "a", count: 25) + "\r\n", count: 5)
        let last = "X: " + String(repeating: "a", count: 200 - 2 - 5 - start.utf8.count - lines.utf8.count) + "\r\n"
        #expect((start + lines + last).utf8.count == 198)
        #expect(parse(start + lines + last + "\r\n").refusal == nil)
        #expect(parse(start + lines + "a" + last + "\r\n").refusal == .headTooLong)
        #expect(parse(start + lines + "aa" + last + "\r\n").refusal == .headTooLong)
        #expect(parse(start + lines + "aaa" + last).refusal == .headTooLong)
        #expect(parse(start + lines + last + "X: " + String(repeating: "a", count: 10)).refusal == .headTooLong)
    }

    @Test("the number of fields has a limit, which is kept at the first byte of one too many (LI-3)")
    func count() {
        let full = "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 7)
        #expect(parse(full + "\r\n").refusal == nil)
        #expect(parse(full) == .incomplete)
        #expect(parse(full + "X").refusal == .tooManyFields)
    }

    @Test("a hundred fields are kept in order, one more is refused (LI-3)")
    func many() {
        for count in [31, 99, 100] {
            let lines = (1...count).map { "X-\($0): \($0)\r\n" }.joined()
            let outcome = parseRequest(Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8))
            guard case .accepted(let text) = outcome else {
                #expect(count == 100 && outcome.refusal == .tooManyFields)
                continue
            }
            #expect(
                text.split(separator: "\n").dropFirst(5).map(String.init)
                    == (1...count).map { "[X-\($0)]=[\($0)] other" })
        }
    }

    @Test("`Connection` has at most 64 elements, empty ones not counted")
    func connection() {
        for (count, refusal) in [(64, nil), (65, Rule.connectionTooLong)] {
            let elements = (1...count).map { "a\($0)" }.joined(separator: ", ,")
            let text = "GET / HTTP/1.1\r\nHost: a\r\nConnection: \(elements)\r\n\r\n"
            #expect(parseRequest(Array(text.utf8)).refusal == refusal)
        }
    }

    @Test("a head that comes byte by byte is read in time that grows with its length alone")
    func drip() {
        // Quadratic work would be 2 000 000 000 steps here.
        let line = "X: " + String(repeating: "a", count: 8000) + "\r\n"
        let name = String(repeating: "n", count: 8000) + ": v\r\n"
        let text =
            "GET /\(String(repeating: "p", count: 8000)) HTTP/1.1\r\nHost: a\r\n" + line + name + name + line + "\r\n"
        let bytes = Array(text.utf8)
        let clock = ContinuousClock()
        let elapsed = clock.measure { #expect(parseRequest(bytes, ends: Array(1...bytes.count)).refusal == nil) }
        #expect(elapsed < Pace.seconds(5))
    }
}
