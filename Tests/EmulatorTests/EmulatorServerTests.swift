import Bytes
import Crypto
import HTTP1
import Support
import Testing
import Transport

@testable import Emulator

/// An emulator on a free port, served by a thread of its own until the last reference goes.
final class RunningEmulator {
    let address: Address
    private let server: EmulatorServer

    init(_ behaviour: EmulatorBehaviour = EmulatorBehaviour(), tls: TLSIdentity? = nil) throws {
        var options = EmulatorOptions()
        options.bind = "127.0.0.1:0"
        options.behaviour = behaviour
        options.tls = tls
        let server = try EmulatorServer(options)
        self.server = server
        let scheme = tls == nil ? "http://" : "https://"
        try #require(server.origin.hasPrefix(scheme))
        address = try #require(Address(String(server.origin.dropFirst(scheme.count))))
        try Thread.start("emulator") { try? server.run() }
    }

    deinit { server.stop() }

    /// A request signed with the development key, as bytes.
    static func signed(_ method: String, _ target: String, fields: String = "", json: String = "") -> String {
        let now = Int(WallClock.current() / 1_000_000_000)
        let key = HMACKey(EmulatorOptions().accessKeys[0])
        var request = signedRequest(method, target, json: json.isEmpty ? nil : json, key: key, atSeconds: now)
        if !json.isEmpty { request.fields.append(EmulatedField("Content-Length", String(request.body.count))) }
        let lines = request.fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "\(method) \(target) HTTP/1.1\r\n\(lines)\(fields)\r\n\(json)"
    }
}

@Suite("The emulator on a socket")
struct EmulatorServerTests {
    private let numbers = RunningEmulator.signed("GET", "/phoneNumbers?api-version=2025-06-01")

