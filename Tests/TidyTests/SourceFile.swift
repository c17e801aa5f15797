import Support

/// A text file of the package, cut into lines.
struct SourceFile: Sendable {
    /// Relative to the package, with `/` between its parts.
    var path: String
    /// Without their ends.
    var lines: [String]

    /// The parts of ``path``.
    var parts: [String] { path.split(separator: "/").map(String.init) }
    /// `Sources/HTTP1/X.swift` lies in `HTTP1`.
    var room: String { parts.count > 2 ? parts[1] : "" }

    /// All files below the folders (or the files themselves) that end in one of `extensions`.
    static func all(in folders: [String], _ extensions: [String]) throws -> [SourceFile] {
        try folders.flatMap { folder in
            let root = Fixtures.packageRoot + folder
            guard Files.mode(of: root) != nil else { return [String]() }
            let below = try Files.tree(below: root)
            return below.map { "\(folder)/\($0)" }
        }
        .filter { path in extensions.contains { path.hasSuffix($0) } && !path.hasPrefix("Tests/Fixtures/") }
        .map(SourceFile.init(reading:))
    }

    /// Reads one file of the package.
    init(reading path: String) throws {
        let text = try Files.bytes(at: Fixtures.packageRoot + path)
        self.init(path: path, text: String(decoding: text, as: UTF8.self))
    }

    /// A file that stands only in a test.
    init(path: String, text: String) {
        self.path = path
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        self.lines = lines
    }

    /// `path:line`, as editors jump to it.
    func place(_ line: Int) -> String { "\(path):\(line + 1)" }
}

/// All Swift of the project.
func swiftFiles(_ folders: [String] = ["Sources", "Tests"]) throws -> [SourceFile] {
    try SourceFile.all(in: folders, [".swift"])
}
