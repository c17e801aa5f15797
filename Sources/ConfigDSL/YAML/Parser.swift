internal import CYaml

/// Reads the events of libyaml, which are the only thing that this room takes from C.
///
/// Owns the parser's memory and that of the last event.  The input is kept alive by ``YAMLDocument/parse(_:)``.
@safe struct YAMLParser: ~Copyable {
    /// One event, its texts copied.
    enum Event {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool, anchor: String?, hasTag: Bool)
        case listStart(anchor: String?, hasTag: Bool)
        case mappingStart(anchor: String?, hasTag: Bool)
        case collectionEnd
    }

    /// A position in the text, lines and columns from 1.
    struct Mark {
        var line: Int
        var column: Int
    }

    /// An event, where it starts and where it ends.
    typealias Next = (event: Event, start: Mark, end: Mark)

    /// What libyaml said against the text.
    struct Problem: Error {
        var problem: String
        var mark: Mark
        /// What was being read, and since where.
        var context: String?
        var contextMark: Mark
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// A parser of `input`, which must outlive it.
    init(_ input: UnsafeBufferPointer<UInt8>) {
        unsafe parser = .allocate(capacity: 1)
        // Safe: the block is large enough for the parser that this call initializes.
        precondition(unsafe yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// The next event.
    mutating func next() throws(Problem) -> Next {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe (Self.copied(event), Self.mark(event.start_mark), Self.mark(event.end_mark))
    }

    private static func copied(_ event: borrowing yaml_event_t) -> Event {
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: .streamStart
        case YAML_DOCUMENT_START_EVENT: .documentStart
        case YAML_DOCUMENT_END_EVENT: .documentEnd
        case YAML_ALIAS_EVENT: unsafe .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            unsafe .scalar(
                text: text(event.data.scalar.value, count: event.data.scalar.length),
                isPlain: event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(event.data.scalar.anchor), hasTag: event.data.scalar.tag != nil)
        case YAML_SEQUENCE_START_EVENT:
            unsafe .listStart(
                anchor: text(event.data.sequence_start.anchor), hasTag: event.data.sequence_start.tag != nil)
        case YAML_MAPPING_START_EVENT:
            unsafe .mappingStart(
                anchor: text(event.data.mapping_start.anchor), hasTag: event.data.mapping_start.tag != nil)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: .collectionEnd
        // What is left is the stream's end, and no event, which libyaml gives behind it.
        default: .streamEnd
        }
    }

    private func problem() -> Problem {
        unsafe Problem(
            problem: Self.text(parser.pointee.problem) ?? "the text cannot be read",
            mark: Self.mark(parser.pointee.problem_mark), context: Self.text(parser.pointee.context),
            contextMark: Self.mark(parser.pointee.context_mark))
    }

    private static func mark(_ mark: yaml_mark_t) -> Mark {
        Mark(line: mark.line + 1, column: mark.column + 1)
    }

    private static func text(_ start: UnsafePointer<yaml_char_t>?) -> String? {
        unsafe start.map { unsafe String(cString: $0) }
    }

    private static func text(_ start: UnsafePointer<CChar>?) -> String? {
        unsafe start.map { unsafe String(cString: $0) }
    }

    private static func text(_ start: UnsafePointer<yaml_char_t>?, count: Int) -> String {
        unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
