import Bytes
import Crypto
import Telemetry
import Testing

@testable import ConfigDSL

@Suite("References")
struct ReferenceTests {
    @Test(
        "a text is cut into its references and what stands between them",
        arguments: [
            ("", []), ("plain $ text", [.literal("plain $ text")]), ("$", [.literal("$")]), ("$$", [.literal("$$")]),
            ("$$${env:A}", [.literal("$${env:A}")]), ("$${env:A}", [.literal("${env:A}")]),
            ("${env:A}", [.reference(Reference(source: .env, name: "A"))]),
            ("${env:A:-}", [.reference(Reference(source: .env, name: "A", fallback: ""))]),
            ("${env:A:-b:-c}", [.reference(Reference(source: .env, name: "A", fallback: "b:-c"))]),
            ("${file:/a b/c:d}", [.reference(Reference(source: .file, name: "/a b/c:d"))]),
            ("${cred:a.b-c_1}", [.reference(Reference(source: .cred, name: "a.b-c_1"))]),
            (
                "x${env:A}y}z",
                [.literal("x"), .reference(Reference(source: .env, name: "A")), .literal("y}z")]
            ),
        ] as [(String, [ReferenceText.Part])])
    func cut(text: String, parts: [ReferenceText.Part]) throws {
        #expect(try ReferenceText(text).parts == parts)
    }

    @Test(
        "what is no reference",
        arguments: [
            "${", "${}", "${env}", "${env:", "${env:}", "${env:1}", "${env:A-B}", "${env:A B}", "${env:é}", "${ENV:A}",
            "${ env:A}", "${env :A}", "${env:${env:A}}", "${file:}", "${cred:}", "${cred:..}", "${cred:.}",
            "${cred:a/b}",
            "${A}", "${vault:x}", "${env:A:-b",
        ])
    func noReference(text: String) {
        let error = #expect(throws: ValueError.self) { try ReferenceText(text) }
        #expect(error?.id == .badReference)
        #expect(error?.help != nil)
    }

    /// The revision that a file with `revision: TEXT` gets.
    private func revision(_ text: String) throws -> String {
        let result = World.load(World.file(top: "revision: '\(text)'"))
        return try #require(result.config, "\(result.diagnostics.text)").revision
    }

    @Test(
        "values",
        arguments: [
            ("${env:TEXT}", "FROM-A-VARIABLE"), ("a-${env:TEXT}-${env:PORT}", "a-FROM-A-VARIABLE-8080"),
            ("${env:EMPTY}", ""),
            ("${env:UNSET:-else}", "else"), ("${env:EMPTY:-else}", "else"), ("${env:PORT:-else}", "8080"),
            ("${env:UNSET:-}", ""), ("${file:secrets/text}", "FROM-A-FILE"), ("$${env:TEXT}", "${env:TEXT}"),
            ("${cred:key}", "c2VjcmV0LWtleQ=="), ("${cred:docker}", "c2VjcmV0LWtleQ=="),
            ("${file:secrets/key2}", "c2VjcmV0LWtleTI="),
        ])
    func values(text: String, value: String) throws {
        #expect(try revision(text) == value)
    }

    @Test("a value that looks like a reference is not resolved again")
    func once() throws {
        let config = World.file(top: "revision: ${env:A}")
        let environment = LoadEnvironment.fixed(
            files: ["gateway.yaml": Array(config.utf8)], variables: ["A": "${env:B}", "B": "no"])
        #expect(ConfigLoader.load(file: "gateway.yaml", environment: environment).config?.revision == "${env:B}")
    }

    @Test(
        "a file's last newline alone is left out",
        arguments: [("a\n\n", "a\n"), ("a\r\n", "a"), ("a", "a"), ("\n", "")])
    func newline(content: String, value: String) {
        let config = World.file(top: "revision: ${file:x}")
        let environment = LoadEnvironment.fixed(files: [
            "gateway.yaml": Array(config.utf8), "x": Array(content.utf8),
        ])
        #expect(ConfigLoader.load(file: "gateway.yaml", environment: environment).config?.revision == value)
    }

    @Test("a number, a boolean and a choice may come from a reference")
    func typed() throws {
        let top = "workers: ${env:WORKERS}\ntelemetry: { log: { level: \"${env:UNSET:-error}\" } }"
        let config = try #require(World.load(World.file(top: top)).config)
        #expect(config.workers == .count(4))
        #expect(config.telemetry.logLevel == .error)
    }
}

@Suite("Secrets")
struct SecretFieldTests {
    /// The bytes of the secret at `key`, and what was said.
    private func secret(_ text: String, inline: Bool = false) -> (bytes: [UInt8]?, diagnostics: Diagnostics) {
        let credentials = "{ key: { strategy: access_key, key: \(text) } }"
        var result = World.load(World.file(top: "allow_inline_secrets: \(inline)", credentials: credentials))
        let bytes = result.draft.credentials[0].decode(into: &result.diagnostics) { fields in
            fields.requiredSecret("key") { secret in secret.withBytes { $0.array } }
        }
        return (bytes, result.diagnostics)
    }

    @Test(
        "where they come from",
        arguments: [
            ("\"${file:secrets/key1}\"", "c2VjcmV0LWtleQ=="), ("\"${file:secrets/key2}\"", "c2VjcmV0LWtleTI="),
            ("\"${env:TEXT}\"", "FROM-A-VARIABLE"), ("\"${cred:key}\"", "c2VjcmV0LWtleQ=="),
        ])
    func sources(text: String, value: String) {
        let (bytes, diagnostics) = secret(text)
        #expect(bytes == Array(value.utf8))
        #expect(diagnostics.isEmpty)
    }

    @Test("bytes of any kind may be a secret")
    func binary() {
        #expect(secret("\"${file:secrets/binary}\"").bytes == [0x00, 0xFF, 0x80])
    }

    @Test("in the file itself, when the file says so", arguments: [("INLINE", "INLINE"), ("\"$${x}\"", "${x}")])
    func inline(text: String, value: String) {
        let (bytes, diagnostics) = secret(text, inline: true)
        #expect(bytes == Array(value.utf8))
        #expect(!diagnostics.hasErrors)
        #expect(diagnostics.warningCount == 1)
        #expect(secret(text).diagnostics.sorted.map(\.id) == [.inlineSecret])
    }

    @Test(
        "a reference stays the whole value, whatever the file allows",
        arguments: ["\"a${env:TEXT}\"", "\"${env:TEXT}${env:TEXT}\""])
    func whole(text: String) {
        #expect(secret(text, inline: true).diagnostics.sorted.map(\.id).contains(.partialSecret))
    }

    @Test("a value never prints, however it is asked")
    func printing() {
        let credentials = "{ key: { strategy: access_key, key: INLINE } }"
        let result = World.load(World.file(credentials: credentials))
        var dumped = ""
        dump(result, to: &dumped)
        #expect(!dumped.contains("INLINE"))
        #expect(!String(describing: result.draft.credentials[0].fields).contains("INLINE"))
        #expect(!String(reflecting: result.draft.credentials[0].fields).contains("INLINE"))
    }
}
