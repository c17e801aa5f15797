import FoundationEssentials
import Support
import Testing

/// The manual's page on operations: one JSON object a line for each request.
@Suite("The access log")
struct AccessLogTests {
    private struct Line: Decodable {
        var time: String, method: String?, path: String?, status: Int, listener: String, peer: String
        var route: String?, resource: String?, reason: String?, revision: String?
        var requestBytes: Int?, responseBytes: Int?, attempts: Int?, generation: Int?
        var requestId: String?, clientRequestId: String?, upstreamRequestId: String?
    }

    private static func lines(_ bytes: [UInt8]) throws -> [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(bytes.isEmpty || bytes.last == 0x0A)
        #expect(bytes.allSatisfy { $0 == 0x0A || (0x20...0x7E).contains($0) })
        return try bytes.split(separator: 0x0A).map { try decoder.decode(Line.self, from: Data($0)) }
    }

    private func bed(to place: String) throws -> TestBed {
        try TestBed { config in
            config.accessLog = place
            config.top = ["revision: r-1"]
            config.routes = ["{ name: x, match: { path_prefix: /x }, allow: [anonymous], resource: origin }"]
        }
    }

    @Test("each request has its line, refused ones too, and no query is in it")
    func lines() throws {
        let bed = try bed(to: "access.log")
        bed.script("/x/id", .text("HTTP/1.1 202 Accepted\r\nx-ms-request-id: up-1\r\nContent-Length: 2\r\n\r\nok"))
        _ = try bed.exchange(
            request("POST /x/id?code=\(TestKeys.canary.count)", "x-ms-client-request-id: c-1", body: "hello"))
        _ = try bed.exchange(
            request("POST /x/id?a=\(TestKeys.canary)", "x-ms-client-request-id: c\"\\1", body: "hello"))
        _ = try bed.exchange(request("GET /none?a=\(TestKeys.canary)"))
        _ = try bed.exchange("GET /x HTTP/1.1\r\nHost: \u{E9}\r\n\r\n")
        let path = bed.gateway.directory.path + "/access.log"
        try bed.finish()
        let text = try Files.bytes(at: path)
        #expect(text.firstRange(of: Array(TestKeys.canary.utf8)) == nil)
        let lines = try Self.lines(text)
        // Each worker hands its lines over by itself: their order is not the requests'.
        #expect(lines.map(\.status).sorted() == [202, 400, 400, 404])
        let served = try #require(lines.first { $0.status == 202 })
        #expect(served.method == "POST" && served.path == "/x/id" && served.listener == "main")
        #expect(served.route == "x" && served.resource == "origin" && served.attempts == 1 && served.reason == nil)
        #expect(served.requestBytes == 5 && served.responseBytes == 2)
        #expect(served.upstreamRequestId == "up-1" && served.clientRequestId == "c\"\\1")
        #expect(served.generation == 1 && served.revision == "r-1")
        #expect(lines.allSatisfy { $0.peer.hasPrefix("127.0.0.1") })
        let unrouted = try #require(lines.first { $0.status == 404 })
        #expect(unrouted.reason == "no-route" && unrouted.route == nil)
        #expect(Set(lines.compactMap(\.requestId)).count == 4)
    }

    @Test("stdout, stderr and off go where they say", arguments: ["stdout", "stderr", "\"off\""])
    func streams(place: String) throws {
        let bed = try bed(to: place)
        #expect(try bed.exchange(request("GET /x/stream")).status == 200)
        try bed.finish()
        let (output, error) = bed.gateway.program.progress.look { ($0.standardOutput, $0.standardError) }
        let wanted = Array("\"/x/stream\"".utf8)
        #expect((output.firstRange(of: wanted) != nil) == (place == "stdout"))
        #expect((error.firstRange(of: wanted) != nil) == (place == "stderr"))
    }

    @Test("SIGUSR1 opens a file that was moved away anew, and no line is lost")
    func rotation() throws {
        let bed = try bed(to: "access.log")
        let path = bed.gateway.directory.path + "/access.log"
        let client = try bed.client()
        var asked = 1
        #expect(client.exchange(request("GET /x/1"))?.status == 200)
        try bed.gateway.directory.rename("access.log", to: "access.log.1")
        bed.gateway.program.signal(10)
        let deadline = ContinuousClock.now + Pace.seconds(30)
        while Files.mode(of: path) == nil {
            asked += 1
            #expect(client.exchange(request("GET /x/\(asked)"))?.status == 200)
            try #require(.now < deadline, "the file is not opened anew")
        }
        asked += 1
        #expect(client.exchange(request("GET /x/\(asked)"))?.status == 200)
        try bed.finish()
        let (old, new) = (try Self.lines(Files.bytes(at: path + ".1")), try Self.lines(Files.bytes(at: path)))
        #expect(!new.isEmpty)
        #expect((old + new).map(\.path) == (1...asked).map { "/x/\($0)" })
    }
}
