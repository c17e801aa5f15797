/// Builds the tree from the parser's events.
///
/// Depth and the nodes that aliases add are bounded while the tree grows; an alias shares the memory of what it
/// names, so that only its reading costs.
struct TreeBuilder {
    /// A collection that is not closed yet.
    private struct Frame {
        var place: SourcePlace
        var anchor: String?
        var items: [Node] = []
        /// Values of refused keys.
        var refused: [Node] = []
        /// Set for a mapping, `nil` for a list.
        var mapping: Mapping?
        /// Nodes in it so far, itself included.
        var size = 1
        /// Levels below it so far.
        var height = 0
    }

    private struct Mapping {
        var entries: [Node.Entry] = []
        var places: [String: SourcePlace] = [:]
        var pending = PendingKey.none
    }

    /// A mapping's events alternate between keys and values.
    private enum PendingKey {
        case none
        case key(String, SourcePlace)
        /// The key was refused: its value is read and forgotten.
        case refused
    }

    /// A finished node and what an alias of it costs.
    private struct Measured {
        var node: Node
        var size: Int
        var height: Int
    }

    private(set) var diagnostics: Diagnostics
    private let file: String
    /// Where the text ends: libyaml puts what is missing there on a line of its own.
    private let textEnd: SourcePlace
    private var frames: [Frame] = []
    private var anchors: [String: Measured] = [:]
    private var openAnchors: [String] { frames.compactMap(\.anchor) }
    private var aliasNodes = 0
    private var root: Node?
    private var documents = 0

    init(_ source: SourceText, diagnostics: Diagnostics) {
        file = source.file
        textEnd = source.end
        self.diagnostics = diagnostics
    }

    /// The whole tree.
    func finish() throws(YAMLFailure) -> Node {
        guard let root, !root.isNull else {
            throw YAMLFailure(
                Diagnostic(
                    .emptyFile, "the file has nothing in it", at: .whole(file),
                    help: "it needs at least `version`, `listeners` and `routes`"))
        }
        return root
    }

    /// Takes in one event; false after the last.
    mutating func take(_ next: YAMLParser.Next) throws(YAMLFailure) -> Bool {
        let place = place(next.start, next.end)
        switch next.event {
        case .streamStart, .documentEnd: break
        case .streamEnd: return false
        case .documentStart: try startDocument(at: place)
        case .alias(let name): try alias(name, at: place)
        case .scalar(let text, let isPlain, let anchor, let hasTag):
            tellTag(hasTag, at: place)
            let node = Node(
                content: .scalar(text: text, isPlain: isPlain), place: place, end: (next.end.line, next.end.column))
            try add(Measured(node: node, size: 1, height: 0), anchor: anchor)
        case .listStart(let anchor, let hasTag):
            tellTag(hasTag, at: place)
            try open(Frame(place: place, anchor: anchor))
        case .mappingStart(let anchor, let hasTag):
            tellTag(hasTag, at: place)
            try open(Frame(place: place, anchor: anchor, mapping: Mapping()))
        case .collectionEnd: try close(at: next.end)
        }
        return true
    }

    private mutating func startDocument(at place: SourcePlace) throws(YAMLFailure) {
        documents += 1
        guard documents > 1 else { return }
        throw YAMLFailure(
            Diagnostic(
                .severalDocuments, "a second document starts here", at: place,
                help: "a configuration is one document: take the `---` out"))
    }

    private mutating func tellTag(_ hasTag: Bool, at place: SourcePlace) {
        guard hasTag else { return }
        diagnostics.report(
            .tag, "tags are not part of this language", at: place,
            help: "take the `!…` out; for text that looks like a number use quotes")
    }

    private mutating func open(_ frame: Frame) throws(YAMLFailure) {
        try checkDepth(frames.count + 1, at: frame.place)
        frames.append(frame)
    }

    private func checkDepth(_ depth: Int, at place: SourcePlace) throws(YAMLFailure) {
        guard depth > YAMLLimits.depth else { return }
        throw YAMLFailure(
            Diagnostic(
                .tooDeep, "collections are nested more than \(YAMLLimits.depth) deep", at: place,
                help: "nothing in this language is deeper than a few levels"))
    }

