/// One node of a YAML tree, with its place in the file.
///
/// Text is as YAML has it after unquoting: references are resolved when a ``FieldReader`` reads it.  An alias is the
/// node that it names, with that node's place.  A node never prints its text, which may be a secret.
public struct Node: Sendable {
    /// What stands there.
    public enum Content: Sendable {
        /// A text; `isPlain` when it is not quoted and not a block.
        case scalar(text: String, isPlain: Bool)
        /// A sequence.
        case list([Node])
        /// Keys and values in the file's order; a key that was given twice has its first value.
        case mapping([Entry])
    }

    /// A key and its value.
    public struct Entry: Sendable {
        /// The key's text.
        public var key: String
        /// Where the key stands.
        public var keyPlace: SourcePlace
        /// What it is set to.
        public var value: Node
    }

    /// What stands there.
    public var content: Content
    /// Where it starts; a scalar on one line is covered whole.
    public var place: SourcePlace
    /// Where it ends: the line, and the column behind its last scalar.
    var end: (line: Int, column: Int)
    /// Values of keys that were refused: nobody reads them, but excerpts may have to hide them.
    var refused: [Node] = []

    /// The value of `key`, when this is a mapping that has it.
    public subscript(key: String) -> Node? {
        entry(key)?.value
    }

    /// The keys and values of a mapping; none for anything else.
    var entries: [Entry] {
        if case .mapping(let entries) = content { return entries }
        return []
    }

    /// The entry of `key`, when this is a mapping that has it.
    func entry(_ key: String) -> Entry? {
        entries.first { $0.key == key }
    }
}

extension Node: CustomStringConvertible, CustomReflectable {
    /// Its place alone.
    public var description: String { "node at \(place.file):\(place.line):\(place.column)" }
    /// Without children, so that `dump` shows the place alone.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
