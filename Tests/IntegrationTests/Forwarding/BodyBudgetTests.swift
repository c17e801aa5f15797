import Support
import Testing

@Suite("What all bodies may take together", .timeLimit(.minutes(Pace.minutes(3))))
struct BodyBudgetTests {
    private let large = String(repeating: "a", count: 900 << 10)

    @Test("`body.total` is of the process: one body may have nearly all of it, on whichever worker")
    func whole() throws {
        let bed = try TestBed { $0.defaults.append("body: { memory: 1MiB, total: 1MiB }") }
        for round in 0..<8 {
            #expect(try bed.exchange(request("POST /whole/\(round)", body: large)).status == 200)
        }
        try bed.finish()
    }

    @Test("beyond it a body is refused with 503, and taken once there is room")
    func beyond() throws {
        let bed = try TestBed { $0.defaults.append("body: { memory: 1MiB, total: 1MiB }") }
        let gate = Gate()
        bed.script("/held", OriginScript([.hold(gate), .usual]))
        let first = try bed.client(["POST"])
        first.send(request("POST /held", body: large))
        #expect(bed.origin.wait { $0.target == "/held" && $0.isComplete } != nil)
        let refused = try bed.exchange(request("POST /refused", body: large))
        #expect(refused.head.only("x-ms-error-code") == "Overloaded")
        #expect(refused.head.only("retry-after") != nil)
        gate.open()
        #expect(first.answers(1).map(\.status) == [200])
        #expect(try bed.exchange(request("POST /taken", body: large)).status == 200)
        #expect(bed.received("/refused").isEmpty)
        try bed.finish()
    }

    @Test("a declared digest is compared, and one that is none is not")
    func declaredDigest() throws {
        let bed = try TestBed()
        let right = Base64.encode(ReferenceDigest.sha256(Array("hello".utf8)))
        let wrong = Base64.encode(ReferenceDigest.sha256(Array("hallo".utf8)))
        for (path, digest, status) in [("/right", right, 200), ("/wrong", wrong, 400), ("/none", "abc", 200)] {
            let answer = try bed.exchange(request("POST \(path)", "x-ms-content-sha256: \(digest)", body: "hello"))
            #expect(answer.status == status)
            #expect(answer.head.only("x-ms-error-code") == (status == 400 ? "BodyDigestMismatch" : nil))
        }
        #expect(try bed.exchange(request("GET /empty", "x-ms-content-sha256: \(wrong)")).status == 400)
        #expect(bed.received("/wrong").isEmpty && bed.received("/empty").isEmpty)
        try bed.finish()
    }

    @Test("a body that the disk cannot take is 503, nothing of it is sent, and small ones are served on")
    func noDisk() throws {
        let origin = try RecordingOrigin()
        var config = ConfigText(origin: origin.address)
        config.defaults.append("body: { memory: 16KiB }")
        let gateway = try GatewayProcess(config.text, files: ConfigText.files, environment: ["TMPDIR": "/nowhere"])
        let body = String(repeating: "x", count: 100_000)
        let answer = try #require(
            RawClient(gateway.address).exchange(
                "POST /large HTTP/1.1\r\nHost: gw.test\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"))
        #expect(answer.status == 503 && answer.head.values("x-ms-error-code") == ["Overloaded"])
        #expect(answer.head.values("retry-after").count == 1)
        #expect(origin.recorded.isEmpty)
        #expect(try RawClient(gateway.address).exchange(request("GET /"))?.status == 200)
        #expect(try gateway.finish() == .exited(0))
    }
}
