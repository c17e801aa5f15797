import Support
import Testing

@Suite("A request body that streams", .timeLimit(.minutes(Pace.minutes(3))))
struct StreamTests {
    /// A gateway whose route for everything needs no digest; beside it `/signed` with two keys.
    private func bed(_ defaults: String = "body: { memory: 64KiB, max: 1MiB }") throws -> TestBed {
        try TestBed {
            $0.defaults = ["timeouts: { request_body: 30s, response_head: 30s }", defaults]
            $0.credentials = [
                "own: { strategy: pass_through }",
                #"keys: { strategy: access_key, keys: ["${file:key1}", "${file:key2}"] }"#,
            ]
            $0.resources = ["origin: { endpoint: \"http://\($0.origin)\", credential: own }"]
            $0.routes = [
                "{ name: signed, match: { path_prefix: /signed }, allow: [anonymous], resource: origin, "
                    + "credential: keys }",
                "{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin }",
            ]
        }
    }

    private let bearer = "Authorization: Bearer \(TestKeys.canary)"

    private func digest(_ body: String) -> String {
        "x-ms-content-sha256: \(Base64.encode(ReferenceDigest.sha256(Array(body.utf8))))"
    }

    @Test("the origin has what came of it before the client sends the rest")
    func asItComes() throws {
        let bed = try bed()
        for (path, fields, pieces) in [
            ("/length", "Content-Length: 11", ["hello", " worl", "d"]),
            (
                "/chunked", "Transfer-Encoding: chunked",
                ["5\r\nhello\r\n", "5;a=b\r\n worl\r\n", "1\r\nd\r\n0\r\n\r\n"]
            ),
        ] {
            let client = try bed.client(["POST"])
            client.send(request("POST \(path)", bearer, fields))
            for (piece, count) in zip(pieces, [5, 10, 11]) {
                client.send(piece)
                #expect(bed.origin.wait { $0.target == path && $0.request?.body.content.count == count } != nil)
            }
            #expect(client.answers(1).map(\.status) == [200])
            #expect(bed.received(path).count == 1 && bed.received(path).first?.isComplete == true)
        }
        try bed.finish()
    }

