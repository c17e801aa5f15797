/// A message broke a rule: what to answer, and which rule it was.
///
/// The connection is never read further (http rule KA-5): there is no resynchronisation.
public struct ParseError: Error, Equatable, Sendable {
    /// The status to answer with: 400, 414, 431, 501 or 505 for a request, always 502 for an origin's answer.
    public var status: Int
    /// The rule that was broken.
    public var rule: Rule

    /// A request that broke `rule`.
    public init(request rule: Rule) {
        self.rule = rule
        status = rule.status
    }

    /// An origin's answer that broke `rule` (UP-1).
    public init(answer rule: Rule) {
        self.rule = rule
        status = 502
    }
}

/// The rules of a message's grammar that a peer can break.  Each knows its id in the list of HTTP rules, the status
/// that a client gets, and one fixed sentence: nothing of the message is repeated in it.
public enum Rule: UInt8, Error, Sendable, Equatable, CaseIterable {
    case bareCarriageReturn, bareLineFeed, extraEmptyLine
    case requestLineSyntax, methodSyntax, methodUnknown, targetSyntax, versionSyntax, versionUnsupported
    case fieldNameSyntax, foldedLine, fieldValueSyntax, repeatedField
    case hostMissing, hostSyntax, targetAuthority, targetUserInfo
    case contentLengthSyntax, lengthAndCoding, transferEncodingSyntax, transferEncodingUnknown, codingInHTTP10
    case chunkSizeSyntax, chunkLineEnd, chunkExtensionSyntax, chunkLineTooLong, chunkExtensionsTooLong
    case connectionSyntax, connectionTooLong
    case asteriskTarget, authorityTarget
    case requestLineTooLong, fieldLineTooLong, headTooLong, tooManyFields
    case statusLineSyntax
}

extension Rule {
    /// The status for a client that broke this rule.
    public var status: Int {
        switch self {
        case .methodUnknown, .transferEncodingUnknown: 501
        case .versionUnsupported: 505
        case .requestLineTooLong: 414
        case .fieldLineTooLong, .headTooLong, .tooManyFields, .connectionTooLong: 431
        case .bareCarriageReturn, .bareLineFeed, .extraEmptyLine, .requestLineSyntax, .methodSyntax, .targetSyntax,
            .versionSyntax, .fieldNameSyntax, .foldedLine, .fieldValueSyntax, .repeatedField, .hostMissing,
            .hostSyntax, .targetAuthority, .targetUserInfo, .contentLengthSyntax, .lengthAndCoding,
            .transferEncodingSyntax, .codingInHTTP10, .chunkSizeSyntax, .chunkLineEnd, .chunkExtensionSyntax,
            .chunkLineTooLong, .chunkExtensionsTooLong, .connectionSyntax, .asteriskTarget, .authorityTarget,
            .statusLineSyntax:
            400
        }
    }

    /// Its id and its sentence.
    private var entry: (id: StaticString, sentence: StaticString) {
        switch self {
        case .bareCarriageReturn: ("GR-1", "A carriage return is not followed by a line feed.")
        case .bareLineFeed: ("GR-2", "A line does not end in CR LF.")
        case .extraEmptyLine: ("RL-8", "More than one empty line stands before the request line.")
        case .requestLineSyntax: ("RL-1", "The request line is not `method SP target SP version`.")
        case .methodSyntax: ("RL-2", "The method is not a token.")
        case .methodUnknown: ("RL-2", "The method is not implemented.")
        case .targetSyntax: ("RL-3", "The request target holds a character that it may not hold.")
        case .versionSyntax: ("RL-4", "The protocol version is not `HTTP/1.1` or `HTTP/1.0`.")
        case .versionUnsupported: ("RL-4", "The protocol version is not supported.")
        case .fieldNameSyntax: ("HD-1", "A field line does not begin with a name and a colon.")
        case .foldedLine: ("HD-3", "A field line begins with white space.")
        case .fieldValueSyntax: ("HD-5", "A field value holds a control character.")
        case .repeatedField: ("HD-7", "A field that may stand once is repeated.")
        case .hostMissing: ("HO-1", "The request has no `Host`.")
        case .hostSyntax: ("HO-3", "The `Host` is not a name or address with an optional port.")
        case .targetAuthority: ("HO-4", "The target names another host than `Host`, or another scheme than http.")
        case .targetUserInfo: ("HO-5", "The request target holds user information.")
        case .contentLengthSyntax: ("CL-1", "The `Content-Length` is not a number of bytes.")
        case .lengthAndCoding: ("TE-1", "`Content-Length` and `Transfer-Encoding` stand together.")
        case .transferEncodingSyntax: ("TE-2", "The `Transfer-Encoding` is not exactly `chunked`.")
        case .transferEncodingUnknown: ("TE-3", "The transfer coding is not implemented.")
        case .codingInHTTP10: ("TE-4", "An HTTP/1.0 message has a `Transfer-Encoding`.")
        case .chunkSizeSyntax: ("CK-1", "A chunk's size is not 1 to 16 hexadecimal digits.")
        case .chunkLineEnd: ("CK-2", "A chunk does not end in CR LF.")
        case .chunkExtensionSyntax: ("CK-3", "A chunk extension is malformed.")
        case .chunkLineTooLong: ("CK-4", "A chunk's size line is too long.")
        case .chunkExtensionsTooLong: ("CK-4", "The chunk extensions are too long.")
        case .connectionSyntax: ("HP-1", "The `Connection` is not a list of tokens.")
        case .connectionTooLong: ("LI-3", "The `Connection` has too many elements.")
        case .asteriskTarget: ("ME-2", "The target `*` stands with another method than `OPTIONS`.")
        case .authorityTarget: ("ME-3", "The request target is not a path.")
        case .requestLineTooLong: ("LI-1", "The request line is too long.")
        case .fieldLineTooLong: ("LI-2", "A field line is too long.")
        case .headTooLong: ("LI-2", "The fields are too long together.")
        case .tooManyFields: ("LI-3", "There are too many fields.")
        case .statusLineSyntax: ("UP-2", "The answer does not begin with a status line.")
        }
    }

    /// The rule's id, for instance `HD-3`.
    public var id: StaticString { entry.id }
    /// What was wrong, in one fixed sentence.
    public var sentence: StaticString { entry.sentence }
}
