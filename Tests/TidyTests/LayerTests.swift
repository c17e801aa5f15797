import Testing

/// Who may see whom: docs/ARCHITECTURE.md, "The rooms".
@Suite("The rooms and their walls")
struct LayerTests {
    /// From the ground up.  A room sees the rows below its own; those on one row do not see each other.
    static let rows: [[String]] = [
        ["CYaml", "CCurl", "COpenSSL", "CLinux"],
        ["Bytes"],
        ["HTTP1", "Crypto", "Telemetry"],
        ["Transport", "ConfigDSL"],
        ["Admission", "Credentials", "Upstream", "HTTPClient"],
        ["Proxy", "Emulator"],
        ["acs-gateway"],
    ]

    /// Each C library has one Swift owner: the only folder that imports it.
    static let owners = [
        "CYaml": "Sources/ConfigDSL/YAML/", "CCurl": "Sources/HTTPClient/", "COpenSSL": "Sources/Crypto/",
        "CLinux": "Sources/Transport/",
    ]

    /// A peer of tests that shares no code with ours is made of the library itself.
    static let foreignPeers = ["COpenSSL": "Tests/Support/System/ForeignTLS.swift"]

    /// Modules of the toolchain, and the rooms that may use them.
    static let toolchain: [String: Set<String>] = [
        // Only `Transport` makes system calls; the program itself has an exit status and two output streams.
        "Glibc": ["Transport", "acs-gateway"],
        // JSON and dates, off a request's way.
        "FoundationEssentials": ["Admission", "Credentials", "Emulator", "acs-gateway"],
        "Synchronization": [
            "Crypto", "Telemetry", "Transport", "Credentials", "Upstream", "HTTPClient", "Proxy", "Emulator",
            "acs-gateway",
        ],
    ]

    /// Where code may leave memory safety, each time with its reason.
    static let unsafeFolders = [
        "Sources/Bytes/", "Sources/Crypto/", "Sources/HTTPClient/", "Sources/Transport/", "Sources/ConfigDSL/YAML/",
        "Tests/BytesTests/", "Tests/CryptoTests/", "Tests/TransportTests/", "Tests/Support/System/",
        "Tests/Fuzz/Driver.swift", "Tests/HTTPClientTests/OwnThread.swift",
    ]

    @Test("every room has its row")
    func rooms() throws {
        let known = Set(Self.rows.joined())
        for file in try swiftFiles(["Sources"]) {
            #expect(known.contains(file.room), "\(file.path) lies in a room that no row names")
        }
    }

    @Test("dependencies point down")
    func layers() throws {
        let height = Dictionary(
            uniqueKeysWithValues: Self.rows.enumerated().flatMap { row, rooms in rooms.map { ($0, row) } })
        for file in try swiftFiles(["Sources"]) {
            for (line, module) in imports(of: file) {
                guard let own = height[file.room], let other = height[module] else { continue }
                #expect(other < own, "\(file.place(line)): `\(file.room)` must not see `\(module)`")
            }
        }
    }

    @Test("each C library has one owner, which keeps it to itself")
    func owners() throws {
        for file in try swiftFiles() {
            for (line, module) in imports(of: file) {
                guard let owner = Self.owners[module], Self.foreignPeers[module] != file.path else { continue }
                #expect(file.path.hasPrefix(owner), "\(file.place(line)): only \(owner) imports \(module)")
                let text = file.lines[line]
                let isShown = ["public ", "package ", "@_exported "].contains { text.contains($0) }
                #expect(!isShown, "\(file.place(line)): \(module) must not show in an interface")
            }
        }
    }

    @Test("a module of the toolchain is used where it was let in")
    func toolchain() throws {
        for file in try swiftFiles() {
            for (line, module) in imports(of: file) {
                #expect(module != "Foundation" && module != "XCTest", "\(file.place(line)): \(module) is not for us")
                guard let rooms = Self.toolchain[module], file.parts.first == "Sources" else { continue }
                #expect(rooms.contains(file.room), "\(file.place(line)): \(module) in `\(file.room)`")
            }
        }
    }

    @Test("memory safety is left only where it has an owner")
    func unsafety() throws {
        let word = "un" + "safe"
        for file in try swiftFiles() where !Self.unsafeFolders.contains(where: file.path.hasPrefix) {
            for (number, line) in file.lines.enumerated() {
                let isCode = !line.drop { $0 == " " }.hasPrefix("//")
                if isCode, words(of: line).contains(where: { $0 == word }) {
                    Issue.record("\(file.place(number)): `\(word)`")
                }
            }
        }
    }

    /// The line and module of each import.
    private func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        file.lines.enumerated().compactMap { number, line in
            let words = words(of: line)
            guard let keyword = words.firstIndex(of: "import"), words[..<keyword].allSatisfy(modifiers.contains) else {
                return nil
            }
            // `import struct Room.Type`
            let module = words[(keyword + 1)...].first { !["struct", "enum", "class", "func", "var"].contains($0) }
            return module.map { (number, String($0)) }
        }
    }
}

/// What may stand before the keyword of a declaration.
let modifiers: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private", "open", "static", "class", "final", "mutating",
    "consuming", "borrowing", "override", "convenience", "required", "inlinable", "discardableResult", "safe",
    "usableFromInline", "inline", "always", "never", "nonisolated", "testable", "_exported", "_lifetime", "borrow",
    "copy", "self",
]

/// The runs of letters, digits and `_` in a line.
func words(of line: String) -> [Substring] {
    line.utf8.split { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A, 0x80...: false
        default: true
        }
    }
    .map(Substring.init)
}
