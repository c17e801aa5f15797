internal import Bytes
internal import HTTP1

/// Points an answer's links at the gateway: `Operation-Location` and the like name the resource itself, where the
/// client's worthless credential would be refused (config language, section 5; ACS surface, section 2).
struct FollowUpLinks: Sendable {
    /// The endpoint's host as a link writes it: lower case, an IPv6 address in brackets.
    private let host: [UInt8]
    /// Its first label.
    private let firstLabel: [UInt8]

    /// The domains that the service's own links may name beside the endpoint.
    private static let serviceDomains: [[UInt8]] = [
        Array("communication.azure.com".utf8), Array("communications.azure.com".utf8),
        Array("communication.azure.us".utf8),
    ]

    /// Links of the resource at `host`.
    init(host: String) {
        self.host = Array((host.contains(":") ? "[\(host)]" : host).lowercased().utf8)
        firstLabel = Array(self.host.prefix { $0 != 0x2E })
    }

    /// How a route changed paths, to be undone.
    struct Rewrite: Sendable {
        /// What was taken away, as the file spells it; empty for nothing.
        var strippedPrefix: [UInt8] = []
        /// What was put in front; empty for nothing.
        var addedPrefix: [UInt8] = []
    }

    /// True for the fields whose values are links.
    static func isLink(_ name: FieldName) -> Bool {
        name == .operationLocation || name == .location || name == .contentLocation || name == .azureAsyncOperation
    }

    /// The link that stands at `range` in `message`; see the other `write`.
    func write(
        _ range: ByteRange, of message: borrowing ByteBuffer, base: borrowing ByteBuffer, rewrite: Rewrite,
        into buffer: inout ByteBuffer
    ) {
        write(message.bytes(range), base: base.span, rewrite: rewrite, into: &buffer)
    }

    /// Appends `link` as the client must see it; `base` is the gateway's scheme and authority as the client calls it,
    /// empty when it is not known.
    func write(_ link: Span<UInt8>, base: Span<UInt8>, rewrite: Rewrite, into buffer: inout ByteBuffer) {
        guard !base.isEmpty, let target = ownTarget(of: link, rewrite) else {
            buffer.append(link)
            return
        }
        buffer.append(base)
        var path = link.extracting(target..<link.count)
        guard rewrite.addedPrefix.isEmpty || path.hasSegments(rewrite.addedPrefix.span) else {
            buffer.append(path)
            return
        }
        path = path.extracting(rewrite.addedPrefix.count..<path.count)
        buffer.append(rewrite.strippedPrefix.span)
        if path.isEmpty || path[0] != 0x2F, rewrite.strippedPrefix.isEmpty { buffer.append("/") }
        buffer.append(path)
    }

    /// Where the path begins in a link that is the resource's own, or `nil` for one to leave alone.
    private func ownTarget(of link: Span<UInt8>, _ rewrite: Rewrite) -> Int? {
        if link.count > 0, link[0] == 0x2F, link.count == 1 || link[1] != 0x2F {
            // A rooted relative link: clients disagree about what it is relative to once a prefix was taken away.
            return rewrite.strippedPrefix.isEmpty ? nil : 0
        }
        guard let start = authorityStart(link) else { return nil }
        var end = start
        while end < link.count, link[end] != 0x2F, link[end] != 0x3F, link[end] != 0x23 {
            if link[end] == 0x40 { return nil }
            end += 1
        }
        var hostEnd = end
        if start < end, link[start] != 0x5B {
            hostEnd = start
            while hostEnd < end, link[hostEnd] != 0x3A { hostEnd += 1 }
        } else {
            while hostEnd > start, link[hostEnd - 1] != 0x5D { hostEnd -= 1 }
        }
        return isOwn(link.extracting(start..<hostEnd)) ? end : nil
    }

    /// Behind `//`, with which the link begins, or which follows its scheme (RFC 3986 §3.1), whichever that is.
    private func authorityStart(_ link: Span<UInt8>) -> Int? {
        var position = 0
        if link.count > 0, ASCII.isLetter(link[0]) {
            while position < link.count, Self.isScheme(link[position]) { position += 1 }
            guard position < link.count, link[position] == 0x3A else { return nil }
            position += 1
        }
        guard position + 2 <= link.count, link[position] == 0x2F, link[position + 1] == 0x2F else { return nil }
        return position + 2
    }

    private static func isScheme(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2B || byte == 0x2D || byte == 0x2E
    }

    private func isOwn(_ name: Span<UInt8>) -> Bool {
        if name.equalsFolded(host.span) { return true }
        guard name.count > firstLabel.count + 1, name.extracting(..<firstLabel.count).equalsFolded(firstLabel.span),
            name[firstLabel.count] == 0x2E
        else { return false }
        let rest = name.extracting(firstLabel.count + 1..<name.count)
        if Self.isServiceDomain(rest) { return true }
        var dot = 0
        while dot < rest.count, rest[dot] != 0x2E { dot += 1 }
        return dot > 0 && dot < rest.count && Self.isServiceDomain(rest.extracting(dot + 1..<rest.count))
    }

    private static func isServiceDomain(_ name: Span<UInt8>) -> Bool {
        for domain in serviceDomains where name.equalsFolded(domain.span) { return true }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Begins with the whole segments of `prefix`.
    fileprivate func hasSegments(_ prefix: Span<UInt8>) -> Bool {
        guard count >= prefix.count, extracting(..<prefix.count).equals(prefix) else { return false }
        guard count > prefix.count else { return true }
        return self[prefix.count] == 0x2F || self[prefix.count] == 0x3F || self[prefix.count] == 0x23
    }
}
