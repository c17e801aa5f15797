import Testing

@Suite("The words we use")
struct WordTests {
    /// Spelled in two halves, so that this file does not break its own rule.
    static let leftovers = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    /// Ends of type names that say nothing.
    static let emptyNames = [
        "Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Common", "Impl", "Info",
    ]
    /// Calls that trap on what came from outside.
    static let traps = ["try" + "!", "as" + "!"]
    /// Calls with which a test would wait by the clock.
    static let sleeps = ["Task." + "sleep", "usleep" + "(", "nanosleep" + "(", "Glibc." + "sleep"]
    /// Directories of one machine.
    static let machinePaths = ["wo" + "rk", "fa" + "rm", "ho" + "me", "ro" + "ot"].map { "/\($0)/" }

    @Test("nothing is left over")
    func leftovers() throws {
        for file in try everyText() {
            for (number, line) in file.lines.enumerated() {
                for word in words(of: line) where Self.leftovers.contains(String(word)) {
                    Issue.record("\(file.place(number)): `\(word)`")
                }
            }
        }
    }

    @Test("no path of one machine stands anywhere")
    func machinePaths() throws {
        for file in try everyText() {
            for (number, line) in file.lines.enumerated() {
                for path in Self.machinePaths where line.contains(path) && !line.contains("…\(path)") {
                    Issue.record("\(file.place(number)): `\(path)`")
                }
            }
        }
    }

    @Test("type names say what a thing is")
    func names() throws {
        for file in try swiftFiles() {
            for (number, line) in file.lines.enumerated() {
                let words = words(of: line)
                for (keyword, name) in zip(words, words.dropFirst()) {
                    guard ["struct", "class", "enum", "actor", "protocol"].contains(keyword) else { continue }
                    let isEmpty = Self.emptyNames.contains { name.hasSuffix($0) }
                    #expect(!isEmpty, "\(file.place(number)): `\(name)`")
                }
            }
        }
    }

    @Test("no code traps by force, and no test waits by the clock")
    func code() throws {
        for file in try swiftFiles() {
            for (number, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                let banned = Self.traps + (file.parts.first == "Tests" ? Self.sleeps : [])
                for code in banned where line.contains(code) {
                    Issue.record("\(file.place(number)): `\(code)`")
                }
            }
        }
    }

    private func everyText() throws -> [SourceFile] {
        let folders = ["Sources", "Tests", "docs", "examples", "script", "bench"]
        let inFolders = try SourceFile.all(
            in: folders, [".swift", ".h", ".modulemap", ".md", ".yaml", ".sh", ".py"])
        let beside = try ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Package.swift"]
            .filter(DocumentTests.exists).map(SourceFile.init(reading:))
        return inFolders + beside
    }
}
