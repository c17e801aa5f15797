public import Bytes

/// The head of one answer, as a ``ResponseParser`` found it: offsets into the bytes, never copies.
///
/// As for ``RequestHead``: offsets are relative to the span given to the parser, one value is reused for all answers,
/// and it is complete once the parser has returned its length.
public struct ResponseHead: ~Copyable {
    /// The status, 100–999.
    public internal(set) var status = 0
    /// The reason as sent; may be empty.
    public internal(set) var reason = ByteRange.empty
    /// The protocol version.
    public internal(set) var version = Version.http11
    /// Where the body ends; ``ResponseFraming/none`` for 1xx, which are heads of their own.
    public internal(set) var framing = ResponseFraming.none
    /// The `Content-Length`, also where there is no body (an answer to HEAD).
    public internal(set) var declaredLength: Int?
    /// The origin keeps its connection open after this answer.
    public internal(set) var isPersistent = true

    @usableFromInline var fields = FieldList()
    /// How many of them the parser has taken the meaning of.
    var notedFields = 0
    var message = MessageState()

    /// A head of nothing.
    public init() {}

    /// How many field lines it has.
    @inlinable public var fieldCount: Int { fields.count }

    /// The field line at `index`, in the order of the message; traps outside `0..<fieldCount`.
    @inlinable public func field(at index: Int) -> FieldLine { fields[index] }

    /// The first field line that is `name` and no look-alike, or -1.  It searches.
    public func index(of name: FieldName) -> Int { fields.index(of: name) }

    /// Forgets the last answer; keeps storage.
    public mutating func reset() {
        fields.removeAll()
        notedFields = 0
        message.reset()
        (status, reason, framing, declaredLength, isPersistent) = (0, .empty, .none, nil, true)
    }
}
