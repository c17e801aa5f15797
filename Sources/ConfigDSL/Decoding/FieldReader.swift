/// Reads the keys of one mapping into typed values, and tells everything that is wrong with them.
///
/// Ask for every key that may be there, then decide: the reader has already told what was wrong, and when it is done
/// it tells the keys that nobody asked for.
///
///     let port = fields.required("port", UInt16.parsePort)
///     let headTimeout = fields.optional("head_timeout", default: .seconds(10), Duration.parse)
///     guard let port else { return nil }
///
/// A function that parses a value throws a ``ValueError``; it must never put a scalar's `text` into it.
public struct FieldReader {
    /// All that was told so far, by this reader and by those before it.
    public internal(set) var diagnostics: Diagnostics
    /// What reading values needs.
    public let context: ReadingContext
    /// Where the mapping starts, or the key that names it.
    public let place: SourcePlace
    /// What the mapping is, as sentences name it: ``route `sms` ``; empty for the file itself.
    public let owner: String

    private let node: Node
    private let entries: [Node.Entry]
    /// The keys asked for, in that order: the known ones.
    private var asked: [String] = []
    /// What is missing, and the keys that would mend it.
    private var absences: [(keys: [String], diagnostic: Diagnostic)] = []
    /// Keys that need no further word: told already, or another's to read.
    private var settled: Set<String> = []
    /// Keys of the language that this version does not read yet.
    private var reserved: [String] = []

    private init(_ node: Node, of owner: String, at place: SourcePlace, context: ReadingContext) {
        self.node = node
        entries = node.entries
        self.owner = owner
        self.place = place
        self.context = context
        diagnostics = Diagnostics()
    }

    /// Lets `body` read the mapping `node`, then tells its unknown keys.
    ///
    /// - Parameters:
    ///   - owner: what the mapping is, as sentences name it; empty for the file itself.
    ///   - place: where missing keys are told; the mapping's own place when `nil`.
    /// - Returns: what `body` returned; `nil` when `node` is no mapping.
    public static func read<Value>(
        _ node: Node, of owner: String, at place: SourcePlace? = nil, context: ReadingContext,
        into diagnostics: inout Diagnostics, _ body: (inout FieldReader) -> Value?
    ) -> Value? {
        guard case .mapping = node.content else {
            let subject = owner.isEmpty ? "the file" : owner
            diagnostics.report(node.wrongType(subject, wanted: "a mapping of keys and values"))
            return nil
        }
        var fields = FieldReader(node, of: owner, at: place ?? node.place, context: context)
        swap(&fields.diagnostics, &diagnostics)
        let value = body(&fields)
        fields.tellUnknownKeys()
        swap(&fields.diagnostics, &diagnostics)
        return value
    }

    // MARK: Single values

