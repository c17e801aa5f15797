import Support
import Testing

@Suite("The pages beside the code")
struct DocumentTests {
    /// Longest page of `docs/decisions/`, in lines.
    static let decisionLimit = 40

    /// True when the package has `path`.
    static func exists(_ path: String) -> Bool { Files.mode(of: Fixtures.packageRoot + path) != nil }

    @Test(
        "what a visitor looks for is there",
        arguments: [
            ".ci/run", ".editorconfig", ".swift-format", "CHANGELOG.md", "CONTRIBUTING.md", "Package.swift",
            "README.md",
            "SECURITY.md", "bench/README.md", "config.example.yaml", "docs/ARCHITECTURE.md", "docs/manual/README.md",
            "docs/performance.md", "examples/README.md", "script/server", "script/test",
        ])
    func pages(path: String) { #expect(Self.exists(path)) }

    @Test("a decision is one short page with a number of its own")
    func decisions() throws {
        let pages = try SourceFile.all(in: ["docs/decisions"], [".md"])
        var numbers: [Substring] = []
        for page in pages {
            let name = page.parts.last ?? ""
            #expect(name.wholeMatch(of: #/\d{4}-[a-z0-9-]+\.md/#) != nil, "\(page.path)")
            #expect(page.lines.count <= Self.decisionLimit, "\(page.path): \(page.lines.count) lines")
            numbers.append(name.prefix(4))
        }
        #expect(Set(numbers).count == numbers.count)
    }

    @Test("every room, decision, example and page of the manual stands in its table")
    func tables() throws {
        let tables = [
            ("docs/ARCHITECTURE.md", "Sources", ""), ("docs/ARCHITECTURE.md", "docs/decisions", ".md"),
            ("examples/README.md", "examples", ".yaml"), ("docs/manual/README.md", "docs/manual", ".md"),
        ]
        for (page, folder, suffix) in tables {
            let text = try SourceFile(reading: page).lines.joined(separator: "\n")
            for name in try Files.names(in: Fixtures.packageRoot + folder) where name.hasSuffix(suffix) {
                #expect(text.contains(name) || name == "README.md", "\(page) does not name \(folder)/\(name)")
            }
        }
    }

    @Test("links between pages lead somewhere")
    func links() throws {
        let top = try Files.names(in: Fixtures.packageRoot).filter { $0.hasSuffix(".md") }
        let pages = try SourceFile.all(in: ["docs", "examples", "bench"], [".md"]) + top.map(SourceFile.init(reading:))
        for page in pages {
            let folder = page.parts.dropLast().map { $0 + "/" }.joined()
            for (number, line) in page.lines.enumerated() {
                for match in line.matches(of: #/\]\(([^)#:]+)(?:#[^)]*)?\)/#) {
                    #expect(Self.exists(folder + match.1), "\(page.place(number)): `\(match.1)`")
                }
            }
        }
    }
}
