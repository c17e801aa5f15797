import Support
import Testing

@Suite("Listeners")
struct ListenerTests {
    @Test("a unix socket has the mode that the file says, and goes with the program")
    func unixSocket() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/app.sock"
        let bed = try TestBed { config in
            config.listeners = [
                "app: { bind: \"unix:\(path)\", mode: \"0660\" }", "own: { bind: \"unix:\(path)2\" }",
            ]
        }
        #expect(bed.gateway.started.addresses == [.unix(path), .unix(path + "2")])
        #expect(Files.mode(of: path) == 0o660)
        #expect(Files.mode(of: path + "2") == 0o600)
        #expect(try bed.exchange(request("GET /a")).text == "up:/a len=0")
        try bed.finish()
        #expect(try Files.names(in: directory.path).isEmpty)
    }

    @Test("a socket that a dead program left behind is replaced, another file is not")
    func leftBehind() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/app.sock"
        _ = try Socket.listening(on: .unix(path))
        let bed = try TestBed { $0.listeners = ["app: { bind: \"unix:\(path)\" }"] }
        #expect(try bed.exchange(request("GET /a")).status == 200)
        try bed.finish()
        try directory.write("app.sock", "precious")
        #expect(try startFails { $0.listeners = ["app: { bind: \"unix:\(path)\" }"] }.contains(path))
        #expect(try Files.bytes(at: path) == Array("precious".utf8))
    }

    @Test("a unix socket whose file was taken away is bound again by the next reload, though nothing else changed")
    func takenAway() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/app.sock"
        let bed = try TestBed { $0.listeners = ["app: { bind: \"unix:\(path)\", mode: \"0660\" }"] }
        let old = try bed.client()
        #expect(old.exchange(request("GET /old"))?.status == 200)
        try directory.remove("app.sock")
        try bed.gateway.reload(expecting: 2)
        #expect(Files.mode(of: path) == 0o660)
        #expect(old.exchange(request("GET /still"))?.status == 200)
        #expect(try RawClient(.unix(path)).exchange(request("GET /new"))?.status == 200)
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload unchanged, generation 2" ? true : nil }
        old.close()
        try bed.finish()
        #expect(try Files.names(in: directory.path).isEmpty)
    }

    @Test("a file that somebody put in place of the socket is his, at a reload and at the end")
    func replacedByAnother() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/app.sock"
        let bed = try TestBed { $0.listeners = ["app: { bind: \"unix:\(path)\" }"] }
        try directory.remove("app.sock")
        try directory.write("app.sock", "precious")
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload refused, generation 1 stays" ? true : nil }
        try bed.finish()
        #expect(try Files.bytes(at: path) == Array("precious".utf8))
    }

    @Test("several listeners are told in the file's order, with their real ports")
    func order() throws {
        let bed = try TestBed { config in
            config.listeners = [
                #"z: { bind: "127.0.0.1:0" }"#, #"a: { bind: "[::1]:0" }"#, #"m: { bind: "127.0.0.1:0" }"#,
            ]
        }
        let addresses = bed.gateway.started.addresses
        #expect(addresses.count == 3 && !addresses.contains { $0.port == 0 })
        #expect(addresses[1] == .ipv6("::1", port: addresses[1].port))
        for address in addresses {
            #expect(try RawClient(address).exchange(request("GET /a"))?.text == "up:/a len=0")
        }
        try bed.finish()
    }

    @Test("a route may be for one listener alone")
    func routeOfListener() throws {
        let bed = try TestBed { config in
            config.listeners.append(#"other: { bind: "127.0.0.1:0" }"#)
            config.routes = ["{ name: a, match: { listener: other }, allow: [anonymous], resource: origin }"]
        }
        #expect(try bed.exchange(request("GET /a")).status == 404)
        #expect(try RawClient(bed.gateway.started.addresses[1]).exchange(request("GET /a"))?.status == 200)
        try bed.finish()
    }

    @Test("an address that is taken fails the load with status 1")
    func taken() throws {
        let taken = try RecordingOrigin()
        let said = try startFails { $0.listeners = ["main: { bind: \"\(taken.address)\" }"] }
        #expect(said.contains("\(taken.address)"))
        let bed = try TestBed()
        let again = try startFails { $0.listeners = ["main: { bind: \"\(bed.gateway.address)\" }"] }
        #expect(again.contains("\(bed.gateway.address)"))
        try bed.finish()
    }

    @Test("an address that is taken refuses a reload, and nothing is lost")
    func takenOnReload() throws {
        let bed = try TestBed()
        let taken = try RecordingOrigin()
        var config = ConfigText(origin: bed.origin.address)
        config.listeners = [#"fresh: { bind: "127.0.0.1:0" }"#, "main: { bind: \"\(taken.address)\" }"]
        try bed.gateway.directory.write("config.yaml", config.text)
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0 == "acs-gateway: reload refused, generation 1 stays" ? true : nil }
        #expect(try bed.exchange(request("GET /a")).status == 200)
        try bed.finish()
    }

    /// Starts a gateway that must fail; gives what it said.
    private func startFails(_ configure: (inout ConfigText) -> Void) throws -> String {
        var config = ConfigText(origin: .ipv4("127.0.0.1", port: 9))
        configure(&config)
        let run = try CommandRun(["run"], files: ConfigText.files.merging(["config.yaml": config.text]) { $1 })
        #expect(run.status == .exited(1))
        #expect(!run.error.isEmpty)
        return run.error
    }
}
