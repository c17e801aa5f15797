import Testing

@testable import acs_gateway

@Suite("The emulator's command line")
struct EmulateCommandTests {
    @Test(
        "what makes no sense is told before anything is started",
        arguments: [
            (["--latency", "5"], "`--latency` has no unit; did you mean `5s`?"),
            (["--latency", "2h"], "`--latency` is too large; it takes `0ms` to `1h`"),
            (["--reject-rate", "2"], "`--reject-rate` is not a share; it takes 0 to 1, such as 0.1"),
            (["--reject-rate", "nan"], "`--reject-rate` is not a share; it takes 0 to 1, such as 0.1"),
            (["--throttle", "many"], "`--throttle` is not a whole number; write digits alone"),
            (["--email-polls", "1001"], "`--email-polls` is out of bounds; it takes 0 to 1000"),
            (["--certificate", "x"], "`--certificate` needs `--key`"),
            (["--key", "x"], "`--key` needs `--certificate`"),
            (
                ["--access-key=YQ==", "--access-key=Yg==", "--access-key-file=c"],
                "a resource has at most two access keys"
            ),
            (["--bind", "8090"], "`--bind` is no address; write `127.0.0.1:8090` or `[::1]:8090`"),
            (["--bind", "1.2.3.4:99999"], "`--bind` is no address; write `127.0.0.1:8090` or `[::1]:8090`"),
            (["--access-key", " "], "what `--access-key` gives is empty; an access key is base64"),
        ])
    func usage(words: [String], message: String) {
        let console = RecordingConsole()
        #expect(Program.run(["emulate"] + words, console: console) == .usage)
        #expect(console.complaints == "acs-gateway emulate: \(message); see `acs-gateway emulate --help`\n")
    }

    @Test(
        "what cannot be used is told, and a key never with it",
        arguments: [
            (["--access-key-file", "/nowhere"], "cannot read `/nowhere`: No such file or directory"),
            (["--access-key-file", "/"], "cannot read `/`: Is a directory"),
            (["--access-key-file", "/dev/null"], "`/dev/null` is empty; an access key is base64"),
            (["--access-key-file", "/dev/zero"], "cannot read `/dev/zero`: File too large"),
            (["--certificate", "/nowhere", "--key", "x"], "`/nowhere` cannot be read: No such file or directory"),
        ])
    func failures(words: [String], message: String) {
        let console = RecordingConsole()
        #expect(Program.run(["emulate"] + words, console: console) == .failed)
        #expect(console.complaints.hasPrefix("acs-gateway emulate: \(message)"), "\(console.complaints)")
        #expect(console.output == "")
    }

    @Test("a key that is none is wrong usage, and is not repeated")
    func badKey() {
        let console = RecordingConsole()
        #expect(Program.run(["emulate", "--access-key", "c2VjcmV0!"], console: console) == .usage)
        let message = "acs-gateway emulate: what `--access-key` gives is no access key: not base64: "
        #expect(console.complaints.hasPrefix(message) && !console.complaints.contains("c2VjcmV0"))
    }
}
