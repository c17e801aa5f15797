import Bytes
import Crypto
import FoundationEssentials
import Support
import Testing

@testable import acs_gateway

@Suite("Signing by hand")
struct SignCommandTests {
    /// As the file has them.
    struct Vectors: Decodable {
        struct Vector: Decodable {
            struct Expected: Decodable {
                let authorization: String
                let digest: String
                let signedText: String

                private enum CodingKeys: String, CodingKey {
                    case authorization
                    case digest = "x-ms-content-sha256"
                    case signedText = "string_to_sign"
                }
            }

            let name: String
            let method: String
            let url: String
            let body: String
            let key: String
            let date: String
            let expected: Expected

            private enum CodingKeys: String, CodingKey {
                case name, method, url
                case body = "body_base64"
                case key = "access_key_base64"
                case date = "x_ms_date"
                case expected = "expect"
            }
        }

        let vectors: [Vector]
    }

    @Test("each recorded signature is printed, and with `--explain` what was signed")
    func vectors() throws {
        let vectors = try JSONDecoder().decode(Vectors.self, from: Data(Fixtures.bytes("vectors/hmac.json"))).vectors
        #expect(vectors.count == 108)
        let place = try TemporaryDirectory()
        for vector in vectors {
            try place.write("key", vector.key + "\n")
            try place.write("body", Base64.decode(Array(vector.body.utf8).span))
            let words = [
                "sign", vector.method, vector.url, "--key", place.path + "/key", "--body", place.path + "/body",
                "--date", vector.date,
            ]
            let console = RecordingConsole()
            #expect(Program.run(words, console: console) == .success, "\(vector.name): \(console.complaints)")
            let expected = vector.expected
            let lines = """
                x-ms-date: \(vector.date)
                x-ms-content-sha256: \(expected.digest)
                authorization: \(expected.authorization)

                """
            #expect(console.output == lines, "\(vector.name)")
            let explained = RecordingConsole()
            #expect(Program.run(words + ["--explain"], console: explained) == .success)
            #expect(explained.output.hasPrefix(lines) && explained.output.hasSuffix("\n\n\(expected.signedText)\n"))
            #expect(!explained.output.contains(vector.key))
        }
    }

    @Test(
        "wrong usage is told",
        arguments: [
            (["GET", "https://h/x"], "`--key FILE` is missing"),
            (["GE T", "https://h/x", "--key=k"], "METHOD `GE T` is none; it has letters and `-` only"),
            (["", "https://h/x", "--key=k"], "METHOD is empty"),
            (["GET", "h/x", "--key=k"], "URL has no scheme; write `https://` in front"),
            (
                ["GET", "https://h/x", "--key=k", "--date=Mon, 23 Nov 2026 9:08:07 GMT"],
                "`--date` is no date of HTTP; write it like `Mon, 23 Nov 2026 09:08:07 GMT`"
            ),
            (
                ["GET", "https://h/x", "--key=k", "--date=Tue, 23 Nov 2026 09:08:07 GMT"],
                "`--date` is no date of HTTP; write it like `Mon, 23 Nov 2026 09:08:07 GMT`"
            ),
        ])
    func usage(words: [String], message: String) {
        let console = RecordingConsole()
        #expect(Program.run(["sign"] + words, console: console) == .usage)
        #expect(console.complaints == "acs-gateway sign: \(message); see `acs-gateway sign --help`\n")
    }

    @Test("a body that cannot be read is told, and nothing is signed")
    func unreadableBody() throws {
        let place = try TemporaryDirectory()
        try place.write("key", "c2VjcmV0")
        let words = ["sign", "GET", "https://h/x", "--key", place.path + "/key", "--body", "/nowhere"]
        let console = RecordingConsole()
        #expect(Program.run(words, console: console) == .failed)
        #expect(console.output == "")
        #expect(console.complaints == "acs-gateway sign: cannot read `/nowhere`: No such file or directory\n")
    }
}
