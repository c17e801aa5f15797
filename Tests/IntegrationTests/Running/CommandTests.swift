import FoundationEssentials
import Support
import Testing

/// config.md section 4, through the real program: what is printed where, and the exit status.
@Suite("The commands")
struct CommandTests {
    private var good: [String: String] {
        ConfigText.files.merging(["config.yaml": ConfigText(origin: .ipv4("127.0.0.1", port: 9)).text]) { $1 }
    }

    @Test(
        "help and version go to standard output",
        arguments: [["--help"], ["version"], ["run", "--help"], ["sign", "-h"]])
    func help(words: [String]) throws {
        let run = try CommandRun(words)
        #expect(run.status == .exited(0))
        #expect(run.output.hasSuffix("\n") && run.error.isEmpty)
    }

    @Test(
        "wrong usage is one line on standard error and status 2",
        arguments: [
            [], ["sevre"], ["run", "--confg", "x"], ["run", "--config"], ["check", "--format", "xml"], ["sign"],
            ["sign", "GET"], ["sign", "GET", "https://a/"], ["dev-cert"], ["emulate", "--bind"],
        ])
    func usage(words: [String]) throws {
        let run = try CommandRun(words)
        #expect(run.status == .exited(2))
        #expect(run.output.isEmpty && run.error.split(separator: "\n").count == 1, "\(run.error)")
    }

    // MARK: check

    @Test("a good file is good", arguments: [["check"], ["check", "--strict"], ["check", "--config", "config.yaml"]])
    func checkGood(words: [String]) throws {
        let run = try CommandRun(words, files: good)
        #expect(run.status == .exited(0), "\(run.output)\(run.error)")
    }

    @Test("a bad file's mistakes are told with their places, and it does not run either", arguments: ["check", "run"])
    func checkBad(command: String) throws {
        var files = good
        files["config.yaml"] = files["config.yaml"]?.replacing("allow:", with: "alow:")
        let run = try CommandRun([command], files: files)
        #expect(run.status == .exited(1))
        let said = run.output + run.error
        #expect(said.contains("config.yaml:") && said.contains("error[E"))
        #expect(said.contains("`alow`") && said.contains("did you mean `allow`?"))
    }