    @Test("requests of one connection are answered in order, pipelined or not") func keepAlive() throws {
        let emulator = try RunningEmulator()
        let client = try RawClient(emulator.address, methods: ["GET", "POST", "GET"])
        client.send(
            numbers + RunningEmulator.signed("POST", "/identities?api-version=2023-10-01", json: "{}")
                + "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answers(3).map(\.status) == [200, 201, 401])
        #expect(client.exchange(numbers)?.status == 200)
        #expect(client.reader.problem == nil)
    }

    @Test("the last answer of a connection is followed by its end") func close() throws {
        let emulator = try RunningEmulator()
        for request in ["GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
            let client = try RawClient(emulator.address)
            client.send(request)
            #expect(client.answers(1).map(\.status) == [401])
            #expect(client.waitForEnd() == .end)
            #expect(client.reader.finals[0].head.values("connection") == ["close"])
        }
    }

    @Test("when it is stopped, its connections end") func stop() throws {
        var emulator: RunningEmulator? = try RunningEmulator()
        let client = try RawClient(try #require(emulator).address)
        #expect(client.exchange(numbers)?.status == 200)
        emulator = nil
        #expect(client.waitForEnd() != nil)
    }

    @Test("a client that goes on sending is told why it is not heard, and let go") func flood() throws {
        let emulator = try RunningEmulator()
        let client = try RawClient(emulator.address, methods: ["POST"])
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 40000000\r\n\r\n")
        let block = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<64 where !client.send(block) { break }
        #expect(client.answers(1).map(\.status) == [413])
        #expect(client.waitForEnd() != nil)
    }

    @Test("what is no HTTP is answered and counted, and the connection ends") func malformed() throws {
        let emulator = try RunningEmulator()
        let client = try RawClient(emulator.address)
        client.send("GET / HTTP/1.1\r\nHost: h\r\nBad name: x\r\n\r\n")
        #expect(client.answers(1).map(\.status) == [400])
        #expect(client.waitForEnd() == .end)
        let journal = try RawClient(emulator.address).exchange("GET /_emulator/requests HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(journal?.text == #"{"dropped":0,"malformed":1,"requests":[]}"#)
    }

    @Test("a large body comes through, with the client waiting to be told") func largeBody() throws {
        let emulator = try RunningEmulator()
        let content = String(repeating: "A", count: 11_000_000)
        let json =
            #"{"senderAddress":"a@b","content":{"subject":"s","html":"h"},"recipients":{"to":[{"address":"a@b"}]},"#
            + "\"attachments\":[{\"name\":\"n\",\"contentType\":\"a/b\",\"contentInBase64\":\"\(content)\"}]}"
        let request = RunningEmulator.signed(
            "POST", "/emails:send?api-version=2025-09-01", fields: "Expect: 100-continue\r\n", json: json)
        let bytes = Array(request.utf8)
        let client = try RawClient(emulator.address, methods: ["POST"], patience: Pace.seconds(60))
        client.send(Array(bytes.dropLast(json.utf8.count)))
        #expect(client.interims(1).map(\.status) == [100])
        client.send(Array(bytes.suffix(json.utf8.count)))
        #expect(client.answers(1).map(\.status) == [202])
    }

    @Test("it speaks TLS, and its links say so") func tls() throws {
        let validity = DevelopmentAuthority.Validity.thirtyDays(from: wallClockSeconds())
        let authority = try DevelopmentAuthority(valid: validity)
        let emulator = try RunningEmulator(tls: authority.issue(for: ["localhost"], valid: validity))
        let folder = try TemporaryDirectory()
        try folder.write("ca.pem", authority.certificate.text.withBytes { $0.array })
        let stream = try TLSStream.client(
            over: Socket.connected(to: emulator.address), trusting: folder.path + "/ca.pem", name: "localhost")
        let client = RawClient(over: stream, methods: ["POST", "GET"])
        let json =
            #"{"senderAddress":"a@b","content":{"subject":"s","html":"h"},"recipients":{"to":[{"address":"a@b"}]}}"#
        client.send(RunningEmulator.signed("POST", "/emails:send?api-version=2025-09-01", json: json) + numbers)
        #expect(client.answers(2).map(\.status) == [202, 200])
        let link = client.reader.finals[0].head.values("operation-location").first
        #expect(link?.hasPrefix("https://contoso.communication.azure.com//emails/operations/") == true)
    }

    @Test("answers are held back by the latency, each by its own") func latency() throws {
        var behaviour = EmulatorBehaviour()
        behaviour.latency = .milliseconds(60)
        let emulator = try RunningEmulator(behaviour)
        let client = try RawClient(emulator.address)
        let start = ContinuousClock.now
        client.send(numbers + numbers)
        #expect(client.answers(2).map(\.status) == [200, 200])
        #expect(ContinuousClock.now - start >= .milliseconds(120))
        let last = try RawClient(emulator.address)
        last.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(last.waitForEnd() == .end)
        #expect(last.reader.finals.map(\.status) == [401])
    }

    @Test("an address that is taken, or none, is refused with its name") func addresses() throws {
        let emulator = try RunningEmulator()
        var options = EmulatorOptions()
        options.bind = emulator.address.description
        #expect(throws: EmulatorError.cannotListen(address: options.bind, reason: "Address already in use")) {
            try EmulatorServer(options)
        }
        for text in ["", "8090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "example.com:80", "[::1]"] {
            options.bind = text
            #expect(throws: EmulatorError.malformedAddress(text)) { try EmulatorServer(options) }
        }
    }

    @Test("knobs out of range are refused") func knobs() {
        var keyless = EmulatorOptions()
        keyless.accessKeys = []
        #expect(throws: EmulatorError.accessKeys) { try EmulatorServer(keyless) }
        keyless.accessKeys = [Secret(copying: "")]
        #expect(throws: EmulatorError.accessKeys) { try EmulatorServer(keyless) }
        let edits: [(inout EmulatorBehaviour) -> Void] = [
            { $0.rejectRate = 1.5 }, { $0.rejectRate = .nan }, { $0.latency = .seconds(-1) },
            { $0.throttlePerMinute = -1 }, { $0.emailPolls = -1 }, { $0.publicHost = "" }, { $0.publicHost = "a/b" },
            { $0.publicHost = "a\r\nb: c" },
        ]
        for edit in edits {
            var options = EmulatorOptions()
            edit(&options.behaviour)
            #expect(throws: EmulatorError.self) { try EmulatorServer(options) }
        }
    }

    @Test("the development key is 64 bytes, as the service's keys are") func developmentKey() {
        #expect(EmulatorOptions().accessKeys.map(\.count) == [64])
        #expect(EmulatorOptions.developmentAccessKey.utf8.count == 88)
    }
}
