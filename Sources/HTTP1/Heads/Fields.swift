public import Bytes

/// One field line of a head: where its name and value stand, and what the name means to the gateway.
public struct FieldLine: Sendable, Equatable {
    /// The name as sent.
    public var name: ByteRange
    /// The value without the optional white space around it; may be empty.
    public var value: ByteRange
    /// The name, if it is one that the gateway knows.
    public var known: FieldName
    /// True when ``known`` was found only because `_` and `.` were read as `-` (http rule CR-6).  For a family such as
    /// ``FieldName/xMsOther``: that the name has such a byte anywhere.  A look-alike never counts as the field itself.
    public var isLookalike: Bool
    /// True when a `Connection` line of the same head names this field (HP-1, HP-2): it goes no further.  Never set for
    /// host, content-length, transfer-encoding, content-type and cache-control, whose nominations are ignored.
    public var isNominated: Bool

    /// A line that is in no `Connection` list.
    @inlinable public init(name: ByteRange, value: ByteRange, known: FieldName, isLookalike: Bool) {
        self.name = name
        self.value = value
        self.known = known
        self.isLookalike = isLookalike
        isNominated = false
    }
}

/// The field lines of one head, in order.  Storage is kept from head to head.
@usableFromInline
struct FieldList: ~Copyable {
    /// Places for lines, of which the first ``count`` are filled; grows when a head has more than any before it.
    @usableFromInline var slots: [FieldLine]
    /// How many lines there are.
    @usableFromInline var count = 0

    init() {
        slots = Array(repeating: Self.unused, count: 24)
    }

    private static var unused: FieldLine {
        FieldLine(name: .empty, value: .empty, known: .other, isLookalike: false)
    }

    @inlinable
    subscript(index: Int) -> FieldLine {
        precondition(index >= 0 && index < count, "no such field line")
        return slots[index]
    }

    func index(of name: FieldName) -> Int {
        for index in 0..<count where slots[index].known == name && !slots[index].isLookalike { return index }
        return -1
    }

    /// Makes room for more lines.
    mutating func grow() {
        slots.append(contentsOf: repeatElement(Self.unused, count: slots.count))
    }

    mutating func setNominated(_ index: Int) {
        slots[index].isNominated = true
    }

    mutating func removeAll() {
        count = 0
    }
}
