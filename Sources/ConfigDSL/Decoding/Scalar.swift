/// A text to be parsed, its references resolved.
public struct Scalar: Sendable {
    /// What is to be parsed.  Never to be shown: it may hold what a reference gave.
    public let text: String
    /// What may be shown in its place: the text as the file has it.
    public let shown: String
    /// True when it stands unquoted in the file and holds no reference.
    public let isPlain: Bool
    /// True when it holds no reference, so that `text` is what the file says.
    public let isLiteral: Bool

    /// A text that stands in the file as it is.
    public init(literal text: String, isPlain: Bool = false) {
        self.init(text: text, shown: text, isPlain: isPlain, isLiteral: true)
    }

    init(text: String, shown: String, isPlain: Bool, isLiteral: Bool) {
        self.text = text
        self.shown = Shown.short(shown)
        self.isPlain = isPlain
        self.isLiteral = isLiteral
    }
}

/// Why a value was refused.
///
/// Thrown by the functions that a ``FieldReader`` is given; the reader adds key and place.  Neither text holds the
/// value's `text`: only its `shown`.
public struct ValueError: Error, Hashable, Sendable {
    /// Its number.
    public var id: DiagnosticID
    /// What goes behind the key in backquotes (`has no unit`), or a sentence of its own.
    public var message: String
    /// What to do about it.
    public var help: String?
    /// True when `message` is a sentence of its own.
    public var isSentence: Bool

    /// The key's name and `message` make the sentence: `` `connect` has no unit``.
    public init(_ id: DiagnosticID, _ message: String, help: String? = nil) {
        self.init(id: id, message: message, help: help, isSentence: false)
    }

    /// `sentence` says it all.
    public static func sentence(_ id: DiagnosticID, _ sentence: String, help: String? = nil) -> ValueError {
        ValueError(id: id, message: sentence, help: help, isSentence: true)
    }

    private init(id: DiagnosticID, message: String, help: String?, isSentence: Bool) {
        self.id = id
        self.message = message
        self.help = help
        self.isSentence = isSentence
    }
}
