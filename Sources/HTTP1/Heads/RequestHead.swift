public import Bytes

/// The head of one request, as a ``RequestParser`` found it: offsets into the bytes, never copies.
///
/// Offsets are relative to the first byte of the span that was given to the parser.  One value is reused for all
/// requests of a connection.  It is complete and checked once the parser has returned its length; before that, it
/// holds what has been read so far.
public struct RequestHead: ~Copyable {
    /// The method.
    public internal(set) var method = Method.other
    /// Where the method stands.
    public internal(set) var methodRange = ByteRange.empty
    /// The whole target as sent.  What goes on is made of ``target``, whose parts leave out what is not sent on.
    public internal(set) var rawTarget = ByteRange.empty
    /// The target, split.
    public internal(set) var target = RequestTarget(form: .origin, path: .empty, query: nil)
    /// The protocol version.
    public internal(set) var version = Version.http11
    /// Where the body ends.
    public internal(set) var framing = RequestFraming.none
    /// The client may send its next request on this connection (http rules KA-2, KA-3): not after `Connection: close`;
    /// for HTTP/1.0 only after `Connection: keep-alive`, and then only if the answer has a `Content-Length`.
    public internal(set) var isPersistent = true
    /// The client waits for `100 Continue` before it sends the body that it has announced (EX-1, EX-2).
    public internal(set) var expectsContinue = false
    /// The client expects something that we do not know: 417 (EX-1).
    public internal(set) var hasUnknownExpectation = false

    /// `Host` with its port, which is read once where it stood twice; `nil` only in HTTP/1.0.
    public internal(set) var host: ByteRange?
    /// `Host` without its port; an IPv6 address has its brackets.
    public internal(set) var hostName: ByteRange?
    /// The port in `Host`.
    public internal(set) var hostPort: Int?

    /// The `authorization` field's index, or -1.
    public internal(set) var authorizationField = -1
    /// The `x-ms-client-request-id` field's index, or -1.
    public internal(set) var clientRequestIDField = -1
    /// The `x-ms-content-sha256` field's index, or -1.
    public internal(set) var contentDigestField = -1
    /// The `x-ms-date` field's index, or -1.
    public internal(set) var msDateField = -1
    /// The `content-type` field's index, or -1.
    public internal(set) var contentTypeField = -1

    @usableFromInline var fields = FieldList()
    /// How many of them the parser has taken the meaning of.
    var notedFields = 0
    var message = MessageState()
    /// What an absolute target named, to be compared with `Host`.
    var targetAuthority: Authority?
    var targetDefaultPort = 0

    /// A head of nothing.
    public init() {}

    /// How many field lines it has.
    @inlinable public var fieldCount: Int { fields.count }

    /// The field line at `index`, in the order of the message; traps outside `0..<fieldCount`.
    @inlinable public func field(at index: Int) -> FieldLine { fields[index] }

    /// The first field line that is `name` and no look-alike, or -1.  It searches: the fields that every request needs
    /// have properties of their own.
    public func index(of name: FieldName) -> Int { fields.index(of: name) }

    /// Forgets the last request; keeps storage.
    public mutating func reset() {
        fields.removeAll()
        notedFields = 0
        message.reset()
        (method, framing) = (.other, .none)
        (isPersistent, expectsContinue, hasUnknownExpectation) = (true, false, false)
        (host, hostName, hostPort) = (nil, nil, nil)
        (authorizationField, clientRequestIDField, contentDigestField) = (-1, -1, -1)
        (msDateField, contentTypeField) = (-1, -1)
        targetAuthority = nil
    }
}
