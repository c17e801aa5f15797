import Support
import Testing

/// The numbers of diagnostics, as code, manual and golden files have them.
@Suite("The manual's page of diagnostics")
struct ManualTests {
    /// Told when the file cannot even be read, so that no golden file can show them.
    private static let withoutFile: Set = ["E001", "E002"]

    private func text(_ path: String) throws -> String {
        String(decoding: try Files.bytes(at: Fixtures.packageRoot + path), as: UTF8.self)
    }

    private func ids(in text: String, _ pattern: Regex<(Substring, Substring)>) -> Set<String> {
        Set(text.matches(of: pattern).map { String($0.1) })
    }

    @Test("each number of the code has its paragraph, and each paragraph its number")
    func paragraphs() throws {
        var defined: Set<String> = []
        for file in try Files.tree(below: Fixtures.packageRoot + "Sources") where file.hasSuffix(".swift") {
            defined.formUnion(ids(in: try text("Sources/" + file), #/DiagnosticID\("([EW]\d{3})"\)/#))
        }
        let documented = ids(in: try text("docs/manual/diagnostics.md"), #/\*\*([EW]\d{3})\*\*/#)
        #expect(defined.symmetricDifference(documented) == [])
    }

    @Test("each number of this room is shown by a golden file")
    func golden() throws {
        let defined = ids(
            in: try text("Sources/ConfigDSL/Diagnostics/DiagnosticID.swift"), #/DiagnosticID\("([EW]\d{3})"\)/#)
        var shown: Set<String> = []
        for name in GoldenTests.names {
            shown.formUnion(ids(in: try text("Tests/Fixtures/diagnostics/\(name).expected"), #/\[([EW]\d{3})\]/#))
        }
        #expect(shown.symmetricDifference(defined.subtracting(Self.withoutFile)) == [])
    }
}
