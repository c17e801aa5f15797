import ConfigDSL
import Testing

@Suite("Files that ask for too much")
struct LimitTests {
    private func ids(_ config: String) -> Set<String> {
        Set(World.load(config).diagnostics.sorted.map(\.id.code))
    }

    @Test("4 MiB are read, one byte more is not")
    func size() {
        let start = World.file() + "\n#"
        let padding = String(repeating: "x", count: ConfigLoader.fileLimitBytes - start.utf8.count)
        #expect(World.load(start + padding).config != nil)
        #expect(ids(start + padding + "x") == ["E002"])
    }

    @Test("64 levels are read, one more is not")
    func depth() {
        func nested(_ levels: Int) -> String {
            "a: " + String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1)
        }
        #expect(!ids(nested(64)).contains("E009"))
        #expect(ids(nested(65)) == ["E009"])
        #expect(ids(String(repeating: "[", count: 1 << 20)) == ["E009"])
        #expect(ids(String(repeating: "{a: ", count: 1 << 19)) == ["E009"])
        #expect(ids((0..<70).map { String(repeating: " ", count: $0) + "a:\n" }.joined()) == ["E009"])
    }

    @Test("an alias counts the levels of what it names")
    func aliasDepth() {
        let inner = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        let outer = String(repeating: "[", count: 40) + "*a" + String(repeating: "]", count: 40)
        #expect(ids("a: &a \(inner)\nb: \(outer)\n") == ["E009"])
    }

    @Test("aliases add 10 000 nodes, not one more")
    func aliases() {
        let hundred = "a: &a [\(String(repeating: "x,", count: 99))]\n"
        func aliases(_ count: Int, _ more: String = "") -> String {
            hundred + "b: [\(String(repeating: "*a,", count: count))\(more)]\nc: &c x\n"
        }
        #expect(!ids(aliases(100)).contains("E010"))
        #expect(ids(aliases(101)) == ["E010"])
        #expect(ids(aliases(100) + "d: *c\n") == ["E010"])
    }

    @Test("an alias of aliases counts all that it stands for")
    func nestedAliases() {
        var config = "a0: &a0 [x, x]\n"
        for level in 1...40 { config += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(ids(config) == ["E010"])
    }

    @Test("thousands of mistakes are told in bounded space")
    func manyMistakes() {
        let keys = (0..<60_000).map { "k\($0): 1\n" }.joined()
        let diagnostics = World.load(keys).diagnostics
        #expect(diagnostics.errorCount == 60_003)
        #expect(diagnostics.sorted.count == Diagnostics.limit)
        #expect(diagnostics.text.utf8.count < 1 << 20)
    }

    @Test("many mistakes on one long line are told in bounded space")
    func longLine() {
        let keys = "{ " + (0..<20_000).map { "k\($0): 1" }.joined(separator: ", ") + " }"
        let diagnostics = World.load("credentials: { key: \(keys) }\ndefaults: \(keys)\n").diagnostics
        #expect(diagnostics.errorCount > 20_000)
        #expect(diagnostics.text.utf8.count < 1 << 20)
    }

    @Test("ten thousand routes load, and the hidden one among them is found")
    func manyRoutes() {
        var routes = "\n"
        for number in 0..<10_000 {
            routes += "  - { name: r\(number), match: { path_prefix: /p\(number)/x }, "
            routes += "allow: [anonymous], resource: contoso }\n"
        }
        routes += "  - { name: late, match: { path: /P77/X/y }, allow: [anonymous], resource: contoso }\n"
        let result = World.load(World.file(routes: routes))
        #expect(result.diagnostics.sorted.map(\.message) == ["route `late` can never match"])
    }
}