    @Test("one that is cut short never looks whole to the origin, whose connection ends (BD-1)")
    func cut() throws {
        let bed = try bed()
        let endings: [(RawClient) -> Void] = [{ $0.shutdownWrite() }, { $0.reset() }, { $0.close() }]
        var cuts = 0
        for (number, end) in endings.enumerated() {
            for (kind, start) in [
                ("l", "Content-Length: 10\r\n\r\nhello"), ("c", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
            ] {
                let path = "/\(number)\(kind)"
                let client = try bed.client(["POST"])
                client.send("POST \(path) HTTP/1.1\r\nHost: gw\r\n\(bearer)\r\n\(start)")
                #expect(bed.origin.wait { $0.target == path && $0.request?.body.content.count == 5 } != nil)
                end(client)
                cuts += 1
                #expect(bed.origin.hasClosed(cuts))
                #expect(bed.received(path).allSatisfy { !$0.isComplete })
                if number == 0 { #expect(client.answers(1).map(\.status) == [400] && client.waitForEnd() != nil) }
            }
        }
        try bed.finish()
    }

    @Test("a client that pauses too long gets 408, and the origin's connection ends (TM-2)")
    func pause() throws {
        let bed = try TestBed {
            $0.defaults = ["timeouts: { request_body: 300ms }"]
            $0.credentials.append("own: { strategy: pass_through }")
            $0.routes = ["{ name: all, match: { path: /slow }, allow: [anonymous], resource: origin, credential: own }"]
        }
        let client = try bed.client(["POST"])
        client.send(request("POST /slow", bearer, "Content-Length: 10"))
        client.send("hello")
        #expect(client.answers(1).first?.head.only("x-ms-error-code") == "RequestTimeout")
        #expect(client.waitForEnd() != nil && bed.origin.hasClosed(1))
        #expect(bed.received("/slow").allSatisfy { !$0.isComplete })
        try bed.finish()
    }

    @Test(
        "of a body that is not what was declared the last byte never reaches the origin",
        arguments: ["/signed", "/own"])
    func mismatch(path: String) throws {
        let bed = try bed()
        for (kind, start, last) in [
            ("l", "Content-Length: 5\r\n\r\nhell", "o"),
            ("c", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "0\r\n\r\n"),
        ] where kind == "l" || path == "/own" {
            let client = try bed.client(["POST"])
            client.send("POST \(path)/\(kind) HTTP/1.1\r\nHost: gw\r\n\(bearer)\r\n\(digest("hallo"))\r\n\(start)")
            #expect(
                bed.origin.wait { $0.target == "\(path)/\(kind)" && $0.request?.body.content.count ?? 0 > 3 } != nil)
            client.send(last)
            #expect(client.answers(1).first?.head.only("x-ms-error-code") == "BodyDigestMismatch")
            #expect(bed.origin.hasClosed(kind == "l" ? 1 : 2))
            #expect(bed.received("\(path)/\(kind)").map(\.isComplete) == [false])
            // It was read to its end, so the connection serves on.
            client.send(request("GET /own/next", bearer))
            #expect(client.answers(2).map(\.status) == [400, 200])
        }
        try bed.finish()
    }

    @Test(
        "what fits `body.memory` is sent again after a 401, what does not is 503, and the other key signs from then on")
    func refused() throws {
        let bed = try bed()
        let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        bed.origin.follow { request, _ in
            TestKeys.firstCheck.problem(with: request, now: wallClockSeconds()) == nil ? .text(refusal) : .usual
        }
        let large = String(repeating: "a", count: 65_537)
        let answer = try bed.exchange(request("POST /signed/large", digest(large), body: large))
        #expect(answer.status == 503 && answer.head.only("x-ms-error-code") == "CredentialUnavailable")
        #expect(answer.head.values("retry-after") == ["1"])
        #expect(bed.received("/signed/large").count == 1)
        // Each worker finds out by itself.
        let statuses = try (0..<20).map { _ in
            try bed.exchange(request("POST /signed/large", digest(large), body: large)).status
        }
        #expect(statuses.contains(200) && statuses.filter { $0 != 200 }.count <= 1)
        let place = bed.origin.recorded.count
        bed.origin.follow { _, number in number == place ? .text(refusal) : .usual }
        let small = String(large.dropLast())
        #expect(try bed.exchange(request("POST /signed/small", digest(small), body: small)).status == 200)
        #expect(bed.received("/signed/small").map { $0.request?.body.content.count } == [65_536, 65_536])
        try bed.finish()
    }

    @Test("`100 Continue` comes once the origin has the head, and a refusal comes in its place (EX-1)")
    func expecting() throws {
        let bed = try bed()
        bed.script(
            "/no", OriginScript([.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".latin1), .close], atHead: true))
        let client = try bed.client(["POST"])
        client.send(request("POST /yes", bearer, "Content-Length: 5", "Expect: 100-continue"))
        #expect(client.interims(1).map(\.status) == [100])
        #expect(bed.origin.wait { $0.target == "/yes" }?.request?.body.content.isEmpty == true)
        client.send("hello")
        #expect(client.answers(1).map(\.text) == ["up:/yes len=5"])
        let other = try bed.client(["POST"])
        other.send(request("POST /no", bearer, "Content-Length: 5", "Expect: 100-continue"))
        other.interims(1)
        other.read { !$0.finals.isEmpty }
        #expect(other.reader.finals.map(\.status) == [403] && other.waitForEnd() != nil)
        try bed.finish()
    }

    @Test("beside a good answer the rest goes on, behind a refusal it does not (BD-2)")
    func early() throws {
        let bed = try bed()
        let okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        bed.script("/good", OriginScript([.send(okay.latin1)], atHead: true))
        let client = try bed.client(["POST"])
        client.send(request("POST /good", bearer, "Content-Length: 300000") + String(repeating: "a", count: 1000))
        #expect(client.answers(1).map(\.text) == ["ok"])
        client.send(String(repeating: "a", count: 299_000))
        #expect(bed.origin.wait { $0.target == "/good" && $0.isComplete } != nil)
        #expect(client.waitForEnd() == .end)

        bed.script("/bad", OriginScript([.send("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno".latin1)], atHead: true))
        let other = try bed.client(["POST"])
        other.send(request("POST /bad", bearer, "Content-Length: 300000") + String(repeating: "a", count: 1000))
        #expect(other.answers(1).map(\.text) == ["no"] && other.waitForEnd() != nil)
        #expect(bed.origin.hasClosed(1) && bed.received("/bad").map(\.isComplete) == [false])
        try bed.finish()
    }
}

@Suite("A large message and a peer that is in no hurry", .timeLimit(.minutes(Pace.minutes(3))))
struct SlowPeerTests {
    private static let length = 100 << 20
    /// What the gateway may take for one transfer: buffers of both connections, far from what is sent.
    private static let roomKiB = 6 * 1024

    /// A gateway in front of `origin`.
    private func gateway(_ origin: Address) throws -> GatewayProcess {
        var config = ConfigText(origin: origin)
        config.defaults = [
            "timeouts: { request_body: 60s, response_head: 60s, response_body: 60s }", "body: { max: 128MiB }",
        ]
        config.credentials.append("own: { strategy: pass_through }")
        config.routes = [
            "{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin, credential: own }"
        ]
        return try GatewayProcess(config.text, files: ConfigText.files)
    }

    private func head(_ count: Int) -> String {
        "POST /large HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer x\r\nContent-Length: \(count)\r\n\r\n"
    }

    /// Waits until `transfer` has not moved for a while.
    private func waitUntilStuck(_ transfer: LargeTransfer) {
        var last = -1
        while true {
            let now = transfer.progress.look { $0.sent }
            if now == last { return }
            last = now
            _ = transfer.wait(atMost: Pace.seconds(1)) { $0.isOver }
        }
    }

    /// By how many KiB the most that `gateway` had exceeds `before`; 0 where that is not judged.
    private func growth(of gateway: GatewayProcess, since before: Int) throws -> Int {
        guard ProcessMemory.isJudged else { return 0 }
        return try ProcessMemory.peakKiB(of: gateway.program.id) - before
    }

    @Test("a slow origin stops the reading from the client: memory stays flat, and all arrives")
    func slowOrigin() throws {
        let (origin, address) = try LargeTransfer.origin(taking: Self.length, answering: 0)
        let gateway = try gateway(address)
        let before = try ProcessMemory.peakKiB(of: gateway.program.id)
        let client = try LargeTransfer(to: gateway.address, head: head(Self.length), sending: Self.length, expecting: 0)
        waitUntilStuck(client)
        #expect(client.progress.look { $0.sent } < Self.length / 2)
        #expect(try growth(of: gateway, since: before) < Self.roomKiB)
        origin.gate.open()
        client.gate.open()
        #expect(client.wait { $0.isOver })
        #expect(origin.progress.look { $0.isRight && $0.taken == Self.length })
        #expect(client.progress.look { $0.head.hasPrefix("HTTP/1.1 200 ") })
        #expect(try growth(of: gateway, since: before) < Self.roomKiB)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("a slow client stops the reading from the origin: memory stays flat, and all arrives (TM-4)")
    func slowClient() throws {
        let (origin, address) = try LargeTransfer.origin(taking: 0, answering: Self.length)
        let gateway = try gateway(address)
        let before = try ProcessMemory.peakKiB(of: gateway.program.id)
        origin.gate.open()
        let client = try LargeTransfer(to: gateway.address, head: head(0), sending: 0, expecting: Self.length)
        waitUntilStuck(origin)
        #expect(origin.progress.look { $0.sent } < Self.length / 2)
        client.gate.open()
        #expect(client.wait { $0.isOver })
        #expect(client.progress.look { $0.isRight && $0.taken == Self.length })
        #expect(try growth(of: gateway, since: before) < Self.roomKiB)
        #expect(try gateway.finish() == .exited(0))
    }
}
