internal import Bytes
internal import HTTP1

/// Which field lines go on, to the resource and to the client (config language, section 5; http rules CR-1 to CR-7,
/// HP-1 to HP-4, FW-1 to FW-4).  Ours are written after this, each exactly once.
enum ForwardingRules {
    /// Appends the client's field lines that may pass, each with CR LF.
    ///
    /// False when one of them has a name that is ours to write: with it there would be two (CR-3).  The rules let none
    /// pass, so that is a mistake of ours or of the configuration, and nothing may be sent.
    static func writeRequestFields(
        _ head: borrowing RequestHead, _ message: borrowing ByteBuffer, keepsAuthorization: Bool, alsoPass: [[UInt8]],
        into outbound: inout ByteBuffer
    ) -> Bool {
        var isOurs = false
        let message = message.span
        var run = FieldRun()
        for index in 0..<head.fieldCount {
            let field = head.field(at: index)
            guard passes(field, message, keepsAuthorization: keepsAuthorization, alsoPass: alsoPass) else { continue }
            if field.known != .other, isWrittenByUs(field.known, keepsAuthorization: keepsAuthorization) {
                isOurs = true
            }
            run.add(field, message, into: &outbound)
        }
        run.end(message, into: &outbound)
        return !isOurs
    }

    private static func isWrittenByUs(_ name: FieldName, keepsAuthorization: Bool) -> Bool {
        if name == .authorization { return !keepsAuthorization }
        return name == .host || name == .contentLength || name == .transferEncoding || name == .xMsDate
            || name == .xMsContentSHA256
    }

    private static func passes(
        _ field: FieldLine, _ message: Span<UInt8>, keepsAuthorization: Bool, alsoPass: [[UInt8]]
    ) -> Bool {
        if field.isNominated { return false }
        let name = field.known
        if name == .other { return true }
        if name == .authorization { return keepsAuthorization && !field.isLookalike }
        if name.isMicrosoft {
            if name == .xMsClientRequestID || name == .xMsReturnClientRequestID || name == .xMsUserAgent {
                return !field.isLookalike
            }
            return isListed(field, message, alsoPass)
        }
        return !(name.isHopByHop || name.isCredential || name.isForwardingClaim || isReplaced(name))
    }

    /// Written by us, or answered by us, so the client's has no meaning further on.
    private static func isReplaced(_ name: FieldName) -> Bool {
        name == .host || name == .contentLength || name == .transferEncoding || name == .expect || name == .date
            || name == .xAcsGatewayOther
    }

    /// The slow way, for `x-ms-…` names that a resource's `forward_fields` lists (lower case).
    private static func isListed(_ field: FieldLine, _ message: Span<UInt8>, _ names: [[UInt8]]) -> Bool {
        if names.isEmpty || field.isLookalike { return false }
        for name in names where message.extracting(field.name.start..<field.name.end).equalsFolded(name.span) {
            return true
        }
        return false
    }

    /// Whether an answer's field goes on to the client: all but hop-by-hop and framing, which we write anew, and what
    /// looks like them; and `x-acs-gateway-…`, which says that we answered, and not the resource.
    static func passesToClient(_ field: FieldLine) -> Bool {
        if field.isNominated { return false }
        let name = field.known
        return name == .other || !(name.isHopByHop || name == .contentLength || name == .xAcsGatewayOther)
    }

    /// `name: value CR LF`, as it was sent, white space around the value aside.
    static func write(_ field: FieldLine, _ message: Span<UInt8>, into buffer: inout ByteBuffer) {
        buffer.append(message.extracting(field.name.start..<field.name.end))
        buffer.append(": ")
        buffer.append(message.extracting(field.value.start..<field.value.end))
        buffer.append("\r\n")
    }
}

/// Lines that stand one behind the other and go on as they are: written in one piece.
///
/// Only lines that are, byte for byte, what ``ForwardingRules`` would write of them; every other is written by itself.
struct FieldRun {
    private var start = 0
    private var stop = 0

    /// Writes `field`, at the latest with ``end(_:into:)``.
    @inline(__always)
    mutating func add(_ field: FieldLine, _ message: Span<UInt8>, into buffer: inout ByteBuffer) {
        guard Self.isAsWritten(field, message) else {
            end(message, into: &buffer)
            ForwardingRules.write(field, message, into: &buffer)
            return
        }
        if field.name.start != stop {
            end(message, into: &buffer)
            start = field.name.start
        }
        stop = field.value.end &+ 2
    }

    /// Writes what is left.
    mutating func end(_ message: Span<UInt8>, into buffer: inout ByteBuffer) {
        buffer.append(message.extracting(start..<stop))
        (start, stop) = (0, 0)
    }

    /// ``add(_:_:into:)`` for a message in a buffer.
    mutating func add(_ field: FieldLine, of message: borrowing ByteBuffer, into buffer: inout ByteBuffer) {
        add(field, message.span, into: &buffer)
    }

    /// ``end(_:into:)`` for a message in a buffer.
    mutating func end(of message: borrowing ByteBuffer, into buffer: inout ByteBuffer) {
        end(message.span, into: &buffer)
    }

    /// `name: value CR LF`, one space, none behind the value.
    @inline(__always)
    private static func isAsWritten(_ field: FieldLine, _ message: Span<UInt8>) -> Bool {
        let (colon, value, end) = (field.name.end, field.value.start, field.value.end)
        return value == colon &+ 2 && end &+ 2 <= message.count && message[colon] == 0x3A
            && message[colon &+ 1] == 0x20 && message[end] == 0x0D && message[end &+ 1] == 0x0A
    }
}
