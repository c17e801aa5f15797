import Testing

/// Style is a test, and each limit a ratchet: it is lowered when the code allows it, and never raised in passing.
@Suite("The sizes of things")
struct SizeTests {
    /// Columns of a line.
    static let lineLimit = 120
    /// Lines of a file.
    static let fileLimit = 400
    /// Lines of a function, its first and last one included.
    static let functionLimit = 60
    /// Files in one folder of `Sources`, folders not counted: twelve is the aim.
    static let folderLimit = 15

    @Test("no line is too long")
    func lines() throws {
        let folders = ["Sources", "Tests", "script", "bench", "examples"]
        for file in try SourceFile.all(in: folders, [".swift", ".sh", ".h", ".py", ".yaml"]) {
            for (number, line) in file.lines.enumerated() where line.count > Self.lineLimit {
                Issue.record("\(file.place(number)): \(line.count) columns, at most \(Self.lineLimit)")
            }
        }
    }

    @Test("no file is too long")
    func files() throws {
        for file in try swiftFiles() where file.lines.count > Self.fileLimit {
            Issue.record("\(file.path): \(file.lines.count) lines, at most \(Self.fileLimit); it is two files")
        }
    }

    @Test("every function fits a screen")
    func functions() throws {
        for file in try swiftFiles() {
            for function in functions(of: file) {
                // A table reads at a glance, however long it is.
                let count = function.count { !isTableRow(file.lines[$0]) }
                guard count > Self.functionLimit else { continue }
                Issue.record("\(file.place(function.lowerBound)): \(count) lines, at most \(Self.functionLimit)")
            }
        }
    }

    @Test("no folder holds more than its visitor can look over")
    func folders() throws {
        let folders = Dictionary(grouping: try swiftFiles(["Sources"])) { $0.parts.dropLast().joined(separator: "/") }
        for (folder, files) in folders where files.count > Self.folderLimit {
            Issue.record("\(folder): \(files.count) files, at most \(Self.folderLimit)")
        }
    }

    @Test("a function is measured from its first line to its last")
    func measure() {
        let text = """
            protocol P {
                func required()
                func alsoRequired(
                    a: Int
                ) -> Int
            }
            struct S {
                func short() { }
                init(
                    a: Int
                ) {
                    if a > 0 {
                        run()
                    }

                    run()
                }
                private static func long() {
                    run {
                    }
                }
            }
            """
        #expect(functions(of: SourceFile(path: "S.swift", text: text)) == [8..<17, 17..<21])
    }

    /// The line ranges of all functions that have a body of more than one line.
    ///
    /// The formatter has put each last brace under its declaration, so indentation tells.
    private func functions(of file: SourceFile) -> [Range<Int>] {
        file.lines.indices.compactMap { start in
            let line = file.lines[start]
            guard isDeclaration(line) else { return nil }
            let end = file.lines[(start + 1)...].firstIndex { next in
                !next.isEmpty && indentation(next) <= indentation(line) && !continues(next)
            }
            guard let end, file.lines[end].drop(while: { $0 == " " }).hasPrefix("}"),
                indentation(file.lines[end]) == indentation(line)
            else { return nil }
            return start..<end + 1
        }
    }

    /// True for `case 404: "Not Found"`.
    private func isTableRow(_ line: String) -> Bool {
        line.drop { $0 == " " }.hasPrefix("case ") && line.hasSuffix("\"")
    }

    /// True for the first line of a function, an initializer or a subscript.
    private func isDeclaration(_ line: String) -> Bool {
        let words = words(of: line)
        guard let keyword = words.firstIndex(where: { ["func", "init", "deinit", "subscript"].contains($0) }) else {
            return false
        }
        return words[..<keyword].allSatisfy(modifiers.contains) && !line.drop { $0 == " " }.hasPrefix("self.")
    }

    /// True for a line that goes on with a declaration: `) -> Int {`.
    private func continues(_ line: String) -> Bool {
        [")", "->", "where ", "{", "#"].contains { line.drop { $0 == " " }.hasPrefix($0) }
    }

    private func indentation(_ line: String) -> Int { line.prefix { $0 == " " }.count }
}