    @Test("what is wrong with a file that is named is told beside all else", arguments: ["check", "run"])
    func allAtOnce(command: String) throws {
        var files = good
        files["no.pem"] = "no certificate"
        files["config.yaml"] = (files["config.yaml"] ?? "").replacing("allow:", with: "alow:").replacing(
            #"main: { bind: "127.0.0.1:0" }"#,
            with: #"main: { bind: "127.0.0.1:0", tls: { certificate: no.pem, key: no.pem } }"#)
        let run = try CommandRun([command], files: files)
        #expect(run.status == .exited(1))
        let said = run.output + run.error
        #expect(said.contains("error[E101]") && said.contains("error[E506]"), "\(said)")
    }

    @Test("a file that is not there is told once", arguments: ["check", "run"])
    func missingFile(command: String) throws {
        var files = good
        files["config.yaml"] = (files["config.yaml"] ?? "").replacing(
            #"main: { bind: "127.0.0.1:0" }"#,
            with: #"main: { bind: "127.0.0.1:0", tls: { certificate: no.pem, key: key1, client_ca: none.pem } }"#)
        let run = try CommandRun([command], files: files)
        let said = run.output + run.error
        #expect(said.split(separator: "error[E506]").count == 3 && said.contains("2 errors,"), "\(said)")
    }

    @Test("a log that cannot be written is told beside a certificate that is none")
    func logAndCertificate() throws {
        var files = good
        files["no.pem"] = "no certificate"
        files["config.yaml"] = (files["config.yaml"] ?? "").replacing("to: stdout", with: "to: /dev/null/log")
            .replacing(
                #"main: { bind: "127.0.0.1:0" }"#,
                with: #"main: { bind: "127.0.0.1:0", tls: { certificate: no.pem, key: no.pem } }"#)
        let run = try CommandRun(["run"], files: files)
        #expect(run.status == .exited(1))
        #expect(run.error.contains("error[E701]") && run.error.contains("error[E506]"), "\(run.error)")
    }

    @Test("a file with a secret in it that others can read is a warning", arguments: [UInt32(0o640), 0o644])
    func readableFile(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let text = "allow_inline_secrets: true\n" + (good["config.yaml"] ?? "").replacing("key1", with: "key1.txt")
        try directory.write("secret.yaml", text, mode: mode)
        let run = try CommandRun(["check", "--config", directory.path + "/secret.yaml"])
        #expect(run.output.contains("warning[W401]"), "\(run.output)")
        #expect(run.output.contains("warning[W402]") == (mode == 0o644), "\(run.output)")
    }

    @Test("a file that is not there is status 1", arguments: ["check", "run"])
    func noFile(command: String) throws {
        let run = try CommandRun([command, "--config", "nothing.yaml"])
        #expect(run.status == .exited(1))
        #expect((run.output + run.error).contains("nothing.yaml"))
    }

    @Test("warnings are status 3 only when asked for")
    func warnings() throws {
        var files = good
        let inline = "keys: [\"\(TestKeys.first)\"]"
        files["config.yaml"] = files["config.yaml"]?
            .replacing(#"keys: ["${file:key1}"]"#, with: inline)
            .replacing("version: 1\n", with: "version: 1\nallow_inline_secrets: true\n")
        let lenient = try CommandRun(["check"], files: files)
        #expect(lenient.status == .exited(0))
        #expect((lenient.output + lenient.error).contains("warning[W"))
        #expect(try CommandRun(["check", "--strict"], files: files).status == .exited(3))
    }

    @Test("diagnostics as JSON are one object a line")
    func checkJSON() throws {
        struct Line: Decodable {
            var severity: String, id: String, message: String, file: String, line: Int, column: Int
            var help: String?
        }
        let run = try CommandRun(
            ["check", "--format", "json", "--config", "bad.yaml"],
            files: ["bad.yaml": "version: 1\nlisteners: {}\nnonsense: 1\nroutes: {}\n"])
        #expect(run.status == .exited(1))
        let lines = (run.output.isEmpty ? run.error : run.output).split(separator: "\n")
        #expect(!lines.isEmpty)
        for line in lines {
            let object = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            #expect(["error", "warning"].contains(object.severity))
            #expect(object.file.hasSuffix("bad.yaml") && object.line >= 1 && object.column >= 1)
        }
    }

    // MARK: sign

    private struct Headers {
        var date: String, digest: String, authorization: String

        init?(_ text: String) {
            let lines = text.split(separator: "\n")
            guard let head = try? StrictHead("x\r\n\(lines.joined(separator: "\r\n"))".latin1), lines.count == 3,
                let date = head.only("x-ms-date"), let digest = head.only("x-ms-content-sha256"),
                let authorization = head.only("authorization")
            else { return nil }
            (self.date, self.digest, self.authorization) = (date, digest, authorization)
        }
    }

    @Test(
        "`sign` prints three header lines that verify",
        arguments: [
            (
                "POST", "https://contoso.communication.azure.com/sms?api-version=2021-03-07",
                "contoso.communication.azure.com",
                "/sms?api-version=2021-03-07"
            ),
            ("get", "https://h.test:8443/a//b?c=%2B", "h.test:8443", "/a//b?c=%2B"),
            ("DELETE", "https://h.test:443", "h.test", "/"), ("PUT", "http://h.test:80/x?", "h.test", "/x"),
        ])
    func sign(method: String, url: String, host: String, target: String) throws {
        let body = "{\"a\":1}"
        let date = "Mon, 23 Nov 2026 09:08:07 GMT"
        let run = try CommandRun(
            ["sign", method, url, "--key", "key1", "--body", "body.json", "--date", date],
            files: ConfigText.files.merging(["body.json": body]) { $1 })
        #expect(run.status == .exited(0), "\(run.error)")
        let headers = try #require(Headers(run.output))
        #expect(headers.date == date)
        #expect(headers.digest == Base64.encode(ReferenceDigest.sha256(Array(body.utf8))))
        let expected = AccessKeyCheck.authorization(
            key: TestKeys.firstCheck.key, method: method.uppercased(), target: target, date: date, host: host,
            digest: headers.digest)
        #expect(headers.authorization == expected)
    }

    @Test("without `--date` it is now, without `--body` it is empty, and `--explain` shows what is signed")
    func signDefaults() throws {
        let run = try CommandRun(["sign", "GET", "https://h.test/x", "--key", "key1"], files: ConfigText.files)
        let headers = try #require(Headers(run.output))
        #expect(headers.digest == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        let now = wallClockSeconds()
        #expect((0...60).contains { imfFixdate(now - $0) == headers.date })
        let explained = try CommandRun(
            ["sign", "GET", "https://h.test/x", "--key", "key1", "--explain"], files: ConfigText.files)
        #expect(explained.status == .exited(0))
        #expect((explained.output + explained.error).contains("GET\n/x\n"))
    }

    @Test("a key that is none, or not there, is status 1", arguments: ["not base64!", "", nil])
    func badKey(key: String?) throws {
        let files = key.map { ["key": $0] } ?? [:]
        let run = try CommandRun(
            ["sign", "GET", "https://h.test/x", "--key", "key"], files: files, secrets: ["not base64!"])
        #expect(run.status == .exited(1))
        #expect(run.output.isEmpty && run.error.split(separator: "\n").count == 1)
    }

    // MARK: run

    @Test("`run` takes `config.yaml` of the directory that it is started in")
    func defaultConfig() throws {
        let directory = try TemporaryDirectory()
        let origin = try RecordingOrigin()
        for (name, content) in ConfigText.files { try directory.write(name, content) }
        try directory.write("config.yaml", ConfigText(origin: origin.address).text)
        let program = try RunningProgram(GatewayProcess.programPath(), ["run"], directory: directory.path)
        let line = program.progress.wait(until: .now + Pace.seconds(20)) { progress in
            let lines = String(decoding: progress.standardError, as: UTF8.self).split(separator: "\n")
            return lines.compactMap { ServingLine(String($0)) }.first
        }
        let address = try #require(line?.addresses.first)
        #expect(try RawClient(address).exchange(request("GET /a"))?.text == "up:/a len=0")
        program.signal(15)
        #expect(program.wait(atMost: Pace.seconds(30)) == .exited(0))
    }
}
