import Support
import Testing

/// config.md section 4: `SIGHUP`, `SIGTERM`, and what stays as it is meanwhile.
@Suite("A changed configuration", .serialized)
struct ReloadTests {
    private static let sighup: Int32 = 1

    @Test("64 connections under load notice nothing of 50 reloads")
    func underLoad() throws {
        let (first, second) = (try RecordingOrigin(), try RecordingOrigin())
        let texts = [first, second].map { ConfigText(origin: $0.address).text }
        let gateway = try GatewayProcess(texts[0], files: ConfigText.files)
        let load = Monitor(Load())
        for worker in 0..<4 {
            let address = gateway.address
            startThread { keepAsking(address, connections: 16, worker: worker, load) }
        }
        for round in 1...50 {
            // Every connection is in use before the next change, and some request was answered since the last one.
            let answered = load.look(\.answered)
            let isLoaded = load.wait(until: .now + Pace.seconds(20)) {
                $0.answered > answered && $0.workers == 4 ? true : nil
            }
            #expect(isLoaded == true)
            try gateway.directory.write("config.yaml", texts[round % 2])
            try gateway.reload(expecting: round + 1)
        }
        load.change { $0.isOver = true }
        #expect(load.wait(until: .now + Pace.seconds(20)) { $0.finished == 4 ? true : nil } == true)
        let failures = load.look(\.failures)
        #expect(failures.isEmpty, "\(failures.prefix(5))")
        #expect(load.look(\.reconnected) == 0)
        for origin in [first, second] {
            let recorded = origin.recorded
            #expect(!recorded.isEmpty)
            #expect(recorded.allSatisfy { $0.problem == nil && $0.isComplete })
        }
        let answered = load.look(\.answered)
        #expect(first.recorded.count + second.recorded.count == answered)
        #expect(try gateway.finish() == .exited(0))
        expectNoSecret(in: gateway.program)
    }

    @Test("signals during a reload are not lost: the file as it is at the last one serves in the end")
    func burst() throws {
        let (first, second) = (try RecordingOrigin(), try RecordingOrigin())
        let gateway = try GatewayProcess(ConfigText(origin: first.address).text, files: ConfigText.files)
        for round in 0..<20 {
            try gateway.directory.write("config.yaml", round % 2 == 0 ? "version: 1\nlisteners: [" : "routes: 7\n")
            gateway.program.signal(Self.sighup)
        }
        try gateway.directory.write("config.yaml", ConfigText(origin: second.address).text)
        try gateway.reload(expecting: 2)
        #expect(try RawClient(gateway.address).exchange(request("GET /"))?.status == 200)
        #expect(first.recorded.isEmpty && second.recorded.count == 1)
        #expect(try gateway.finish() == .exited(0))
    }

    @Test("a refused configuration is told with its diagnostics, and the old one serves on")
    func refused() throws {
        let bed = try TestBed()
        let client = try bed.client()
        #expect(client.exchange(request("GET /before"))?.status == 200)
        try bed.gateway.directory.write("config.yaml", "version: 1\nlisteners: { main: { bnd: x } }\n")
        bed.gateway.program.signal(Self.sighup)
        let line = try bed.gateway.line { $0.hasPrefix("acs-gateway: reload refused") ? $0 : nil }
        #expect(line == "acs-gateway: reload refused, generation 1 stays")
        let said = bed.gateway.standardError
        #expect(said.contains("config.yaml:2:") && said.contains("error[E") && said.contains("`bnd`"))
        #expect(client.exchange(request("GET /after"))?.text == "up:/after len=0")
        #expect(try bed.exchange(request("GET /anew")).text == "up:/anew len=0")
        try bed.gateway.directory.write("config.yaml", ConfigText(origin: bed.origin.address).text + "# new\n")
        try bed.gateway.reload(expecting: 2)
        #expect(client.exchange(request("GET /second"))?.text == "up:/second len=0")
        try bed.finish()
    }

    @Test("a file that is gone is refused")
    func gone() throws {
        let bed = try TestBed()
        try bed.gateway.directory.remove("config.yaml")
        bed.gateway.program.signal(Self.sighup)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload refused, generation 1 stays" ? true : nil }
        #expect(try bed.exchange(request("GET /after")).status == 200)
        try bed.finish()
    }

    @Test("an unchanged configuration is told")
    func unchanged() throws {
        let bed = try TestBed()
        bed.gateway.program.signal(Self.sighup)
        let line = try bed.gateway.line { $0.hasPrefix("acs-gateway: reload unchanged") ? $0 : nil }
        #expect(line == "acs-gateway: reload unchanged, generation 1")
        try bed.finish()
    }

    @Test("a changed secret file is a change, though the configuration reads the same")
    func changedSecret() throws {
        let bed = try TestBed()
        #expect(try bed.exchange(request("GET /a")).status == 200)
        try bed.gateway.directory.write("key1", TestKeys.second)
        try bed.gateway.reload(expecting: 2)
        #expect(try bed.exchange(request("GET /b")).status == 200)
        let (old, new) = (bed.received("/a").first?.request, bed.received("/b").first?.request)
        #expect(old.map(TestKeys.firstCheck.isSignature) == true)
        #expect(new.map(TestKeys.secondCheck.isSignature) == true)
        try bed.finish()
    }

