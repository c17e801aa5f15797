/// One thing that is wrong, or that an operator should know, about a configuration.
public struct Diagnostic: Hashable, Sendable {
    /// Whether the configuration can be used all the same.
    public enum Severity: String, Sendable {
        /// It cannot.
        case error
        /// It can.
        case warning
    }

    /// Its stable number.
    public var id: DiagnosticID
    /// A sentence with the culprit in backquotes.  Never the resolved value of a reference, never a secret.
    public var message: String
    /// Where the carets go.
    public var place: SourcePlace
    /// What to do about it.  The same rule as for `message`.
    public var help: String?

    /// One finding.
    public init(_ id: DiagnosticID, _ message: String, at place: SourcePlace, help: String? = nil) {
        self.id = id
        self.message = message
        self.place = place
        self.help = help
    }

    /// Errors have an `E` number, warnings a `W` number.
    public var severity: Severity { id.code.hasPrefix("W") ? .warning : .error }
}
