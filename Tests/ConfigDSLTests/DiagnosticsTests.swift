import ConfigDSL
import Testing

@Suite("How findings are told")
struct DiagnosticsTests {
    private let place = SourcePlace(file: "a.yaml", line: 2, column: 3)

    @Test("in the order of their places, each once")
    func order() {
        var diagnostics = Diagnostics()
        diagnostics.report(.unknownKey, "late", at: SourcePlace(file: "a.yaml", line: 10, column: 1))
        diagnostics.report(.unknownKey, "early", at: place)
        diagnostics.report(.unknownKey, "early", at: place)
        diagnostics.report(.readableByOthers, "first", at: SourcePlace(file: "a.yaml", line: 2, column: 1))
        #expect(diagnostics.sorted.map(\.message) == ["first", "early", "late"])
        #expect(diagnostics.summary == "2 errors, 1 warning")
        #expect(diagnostics.hasErrors)
    }

    @Test("at one place shorter ones first, then by number and words, the same each time", arguments: 0..<8)
    func sameStart(shift: Int) {
        var findings = ["a", "b", "c", "d"].flatMap { message in
            (1...2).map { length in
                Diagnostic(.unknownKey, message, at: SourcePlace(file: "a.yaml", line: 2, column: 3, length: length))
            }
        }
        findings = Array(findings[shift...] + findings[..<shift])
        var diagnostics = Diagnostics()
        for finding in findings { diagnostics.report(finding) }
        #expect(diagnostics.sorted.map(\.message) == ["a", "b", "c", "d", "a", "b", "c", "d"])
        #expect(diagnostics.sorted.map(\.place.length) == [1, 1, 1, 1, 2, 2, 2, 2])
    }

    @Test("warnings alone leave a configuration usable")
    func warnings() {
        var diagnostics = Diagnostics()
        diagnostics.report(.readableByOthers, "x", at: place)
        #expect(!diagnostics.hasErrors)
        #expect(!diagnostics.isEmpty)
        #expect(diagnostics.summary == "0 errors, 1 warning")
    }

    @Test(
        "what is missing behind the last line is told at its end",
        arguments: ["resources:\n ? one", "resources:\n ? one\n", "resources:\n ? \"é\""])
    func behindTheEnd(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let findings = World.load(text).diagnostics.sorted
        #expect(findings.contains { $0.id == .noValue })
        for place in findings.map(\.place) where place.line > 0 {
            #expect(place.line <= lines.count, "\(place)")
            #expect(place.column <= lines[min(place.line, lines.count) - 1].unicodeScalars.count + 1, "\(place)")
        }
    }

    @Test("a thousand are kept, the rest is counted")
    func limit() {
        var diagnostics = Diagnostics()
        for line in 1...1234 {
            diagnostics.report(.unknownKey, "x", at: SourcePlace(file: "a.yaml", line: line, column: 1))
        }
        #expect(diagnostics.sorted.count == 1000)
        #expect(diagnostics.text.hasSuffix("and 234 more that are not shown\n1234 errors, 0 warnings\n"))
    }

    @Test("as JSON, one object a line")
    func json() {
        var diagnostics = Diagnostics()
        diagnostics.report(.unknownKey, "unknown \"key\" \\ \u{1}\n\t`é`", at: place, help: "did you mean `x`?")
        diagnostics.report(.anonymousExposed, "w", at: .whole("a.yaml"))
        let warning = #"{"severity":"warning","id":"W301","message":"w","file":"a.yaml","line":null,"column":null,"#
        let error = #"{"severity":"error","id":"E101","message":"unknown \"key\" \\ \u0001\n\t`é`","file":"a.yaml","#
        let lines = [warning + #""help":null}"#, error + #""line":2,"column":3,"help":"did you mean `x`?"}"#]
        #expect(diagnostics.jsonLines == lines.map { $0 + "\n" }.joined())
    }

    @Test("without its text a finding has no excerpt")
    func noExcerpt() {
        var diagnostics = Diagnostics()
        diagnostics.report(.unknownKey, "m", at: place, help: "h")
        #expect(diagnostics.text == "a.yaml:2:3: error[E101]: m\n  help: h\n1 error, 0 warnings\n")
    }
}
