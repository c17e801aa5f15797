internal import Bytes

extension ResponseHead {
    /// Takes in the field lines that have come since the last call.
    @inline(__always)
    mutating func noteNewFields(_ bytes: Span<UInt8>) throws(Rule) {
        while notedFields < fields.count {
            let line = fields[notedFields]
            notedFields &+= 1
            guard line.known.concernsParser, !line.isLookalike else { continue }
            switch line.known {
            case .contentLength:
                try message.noteSingleton(.contentLength)
                try message.setContentLength(bytes, line.value)
            case .transferEncoding:
                try message.noteSingleton(.transferEncoding)
                message.transferEncoding = line.value
            case .connection: try message.addConnection(bytes, line.value)
            case _: break
            }
        }
    }

    /// What can be decided only when all fields are known: RFC 9112 §6.3, in its order.
    mutating func finish(_ bytes: Span<UInt8>, method: Method) throws(Rule) {
        let isChunked = try message.isChunked(bytes, version: version)
        if message.contentLength >= 0 { declaredLength = message.contentLength }
        if method == .head || status < 200 || status == 204 || status == 304 {
            framing = .none
        } else if isChunked {
            framing = .chunked
        } else if let declaredLength {
            framing = .length(declaredLength)
        } else {
            framing = .untilClose
        }
        isPersistent =
            !message.saysClose && (version == .http11 || message.saysKeepAlive) && framing != .untilClose
        message.markNominated(&fields, in: bytes)
    }
}
