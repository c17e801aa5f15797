import Bytes
import Support
import Testing

@testable import acs_gateway

@Suite("A development certificate")
struct DevCertCommandTests {
    @Test("three files are made, the key for its owner alone, and the directory with them")
    func files() throws {
        let place = try TemporaryDirectory()
        let console = RecordingConsole()
        let directory = place.path + "/new/certs"
        #expect(Program.run(["dev-cert", directory, "--host", "acs.internal"], console: console) == .success)
        #expect(console.complaints == "" && console.output.contains("::1 and acs.internal\n"))
        #expect(Files.mode(of: directory + "/server.key") == 0o600)
        for (file, mark) in [("ca.pem", "CERTIFICATE"), ("server.pem", "CERTIFICATE"), ("server.key", "PRIVATE KEY")] {
            let text = String(decoding: try Files.bytes(at: "\(directory)/\(file)"), as: UTF8.self)
            #expect(text.hasPrefix("-----BEGIN \(mark)-----\n"))
        }
        #expect(!console.output.contains("BEGIN"))
    }

    @Test(
        "files that are there are kept, unless they may be replaced", arguments: ["ca.pem", "server.pem", "server.key"])
    func replacing(file: String) throws {
        let place = try TemporaryDirectory()
        try place.write(file, "old", mode: 0o644)
        let console = RecordingConsole()
        #expect(Program.run(["dev-cert", place.path], console: console) == .failed)
        #expect(
            console.complaints
                == "acs-gateway dev-cert: `\(place.path)/\(file)` is there already; `--force` replaces it\n")
        #expect(try Files.names(in: place.path) == [file])
        #expect(Program.run(["dev-cert", place.path, "--force"], console: RecordingConsole()) == .success)
        #expect(try Files.names(in: place.path) == ["ca.pem", "server.key", "server.pem"])
        #expect(Files.mode(of: place.path + "/server.key") == 0o600)
    }

    @Test(
        "what cannot be done is one line and status 1",
        arguments: [
            (["dev-cert", "/dev/null/x"], "cannot make `/dev/null/x/`: Not a directory"),
            (["dev-cert", "/proc"], "cannot write `/proc/server.key`: "),
        ])
    func failures(words: [String], message: String) {
        let console = RecordingConsole()
        #expect(Program.run(words, console: console) == .failed)
        #expect(console.complaints.hasPrefix("acs-gateway dev-cert: \(message)"), "\(console.complaints)")
        #expect(console.output == "")
    }

    @Test("an empty DIR, such as a variable that is not set, is wrong usage")
    func noDirectory() {
        let console = RecordingConsole()
        #expect(Program.run(["dev-cert", ""], console: console) == .usage)
        #expect(console.complaints.hasPrefix("acs-gateway dev-cert: DIR is empty"))
    }

    @Test("a name that is none is wrong usage, and nothing is written", arguments: ["a b", "", "a\u{0}", "x,DNS:y"])
    func badName(name: String) throws {
        let place = try TemporaryDirectory()
        let console = RecordingConsole()
        #expect(Program.run(["dev-cert", place.path, "--host=\(name)"], console: console) == .usage)
        #expect(console.complaints.hasPrefix("acs-gateway dev-cert: `--host"), "\(console.complaints)")
        #expect(try Files.names(in: place.path).isEmpty)
    }
}