    /// The value of `key`, which must be there; `nil` when it is missing or wrong, which is told.
    ///
    /// - Parameter example: a value, for the help of who left it out.
    public mutating func required<Value>(
        _ key: String, example: String? = nil, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> Value? {
        guard let node = requiredNode(key, example: example) else { return nil }
        return value(of: node, "`\(key)`", parse)
    }

    /// The value of `key`; `nil` when it is not there, or wrong, which is told.
    public mutating func optional<Value>(
        _ key: String, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> Value? {
        guard let node = self.node(key) else { return nil }
        return value(of: node, "`\(key)`", parse)
    }

    /// The value of `key`; `fallback` when it is not there, or wrong, which is told.
    public mutating func optional<Value>(
        _ key: String, default fallback: Value, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> Value {
        optional(key, parse) ?? fallback
    }

    // MARK: Lists

    /// The items of `key`, which must be there and have `count` items; `nil` when it is missing or any is wrong.
    public mutating func requiredList<Value>(
        _ key: String, count: ClosedRange<Int> = 1...10_000, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> [Value]? {
        guard let node = requiredNode(key) else { return nil }
        return list(node, key, count, parse)
    }

    /// The items of `key`; `nil` when it is not there, or any is wrong, which is told.
    public mutating func optionalList<Value>(
        _ key: String, count: ClosedRange<Int> = 1...10_000, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> [Value]? {
        guard let node = self.node(key) else { return nil }
        return list(node, key, count, parse)
    }

    private mutating func list<Value>(
        _ node: Node, _ key: String, _ count: ClosedRange<Int>, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> [Value]? {
        guard let items = listItems(node, key, count) else { return nil }
        let values = items.compactMap { value(of: $0, "an item of `\(key)`", parse) }
        return values.count == items.count ? values : nil
    }

    /// The items of the list at `key`, told when it is none or has too few or too many.
    mutating func listItems(_ node: Node, _ key: String, _ count: ClosedRange<Int>) -> [Node]? {
        guard case .list(let items) = node.content else {
            diagnostics.report(node.wrongType("`\(key)`", wanted: "a list"))
            return nil
        }
        guard count.contains(items.count) else {
            let wanted = items.count < count.lowerBound ? "at least \(count.lowerBound)" : "at most \(count.upperBound)"
            report(.badList, "`\(key)` has \(items.count) items", at: node.place, help: "it takes \(wanted)")
            return nil
        }
        return items
    }

    // MARK: Mappings

    /// What `body` reads from the mapping at `key`, which must be there.
    public mutating func requiredSection<Value>(
        _ key: String, example: String? = nil, _ body: (inout FieldReader) -> Value?
    ) -> Value? {
        guard requiredNode(key, example: example) != nil else { return nil }
        return section(key, body)
    }

    /// What `body` reads from the mapping at `key`; `nil` when it is not there.
    public mutating func section<Value>(_ key: String, _ body: (inout FieldReader) -> Value?) -> Value? {
        guard let node = self.node(key) else { return nil }
        let name = owner.isEmpty ? "`\(key)`" : "`\(key)` of \(owner)"
        return Self.read(node, of: name, at: place(of: key), context: context, into: &diagnostics, body)
    }

    /// Lets `body` read `node`, an item of a list or a value of a map, that sentences call `owner`.
    public mutating func read<Value>(
        _ node: Node, of owner: String, at place: SourcePlace? = nil, _ body: (inout FieldReader) -> Value?
    ) -> Value? {
        Self.read(node, of: owner, at: place, context: context, into: &diagnostics, body)
    }

    // MARK: Asking and telling

    /// The raw node of `key`, which counts as read.
    public mutating func node(_ key: String) -> Node? {
        if !asked.contains(key) { asked.append(key) }
        return entries.first { $0.key == key }?.value
    }

    /// The raw node of `key`; told when it is not there.
    public mutating func requiredNode(_ key: String, example: String? = nil) -> Node? {
        if let node = self.node(key) { return node }
        let subject = owner.isEmpty ? "the file" : owner
        let help = example.map { "add `\(key): \($0)`" }
        reportAbsence(of: [key], Diagnostic(.missingKey, "\(subject) has no `\(key)`", at: place, help: help))
        return nil
    }

    /// Tells that something is missing, unless a mistyped key turns out to be one of `keys`: that is told already.
    public mutating func reportAbsence(of keys: [String], _ diagnostic: Diagnostic) {
        absences.append((keys, diagnostic))
    }

    /// True when `key` is there, right or wrong.
    public func has(_ key: String) -> Bool {
        entries.contains { $0.key == key }
    }

    /// True when `key` is there, or a key that nobody asked for and that looks like it.
    public func seemsToHave(_ key: String) -> Bool {
        has(key)
            || entries.prefix(Suggestion.mostCandidates).contains { entry in
                !asked.contains(entry.key) && Suggestion.closest(to: entry.key, among: [key]) != nil
            }
    }

    /// Where `key` stands; the mapping's place when it does not.
    public func place(of key: String) -> SourcePlace {
        entries.first { $0.key == key }?.keyPlace ?? place
    }

    /// Where the value of `key` stands; the mapping's place when there is none.
    public func valuePlace(of key: String) -> SourcePlace {
        entries.first { $0.key == key }?.value.place ?? place
    }

    /// The mapping as it is, for its owner to read later: no key of it counts as unknown here, except one that looks
    /// like `missing`.
    mutating func leaveRaw(but missing: String? = nil) -> Node {
        settled.formUnion(
            entries.map(\.key).filter { key in
                missing.map { Suggestion.closest(to: key, among: [$0]) == nil } ?? true
            })
        return node
    }

    /// `keys` have no meaning here: each that is there is told, with `help`.
    public mutating func refuse(_ keys: [String], help: String) {
        for key in keys where node(key) != nil {
            report(.misplacedSetting, "`\(key)` cannot be set in \(owner)", at: place(of: key), help: help)
        }
        asked.removeAll(where: keys.contains)
        settled.formUnion(keys)
    }

    /// `keys` belong to the language, but this version does not read them.
    public mutating func notYetSupported(_ keys: String...) {
        reserved += keys
    }

    /// Tells something that the reader cannot know by itself.
    public mutating func report(
        _ id: DiagnosticID, _ message: String, at place: SourcePlace, help: String? = nil
    ) {
        diagnostics.report(id, message, at: place, help: help)
    }

    /// Tells which of `keys` are there at once; exactly one must be.
    ///
    /// - Returns: the one that is there.
    public mutating func exactlyOne(of keys: [String]) -> String? {
        for key in keys { _ = node(key) }
        let present = keys.filter(has)
        if present.count == 1 { return present.first }
        let names = keys.map { "`\($0)`" }.joined(separator: ", ")
        let subject = owner.isEmpty ? "the file" : owner
        if present.isEmpty {
            let message = "\(subject) has none of \(names)"
            reportAbsence(of: keys, Diagnostic(.keysConflict, message, at: place, help: "exactly one is needed"))
        } else {
            let others = present.dropLast().map { "`\($0)`" }.joined(separator: ", ")
            let last = present.last ?? ""
            report(
                .keysConflict, "\(subject) has `\(last)` besides \(others)", at: place(of: last),
                help: "exactly one of \(names) is needed")
        }
        return nil
    }

    /// The parsed value of `node`; `subject` begins the sentence that tells what is wrong with it.
    public mutating func value<Value>(
        of node: Node, _ subject: String, _ parse: (Scalar) throws(ValueError) -> Value
    ) -> Value? {
        guard let scalar = scalar(node, subject) else { return nil }
        if Shown.mayHoldPassword(scalar.text) {
            diagnostics.hide(node, isSecret: true)
        } else {
            diagnostics.reveal(node)
        }
        do throws(ValueError) {
            return try parse(scalar)
        } catch {
            tell(error, of: subject, at: node.place)
            return nil
        }
    }

    mutating func tell(_ error: ValueError, of subject: String, at place: SourcePlace) {
        let message = error.isSentence ? error.message : "\(subject) \(error.message)"
        report(error.id, message, at: place, help: error.help)
    }

    private mutating func tellUnknownKeys() {
        for absence in absences where !absence.keys.contains(where: seemsToHave) {
            diagnostics.report(absence.diagnostic)
        }
        for entry in entries where !asked.contains(entry.key) && !settled.contains(entry.key) {
            let key = diagnostics.shownKey(entry)
            let whereabouts = owner.isEmpty ? "at the top level" : "in \(owner)"
            var help = "known keys: \(asked.joined(separator: ", "))"
            if diagnostics.isFull {
                help = ""  // It is only counted.
            } else if reserved.contains(entry.key) {
                help = "this version does not support it"
            } else if let close = Suggestion.closest(to: entry.key, among: asked) {
                help = "did you mean `\(close)`?"
            }
            report(.unknownKey, "unknown key `\(key)` \(whereabouts)", at: entry.keyPlace, help: help)
        }
    }
}
