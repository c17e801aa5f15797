/// All that is to be said about one load.
///
/// The same finding at the same place is kept once, so what an alias repeats is told once.  At most
/// ``limit`` findings are kept; the rest is only counted, since a hostile file could ask for a million.
public struct Diagnostics: Sendable {
    /// How many findings are kept.
    public static let limit = 1_000

    /// How many errors were reported.
    public private(set) var errorCount = 0
    /// How many warnings were reported.
    public private(set) var warningCount = 0
    private var kept: Set<Diagnostic> = []
    /// The texts that excerpts are taken from.
    private(set) var sources: [SourceText] = []
    /// What excerpts must not show, and what of it was found to be harmless.
    private(set) var masks = ExcerptMasks()

    /// Nothing yet.
    public init() {}

    /// True when the configuration cannot be used.
    public var hasErrors: Bool { errorCount > 0 }
    /// True when something is wrong at `place`, so that what follows from it need not be told.
    public func hasError(at place: SourcePlace) -> Bool {
        kept.contains { $0.place == place && $0.severity == .error }
    }
    /// True when one of this kind is among them.
    func has(_ id: DiagnosticID) -> Bool { kept.contains { $0.id == id } }
    /// True when nothing was reported.
    public var isEmpty: Bool { errorCount + warningCount == 0 }
    /// True when further findings are only counted.
    var isFull: Bool { kept.count >= Self.limit }
    /// How many findings were counted but not kept.
    var omittedCount: Int { errorCount + warningCount - kept.count }

    /// What was kept, in the order of its places.
    public var sorted: [Diagnostic] {
        kept.sorted { one, other in
            if one.place != other.place { return one.place < other.place }
            return (one.id.code, one.message) < (other.id.code, other.message)
        }
    }

    /// Takes in one finding.
    public mutating func report(_ diagnostic: Diagnostic) {
        if kept.contains(diagnostic) { return }
        switch diagnostic.severity {
        case .error: errorCount += 1
        case .warning: warningCount += 1
        }
        if !isFull { kept.insert(diagnostic) }
    }

    /// Takes in one finding, made here.
    public mutating func report(
        _ id: DiagnosticID, _ message: String, at place: SourcePlace, help: String? = nil
    ) {
        report(Diagnostic(id, message, at: place, help: help))
    }

    /// Excerpts of `source` may be shown from now on.
    mutating func add(_ source: SourceText) {
        sources.append(source)
    }

    /// The literal scalars in `node` may be secrets, or are: excerpts hide them.
    mutating func hide(_ node: Node, isSecret: Bool = false) {
        masks.hide(node, isSecret: isSecret)
    }

    /// A key as messages may show it: `***` when it may be a secret.
    func shownKey(_ entry: Node.Entry) -> String {
        masks.hides(entry.keyPlace) ? "***" : Shown.short(entry.key)
    }

    /// The line at `place` could not be read as YAML, and may hold a secret.
    mutating func hideBrokenLine(at place: SourcePlace, in source: SourceText) {
        masks.hideBrokenLine(at: place, in: source)
    }

    /// `node` was read as something that is no secret.
    mutating func reveal(_ node: Node) {
        masks.reveal(node)
    }
}