    private mutating func close(at end: YAMLParser.Mark) throws(YAMLFailure) {
        guard let frame = frames.popLast() else { return }
        let content: Node.Content = frame.mapping.map { .mapping($0.entries) } ?? .list(frame.items)
        var place = frame.place
        // A list on one line is covered whole; what is in a mapping has places of its own.
        if frame.mapping == nil, place.line == end.line { place.length = max(1, end.column - place.column) }
        let node = Node(
            content: content, place: place, end: (end.line, end.column), refused: frame.refused)
        try add(Measured(node: node, size: frame.size, height: frame.height + 1), anchor: frame.anchor)
    }

    private mutating func alias(_ name: String, at place: SourcePlace) throws(YAMLFailure) {
        guard let target = anchors[name], !openAnchors.contains(name) else {
            let isOpen = openAnchors.contains(name)
            throw YAMLFailure(
                Diagnostic(
                    .unknownAlias, "alias `*\(Shown.short(name))` names \(isOpen ? "what it stands in" : "nothing")",
                    at: place, help: "an alias stands behind the whole of what `&\(Shown.short(name))` marks"))
        }
        aliasNodes += target.size
        guard aliasNodes <= YAMLLimits.aliasNodes else {
            throw YAMLFailure(
                Diagnostic(
                    .aliasExpansion, "aliases add more than 10 000 nodes up to here", at: place,
                    help: "write out what is needed"))
        }
        try checkDepth(frames.count + target.height, at: place)
        if isAtKey {
            refuseKey("an alias cannot be a key", at: place)
            return
        }
        try add(target, anchor: nil)
    }

    // MARK: Adding to the open collection

    private var isAtKey: Bool {
        if case .none? = frames.last?.mapping?.pending { return true }
        return false
    }

    private mutating func add(_ measured: Measured, anchor: String?) throws(YAMLFailure) {
        if let anchor { anchors[anchor] = measured }
        guard !frames.isEmpty else {
            root = measured.node
            return
        }
        let top = frames.count - 1
        frames[top].size += measured.size
        frames[top].height = max(frames[top].height, measured.height)
        guard let pending = frames[top].mapping?.pending else {
            frames[top].items.append(measured.node)
            return
        }
        switch pending {
        case .none: addKey(measured.node)
        case .refused:
            frames[top].mapping?.pending = .none
            frames[top].refused.append(measured.node)
        case .key(let key, let place):
            frames[top].mapping?.pending = .none
            frames[top].mapping?.entries.append(Node.Entry(key: key, keyPlace: place, value: measured.node))
        }
    }

    private mutating func addKey(_ node: Node) {
        guard case .scalar(let key, let isPlain) = node.content else {
            return refuseKey("a key is \(node.kind), not text", at: node.place)
        }
        if node.isNull { return refuseKey("a key is missing before the `:`", at: node.place) }
        if key == "<<", isPlain {
            setPending(.refused)
            return diagnostics.report(
                .mergeKey, "merge keys are not part of this language", at: node.place,
                help: "write the keys out, or give the whole mapping by an alias")
        }
        if let first = frames.last?.mapping?.places[key] {
            setPending(.refused)
            return diagnostics.report(
                .duplicateKey, "duplicate key `\(Shown.isWord(key) ? key : "***")`", at: node.place,
                help: "first given at \(first.lineText)")
        }
        frames[frames.count - 1].mapping?.places[key] = node.place
        setPending(.key(key, node.place))
    }

    private mutating func refuseKey(_ message: String, at place: SourcePlace) {
        setPending(.refused)
        diagnostics.report(.badKey, message, at: place, help: "a key is a word, then `: `")
    }

    private mutating func setPending(_ pending: PendingKey) {
        frames[frames.count - 1].mapping?.pending = pending
    }

    private func place(_ start: YAMLParser.Mark, _ end: YAMLParser.Mark) -> SourcePlace {
        if start.line > textEnd.line { return textEnd }
        let length = start.line == end.line ? max(1, end.column - start.column) : 1
        return SourcePlace(file: file, line: start.line, column: start.column, length: length)
    }
}
