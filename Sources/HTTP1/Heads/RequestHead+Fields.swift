internal import Bytes

extension RequestHead {
    /// Takes in the field lines that have come since the last call.
    @inline(__always)
    mutating func noteNewFields(_ bytes: Span<UInt8>) throws(Rule) {
        while notedFields < fields.count {
            let line = fields[notedFields]
            if line.known.concernsParser, !line.isLookalike { try note(line, at: notedFields, in: bytes) }
            notedFields &+= 1
        }
    }

    /// What a known field means.
    @inline(__always)
    private mutating func note(_ line: FieldLine, at index: Int, in bytes: Span<UInt8>) throws(Rule) {
        if line.known.isSingleton { try message.noteSingleton(line.known) }
        switch line.known {
        case .host:
            note(try Authority(bytes, from: line.value.start, to: line.value.end, mayDoublePort: true))
        case .contentLength: try message.setContentLength(bytes, line.value)
        case .transferEncoding: message.transferEncoding = line.value
        case .connection: try message.addConnection(bytes, line.value)
        case .expect:
            // HTTP/1.0 clients cannot be told to go on (EX-2).
            guard version == .http11 else { break }
            let isKnown = bytes.extracting(line.value.start..<line.value.end).equalsIgnoringCase("100-continue")
            (expectsContinue, hasUnknownExpectation) = (isKnown, !isKnown)
        case .authorization: authorizationField = index
        case .xMsClientRequestID: clientRequestIDField = index
        case .xMsContentSHA256: contentDigestField = index
        case .xMsDate: msDateField = index
        case .contentType: contentTypeField = index
        case _: break
        }
    }

    @inline(__always)
    private mutating func note(_ authority: Authority) {
        (host, hostName) = (authority.whole, authority.name)
        hostPort = authority.port < 0 ? nil : authority.port
    }

    /// What can be decided only when all fields are known.
    mutating func finish(_ bytes: Span<UInt8>) throws(Rule) {
        guard host != nil || version == .http10 else { throw .hostMissing }
        if let targetAuthority {
            if let host {
                let named = try Authority(bytes, from: host.start, to: host.end, mayDoublePort: false)
                guard targetAuthority.equals(named, in: bytes, defaultPort: targetDefaultPort)
                else { throw .targetAuthority }
            } else {
                // HTTP/1.0 need not send `Host` (HO-1): the target is the only one to name it.
                note(targetAuthority)
            }
        }
        if try message.isChunked(bytes, version: version) {
            framing = .chunked
        } else if message.contentLength >= 0 {
            framing = .length(message.contentLength)
        }
        if framing == .none || framing == .length(0) { expectsContinue = false }
        isPersistent = !message.saysClose && (version == .http11 || message.saysKeepAlive)
        message.markNominated(&fields, in: bytes)
    }
}
