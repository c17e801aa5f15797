import ConfigDSL
import Support
import Testing

/// Wrong configurations and what is said about them, to the letter.
///
/// `Tests/Fixtures/diagnostics/NAME.yaml` is the file, its first line says what it shows, and `NAME.expected` is the
/// text.  To write the texts anew, run these tests with `ACS_GATEWAY_UPDATE_GOLDEN=1`, then read the difference.
@Suite("What is said about wrong configurations")
struct GoldenTests {
    static let folder = Fixtures.root + "diagnostics/"

    static let names = ((try? Files.names(in: folder)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }

    @Test("each wrong file is told as expected", arguments: names)
    func golden(name: String) throws {
        let result = World.loadWithCredentials(try Files.bytes(at: Self.folder + name + ".yaml"))
        let text = result.diagnostics.text
        #expect(try text == GoldenFile(Self.folder + name + ".expected").expected(becoming: text))
        #expect(!result.diagnostics.isEmpty)
        #expect(result.config == nil || !result.diagnostics.hasErrors)
        for mark in World.secretMarks {
            #expect(!text.contains(mark))
            #expect(!result.diagnostics.jsonLines.contains(mark))
        }
    }

    @Test("there are many, and each begins with what it shows")
    func many() throws {
        #expect(Self.names.count >= 90)
        for name in Self.names where !name.hasPrefix("file-") {
            #expect(try Files.bytes(at: Self.folder + name + ".yaml").first == UInt8(ascii: "#"), "\(name)")
        }
    }
}
