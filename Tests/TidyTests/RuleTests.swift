import Support
import Testing

/// `docs/http-rules.md` and the tests that it names.
@Suite("Each rule of HTTP is held by a test")
struct RuleTests {
    /// One row of the page.
    struct Rule: Sendable {
        /// Such as `HD-3`.
        var id: String
        /// Files below `Tests/`, without `.swift`.
        var holders: [String]
    }

    private static let page = "docs/http-rules.md"
    /// The groups that ids begin with.
    private static let groups: Set<String> = [
        "GR", "RL", "HD", "HO", "CL", "TE", "BD", "CK", "TR", "CR", "HP", "FW", "ME", "EX", "PA", "KA", "LI", "TM",
        "UP",
        "ER", "RT",
    ]

    /// Cases as data, below `Tests/Fixtures/`.
    private static let tables = [
        "rules/requests.jsonl", "rules/answers.jsonl", "http1-more-cases.jsonl", "vectors/http1-cases.jsonl",
    ]

    private func rules() throws -> [Rule] {
        try SourceFile(reading: Self.page).lines.compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingPrefix { $0 == " " }
            }
            guard cells.count == 6, let id = ids(in: String(cells[1])).first else { return nil }
            let names = cells[4].split(separator: "`").filter { !$0.contains(",") && $0.contains { $0 != " " } }
            return Rule(id: id, holders: names.map(String.init))
        }
    }

    /// The ids of rules that `text` names.
    private func ids(in text: String) -> Set<String> {
        let found = text.matches(of: #/[A-Z]{2}-[0-9]{1,2}a?/#).map { String($0.output) }
        return Set(found.filter { Self.groups.contains(String($0.prefix(2))) })
    }

    /// What each file below `Tests/` names, by its own name; this folder aside.
    private func named() throws -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        let tables = try Self.tables.map { try SourceFile(reading: "Tests/Fixtures/" + $0) }
        for file in try SourceFile.all(in: ["Tests"], [".swift"]) + tables where !file.path.contains("TidyTests") {
            let name = file.parts.last ?? ""
            let key = name.hasSuffix(".swift") ? String(name.dropLast(6)) : name
            result[key, default: []].formUnion(ids(in: file.lines.joined(separator: "\n")))
        }
        return result
    }

    @Test("every rule of the page has a holder, and each holder names it")
    func holders() throws {
        let (rules, named) = (try rules(), try named())
        #expect(rules.count > 90 && Set(rules.map(\.id)).count == rules.count)
        #expect(Set(rules.map { String($0.id.prefix(2)) }) == Self.groups)
        for rule in rules {
            #expect(!rule.holders.isEmpty, "\(rule.id) is held by nothing")
            for holder in rule.holders {
                #expect(named[holder]?.contains(rule.id) ?? false, "`\(holder)` does not name \(rule.id)")
            }
        }
    }

    @Test("every rule that code or a test names stands on the page")
    func known() throws {
        let known = Set(try rules().map(\.id))
        for file in try SourceFile.all(in: ["Sources", "Tests"], [".swift"]) where !file.path.contains("TidyTests") {
            for (number, line) in file.lines.enumerated() {
                for id in ids(in: line).subtracting(known) where !line.contains("\"\(id)") {
                    Issue.record("\(file.place(number)): \(id) is no rule")
                }
            }
        }
    }
}
