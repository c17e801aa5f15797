import Support
import Testing

@Suite("An origin that fails, refuses or goes away")
struct UpstreamTests {
    @Test("a connection that is refused is 503, and says when to come again")
    func refused() throws {
        let bed = try TestBed()
        bed.origin.stop()
        let answer = try bed.exchange(request("POST /refused", body: "abc"))
        #expect(answer.status == 503)
        #expect(answer.head.only("x-ms-error-code") == "UpstreamUnavailable")
        #expect(Int(answer.head.only("retry-after") ?? "") != nil)
        try bed.finish()
    }

    @Test("a host that does not exist is 503")
    func unknownHost() throws {
        let bed = try TestBed { config in
            config.resources.append("nobody: { endpoint: \"https://nobody.invalid\", credential: key }")
            config.routes = ["{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: nobody }"]
        }
        #expect(try bed.exchange(request("GET /x")).head.only("x-ms-error-code") == "UpstreamUnavailable")
        try bed.finish()
    }

    @Test("a pooled connection is used again, and a dead one is not")
    func pool() throws {
        let bed = try TestBed { $0.top = ["revision: pool"] }
        let client = try bed.client(["GET", "POST"])
        #expect(client.exchange(request("GET /a"))?.status == 200)
        #expect(client.exchange(request("GET /b"))?.status == 200)
        #expect(bed.origin.connectionCount == 1)
        bed.script("/last", OriginScript([.usual, .close]))
        #expect(client.exchange(request("GET /last"))?.status == 200)
        #expect(bed.origin.hasClosed(1))
        #expect(client.exchange(request("POST /c", body: "x"), method: "POST")?.status == 200)
        #expect(bed.received("/c").count == 1)
        try bed.finish()
    }

    @Test("a reused connection that dies is tried once more for GET, and never for POST (RT-1, RT-2)")
    func retries() throws {
        let bed = try TestBed()
        let client = try bed.client()
        #expect(client.exchange(request("GET /warm"))?.status == 200)
        bed.origin.follow { request, _ in
            request.path.hasPrefix("/dies") ? OriginScript([.close]) : .usual
        }
        #expect(client.exchange(request("GET /dies"))?.status == 502)
        #expect(bed.received("/dies").count == 2)
        #expect(client.exchange(request("GET /warm"))?.status == 200)
        #expect(client.exchange(request("POST /dies-too", body: "x"), method: "POST")?.status == 502)
        #expect(bed.received("/dies-too").count == 1)
        #expect(bed.received("/dies").allSatisfy { $0.request.map { TestKeys.firstCheck.isSignature(of: $0) } == true })
        try bed.finish()
    }

    @Test("bytes outside an answer are given to nobody (UP-6)")
    func poison() throws {
        let bed = try TestBed()
        bed.script(
            "/poison",
            .text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON"))
        let client = try bed.client()
        #expect(client.exchange(request("GET /poison"))?.text == "ok")
        #expect(client.exchange(request("GET /after"))?.text == "up:/after len=0")
        #expect(bed.origin.connectionCount == 2)
        try bed.finish()
    }

    @Test("what comes a moment behind an answer is not taken for the next one, whose request was sent ahead (UP-6)")
    func poisonBehind() throws {
        let bed = try TestBed { $0.workers = 1 }
        bed.script(
            "/poison",
            OriginScript([
                .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".latin1),
                .send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON".latin1),
            ]))
        for round in 0..<20 {
            let client = try bed.client(["GET", "GET"])
            client.send(request("GET /poison") + request("GET /after"))
            #expect(client.answers(2).map(\.text) == ["ok", "up:/after len=0"])
            let (first, second) = (bed.received("/poison")[round], bed.received("/after")[round])
            #expect(first.connection != second.connection)
            // Until the gateway has noticed: what is late by more than a client's next request is an answer to anybody.
            #expect(bed.origin.hasClosed(round + 1))
        }
        try bed.finish()
    }

    @Test("a client that leaves takes its upstream request with it (RT-4)")
    func clientGone() throws {
        let bed = try TestBed()
        let gate = Gate()
        bed.script("/gone", OriginScript([.hold(gate), .usual]))
        let client = try bed.client()
        client.send(request("GET /gone"))
        #expect(bed.origin.wait { $0.target == "/gone" && $0.isComplete } != nil)
        client.reset()
        #expect(try bed.exchange(request("GET /other")).text == "up:/other len=0")
        gate.open()
        #expect(try bed.exchange(request("GET /later")).text == "up:/later len=0")
        try bed.finish()
    }

    @Test("a request takes no longer in all than its total time, however alive it is")
    func total() throws {
        let bed = try TestBed { $0.defaults = ["timeouts: { total: 700ms, response_body: 500ms }"] }
        let drip = [OriginScript.Step](repeating: .send([0x61]), count: 3).flatMap { [$0, .pause(.milliseconds(300))] }
        let head = OriginScript.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".latin1)
        bed.script("/drip", OriginScript([head] + drip + drip))
        let client = try bed.client()
        client.send(request("GET /drip"))
        #expect(client.waitForEnd() != nil)
        #expect(client.reader.finals.first?.isComplete == false)
        try bed.finish()
    }

    @Test("an answer that pauses too long is cut, one that takes too long in all too")
    func timeouts() throws {
        let bed = try TestBed { config in
            config.defaults = ["timeouts: { response_body: 1s, total: 20s, idle: 1s, request_body: 1s }"]
        }
        bed.script(
            "/pause", OriginScript([.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".latin1), .hold(Gate())]))
        let client = try bed.client()
        client.send(request("GET /pause"))
        #expect(client.waitForEnd() != nil)
        #expect(client.reader.finals.first?.isComplete == false)
        let idle = try bed.client()
        #expect(idle.exchange(request("GET /idle"))?.status == 200)
        let bytes = idle.received.count
        #expect(idle.waitForEnd() == .end)
        #expect(idle.received.count == bytes)
        let slow = try bed.client(["POST"])
        slow.send(request("POST /slow", "Content-Length: 9") + "half")
        #expect(slow.answers(1).first?.head.only("x-ms-error-code") == "RequestTimeout")
        #expect(slow.waitForEnd() != nil)
        #expect(bed.received("/slow").isEmpty)
        try bed.finish()
    }
}
