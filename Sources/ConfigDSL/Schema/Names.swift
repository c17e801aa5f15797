internal import Bytes

/// The names that other parts of the file may use, as its keys have them, good or bad.
struct Names {
    /// The names of one kind of thing, in the file's order.
    struct Group {
        let noun: String
        let list: [String]
        private let id: DiagnosticID
        private let known: Set<String>

        init(_ noun: String, _ node: Node?, _ id: DiagnosticID) {
            self.noun = noun
            self.id = id
            let keys = node?.entries.map(\.key) ?? []
            known = Set(keys)
            list = keys.filter(Shown.isWord)
        }

        /// A name that is defined.
        func parse(_ scalar: Scalar) throws(ValueError) -> String {
            if known.contains(scalar.text) { return scalar.text }
            throw .sentence(id, "\(noun) `\(scalar.shown)` is not defined", help: help(for: scalar))
        }

        /// How many names a help lists.
        private static let listed = 8

        private func help(for scalar: Scalar) -> String {
            if list.isEmpty { return "the file defines no \(noun)s" }
            if list.count > Self.listed, scalar.isLiteral,
                let close = Suggestion.closest(to: scalar.text, among: list)
            {
                return "did you mean `\(close)`?"
            }
            let names = list.prefix(Self.listed).map(Shown.short).joined(separator: ", ")
            return "known \(noun)s: \(names)" + (list.count > Self.listed ? ", …" : "")
        }
    }

    let listeners: Group
    let credentials: Group
    let resources: Group

    init(_ root: Node) {
        listeners = Group("listener", Self.section("listeners", root), .unknownListener)
        credentials = Group("credential", Self.section("credentials", root), .unknownCredential)
        resources = Group("resource", Self.section("resources", root), .unknownResource)
    }

    /// The section `key`, or the one whose mistyped key looks most like it: that mistake is told once, not again for
    /// each name.
    private static func section(_ key: String, _ root: Node) -> Node? {
        if let node = root[key] { return node }
        let keys = root.entries.prefix(Suggestion.mostCandidates).map(\.key)
        return Suggestion.closest(to: key, among: keys).flatMap { root[$0] }
    }

    /// A new name: `[a-z0-9][a-z0-9_-]{0,62}`.
    static func parse(_ scalar: Scalar) throws(ValueError) -> String {
        guard scalar.isLiteral else {
            throw ValueError(.badName, "is a name and must not hold a reference", help: "write the name itself")
        }
        let name = try String.parse(scalar)
        try check(name)
        return name
    }

    static func check(_ name: String) throws(ValueError) {
        let bytes = name.utf8
        let isName = bytes.allSatisfy { byte in
            ASCII.isDigit(byte) || byte == 0x2D || byte == 0x5F
                || (ASCII.isLetter(byte) && ASCII.lowercased(byte) == byte)
        }
        guard isName, (1...63).contains(bytes.count), bytes.first != 0x2D, bytes.first != 0x5F else {
            throw ValueError(
                .badName, "is not a proper name",
                help: "a name has 1 to 63 of `a`–`z`, `0`–`9`, `-`, `_`, and starts with a letter or digit")
        }
    }
}

extension FieldReader {
    /// Lets `body` read each value of the map at `key`, whose keys are names; those that cannot be read are left out.
    ///
    /// - Parameter noun: what one of them is, as sentences name it.
    mutating func entities<Value>(
        _ key: String, _ noun: String, _ body: (_ name: String, inout FieldReader) -> Value?
    ) -> [Value] {
        guard let node = self.node(key) else { return [] }
        guard case .mapping(let entries) = node.content else {
            diagnostics.report(node.wrongType("`\(key)`", wanted: "a mapping of names"))
            return []
        }
        return entries.compactMap { entry in
            let shown = diagnostics.shownKey(entry)
            do throws(ValueError) {
                try Names.check(entry.key)
            } catch {
                tell(error, of: "`\(shown)`", at: entry.keyPlace)
            }
            let owner = "\(noun) `\(shown)`"
            return read(entry.value, of: owner, at: entry.keyPlace) { body(entry.key, &$0) }
        }
    }
}