    @Test("a request in flight ends under the configuration that it began with")
    func inFlight() throws {
        let other = try RecordingOrigin()
        let bed = try TestBed()
        let gate = Gate()
        bed.script("/held", OriginScript([.hold(gate), .usual]))
        let client = try bed.client()
        client.send(request("GET /held"))
        #expect(bed.origin.wait { $0.target == "/held" && $0.isComplete } != nil)
        let half = try bed.client(["POST"])
        half.send(request("POST /half", "Expect: 100-continue", "Content-Length: 4"))
        #expect(half.interims(1).count == 1)
        try bed.gateway.directory.write("config.yaml", ConfigText(origin: other.address).text)
        try bed.gateway.reload(expecting: 2)
        #expect(try bed.exchange(request("GET /new")).status == 200)
        gate.open()
        half.send("done")
        #expect(client.answers(1).first?.text == "up:/held len=0")
        #expect(half.answers(1).first?.text == "up:/half len=4")
        #expect(client.exchange(request("GET /next"))?.status == 200)
        #expect(bed.origin.recorded.map(\.target).sorted() == ["/half", "/held"])
        #expect(other.recorded.map(\.target).sorted() == ["/new", "/next"])
        try bed.finish()
    }

    @Test("listeners that stay are not closed, the others come and go")
    func listeners() throws {
        let directory = try TemporaryDirectory()
        func text(_ origin: Address, _ listeners: [String]) -> String {
            var config = ConfigText(origin: origin)
            config.listeners = listeners
            return config.text
        }
        let origin = try RecordingOrigin()
        let kept = #"kept: { bind: "127.0.0.1:0" }"#
        let leaving = "leaving: { bind: \"unix:\(directory.path)/leaving\" }"
        let coming = "coming: { bind: \"unix:\(directory.path)/coming\" }"
        let gateway = try GatewayProcess(text(origin.address, [kept, leaving]), files: ConfigText.files)
        let onKept = try RawClient(gateway.address)
        let onLeaving = try RawClient(gateway.started.addresses[1])
        #expect(onKept.exchange(request("GET /a"))?.status == 200)
        #expect(onLeaving.exchange(request("GET /b"))?.status == 200)
        try gateway.directory.write("config.yaml", text(origin.address, [coming, kept]))
        let line = try gateway.reload(expecting: 2)
        #expect(line.addresses == [.unix(directory.path + "/coming"), gateway.address])
        #expect(onKept.exchange(request("GET /c"))?.status == 200)
        #expect(try RawClient(line.addresses[0]).exchange(request("GET /d"))?.status == 200)
        #expect(throws: SystemError.self) { try Socket.connected(to: .unix(directory.path + "/leaving")) }
        #expect(Files.mode(of: directory.path + "/leaving") == nil)
        #expect(try gateway.finish() == .exited(0))
        #expect(Files.mode(of: directory.path + "/coming") == nil)
    }

    @Test("upstream connections of an unchanged resource stay warm")
    func warm() throws {
        let bed = try TestBed { $0.top = ["revision: one"] }
        let client = try bed.client()
        #expect(client.exchange(request("GET /a"))?.status == 200)
        var changed = ConfigText(origin: bed.origin.address)
        changed.top = ["revision: two"]
        try bed.gateway.directory.write("config.yaml", changed.text)
        try bed.gateway.reload(expecting: 2)
        #expect(client.exchange(request("GET /b"))?.status == 200)
        #expect(bed.origin.connectionCount == 1)
        try bed.finish()
    }
}

/// What the threads of the load tell.
private struct Load {
    /// Threads whose connections are all in use; threads that are done.
    var workers = 0
    var finished = 0
    var answered = 0
    var reconnected = 0
    var failures: [String] = []
    var isOver = false
}

/// Keeps `connections` connections busy, a request at a time on each, until the test is over.
///
/// A connection that the gateway closes after an answer that said so is opened again; anything else is a failure.
private func keepAsking(_ address: Address, connections: Int, worker: Int, _ load: Monitor<Load>) {
    var clients = (0..<connections).compactMap { _ in try? RawClient(address) }
    if clients.count < connections { load.change { $0.failures.append("cannot connect") } }
    var round = 0
    while !load.look(\.isOver), !clients.isEmpty {
        round += 1
        let targets = clients.indices.map { "/load/\(worker)/\($0)/\(round)" }
        for (client, target) in zip(clients, targets) { client.send(request("GET \(target)")) }
        for (index, target) in targets.enumerated() {
            let answer = clients[index].answers(round).last
            let isRight = answer?.status == 200 && answer?.text == "up:\(target) len=0"
            let closes = answer?.head.values("connection").contains("close") == true
            load.change { load in
                if isRight {
                    load.answered += 1
                } else {
                    load.failures.append("\(target): \(String(describing: answer))")
                }
                if closes { load.reconnected += 1 }
            }
            guard isRight, !closes else { return load.change { $0.finished += 1 } }
        }
        if round == 1 { load.change { $0.workers += 1 } }
    }
    load.change { $0.finished += 1 }
    clients = []
}
