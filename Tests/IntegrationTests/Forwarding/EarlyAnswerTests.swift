import Support
import Testing

@Suite("An answer before its time, or wrong in its body", .timeLimit(.minutes(Pace.minutes(3))))
struct EarlyAnswerTests {
    @Test("a refusal comes through though the origin breaks the connection under the body (BD-2)")
    func refusalBeforeReset() throws {
        let bed = try TestBed()
        let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
        let body = String(repeating: "a", count: 8 << 20)
        for round in 0..<5 {
            bed.script("/\(round)", OriginScript([.send(refusal.latin1), .close], atHead: true))
            let answer = try bed.exchange(request("POST /\(round)", body: body))
            #expect(answer.status == 413 && answer.text == "no")
        }
        try bed.finish()
    }

    @Test("a body that is not valid HTTP is 502 when nothing was sent yet, else it looks cut (UP-1)")
    func brokenBody() throws {
        let bed = try TestBed()
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        bed.script("/at-once", .text(head + "5\r\nhelloX\r\n0\r\n\r\n"))
        #expect(try bed.exchange(request("GET /at-once")).head.only("x-ms-error-code") == "UpstreamFailed")
        let gate = Gate()
        let late = OriginScript([.send((head + "5\r\nhello").latin1), .hold(gate), .send("X\r\n0\r\n\r\n".latin1)])
        bed.script("/late", late)
        let client = try bed.client()
        client.send(request("GET /late"))
        client.read { $0.finals.first?.text == "hello" }
        gate.open()
        #expect(client.waitForEnd() != nil)
        #expect(client.reader.finals.map(\.status) == [200] && client.reader.finals.first?.isComplete == false)
        try bed.finish()
    }
}
