internal import Bytes

/// Finds what in a file may be a secret before anyone has read it.
///
/// Everything below `credentials`, `callers` or a top-level key that nobody knows, and elsewhere what its key calls
/// one.  What is then read as something harmless is shown again: ``Diagnostics/reveal(_:)``.
struct SecretSections {
    private static let openSections = [
        "version", "revision", "workers", "allow_inline_secrets", "defaults", "listeners", "resources", "routes",
        "telemetry", "admin",
    ]
    private static let secretSections = ["credentials", "callers"]
    /// One of these between the `_` of a key makes it sound like a secret.
    private static let secretWords: Set = [
        "key", "keys", "accesskey", "secret", "secrets", "password", "token", "tokens", "connection", "proxy",
    ]

    /// Keys that were judged already: a file has few different ones.
    private var judged: [String: Bool] = [:]

    /// Hides what may be a secret in `root`.
    static func hide(in root: Node, from diagnostics: inout Diagnostics) {
        var sections = SecretSections()
        for (index, entry) in root.entries.enumerated() {
            if index < Suggestion.mostCandidates, isOpen(entry.key) {
                sections.hideNamed(in: entry.value, &diagnostics)
            } else {
                diagnostics.hide(entry.value)
            }
        }
    }

    /// True for an open section, also a mistyped one.
    private static func isOpen(_ key: String) -> Bool {
        if openSections.contains(key) { return true }
        let meant = Suggestion.closest(to: key, among: secretSections + openSections)
        return meant.map { !secretSections.contains($0) } ?? false
    }

    /// Hides the values whose keys sound like secrets.
    private mutating func hideNamed(in node: Node, _ diagnostics: inout Diagnostics) {
        switch node.content {
        case .scalar: return
        case .list(let items):
            for item in items { hideNamed(in: item, &diagnostics) }
        case .mapping(let entries):
            for entry in entries {
                if soundsSecret(entry.key) {
                    diagnostics.hide(entry.value)
                } else {
                    hideNamed(in: entry.value, &diagnostics)
                }
            }
        }
    }

    private mutating func soundsSecret(_ key: String) -> Bool {
        if let known = judged[key] { return known }
        let words = key.utf8.map(ASCII.lowercased).split { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        let isSecret = words.contains { Self.secretWords.contains(String(decoding: $0, as: UTF8.self)) }
        judged[key] = isSecret
        return isSecret
    }
}
