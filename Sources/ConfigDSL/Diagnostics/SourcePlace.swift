/// A stretch of one line of a file: what a caret points at.
public struct SourcePlace: Hashable, Sendable {
    /// The file as it was named when it was loaded.
    public var file: String
    /// From 1; 0 stands for the file as a whole.
    public var line: Int
    /// From 1, in Unicode scalars.
    public var column: Int
    /// How many scalars the carets cover; what goes on over several lines has 1.
    public var length: Int

    /// A stretch of `length` scalars.
    public init(file: String, line: Int, column: Int, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
    }

    /// The file as a whole: nothing in it is to be pointed at.
    public static func whole(_ file: String) -> SourcePlace {
        SourcePlace(file: file, line: 0, column: 0, length: 0)
    }

    /// `FILE:LINE`, as one diagnostic names another place.
    public var lineText: String { "\(file):\(line)" }
}

extension SourcePlace: Comparable {
    /// Reading order within a file, shorter ones first; files by name.  Whatever is not equal has an order, or findings
    /// would be told in another order each time.
    public static func < (one: SourcePlace, other: SourcePlace) -> Bool {
        if one.file != other.file { return one.file < other.file }
        return (one.line, one.column, one.length) < (other.line, other.column, other.length)
    }
}
