import Bytes
import HTTP1

@testable import Proxy

/// A connection's bytes, read as requests one behind the other.
///
/// - However they are cut, the heads, bodies, overhead and the error are the same.
/// - An accepted head, read the plain way, says the same: lines, fields, framing, persistence, nominations.
/// - Written anew it is accepted and says the same.
/// - What is forwarded of it holds nothing that must stay behind.
enum RequestProperties {
    static func check(_ script: inout Script) {
        let text = script.text
        let limits = script.choices & 4 == 0 ? HeadLimits() : .small
        let whole = transcript(text, ends: [text.count], limits)
        require(transcript(text, ends: script.ends, limits) == whole, "cutting changes nothing")
        for message in whole.messages {
            let head = Array(text[message.start..<message.start + message.head.length])
            agree(message.head, head)
            rewrite(message.head, head)
            forward(head)
        }
    }

    private static func transcript(_ bytes: [UInt8], ends: [Int], _ limits: HeadLimits) -> Transcript {
        var transcript = Transcript()
        var parser = RequestParser(limits: limits)
        var head = RequestHead()
        var decoder = BodyDecoder()
        var (start, offset, isInBody) = (0, 0, false)
        do throws(ParseError) {
            for end in ends {
                let piece = bytes.span.extracting(0..<end)
                while true {
                    if isInBody {
                        guard try transcript.readBody(&decoder, piece, at: &offset) else { break }
                        (start, isInBody) = (offset, false)
                        head.reset()
                        parser.reset()
                    }
                    guard let length = try parser.parse(piece.extracting(start..<end), into: &head) else { break }
                    transcript.messages.append(.init(start: start, head: HeadModel(head, length: length)))
                    decoder.begin(head.framing, limits: limits)
                    (offset, isInBody) = (start + length, true)
                }
            }
            transcript.end = isInBody ? .inBody : .inHead
        } catch {
            transcript.refuse(error)
        }
        return transcript
    }

    /// The parser's model and a plain reading say the same.
    private static func agree(_ model: HeadModel, _ bytes: [UInt8]) {
        let isSkipped = bytes.starts(with: [0x0D, 0x0A])
        let plain = PlainHead(isSkipped ? Array(bytes.dropFirst(2)) : bytes)
        let parts = plain.firstLine
        require(parts.count == 3, "method, target, version (RL-1)")
        require(parts[0] == bytes.piece(model.ranges[0]), "the method")
        require(parts[0].allSatisfy { $0 == 0x2D || $0 >= 0x41 && $0 <= 0x5A }, "a method is upper case (RL-2)")
        require(parts[1] == bytes.piece(model.ranges[1]), "the target")
        require(parts[1].allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}#".utf8.contains($0) }, "PA-7")
        require(parts[2] == Array((model.version == .http11 ? "HTTP/1.1" : "HTTP/1.0").utf8), "the version (RL-4)")
        FieldAgreement.check(model, plain, bytes, exempt: FieldAgreement.requestExempt)
        let (lengths, codings) = (plain.values("content-length"), plain.values("transfer-encoding"))
        let hosts = plain.values("host")
        require(lengths.count + codings.count <= 1, "one framing field at most (TE-1, CL-2)")
        require(hosts.count == 1 || hosts.isEmpty && model.version == .http10, "one Host (HO-1, HO-2)")
        require(!(model.version == .http10 && !codings.isEmpty), "no coding in HTTP/1.0 (TE-4)")
        require(model.framing == FieldAgreement.framing(lengths, codings, else: .none), "the framing")
        let options = plain.connectionOptions
        let keepsAlive = model.version == .http11 || options.contains(Array("keep-alive".utf8))
        require(model.isPersistent == (keepsAlive && !options.contains(Array("close".utf8))), "persistence (KA-2)")
    }

    /// What was accepted, written anew, is accepted and says the same.
    private static func rewrite(_ model: HeadModel, _ bytes: [UInt8]) {
        var written = ByteBuffer()
        let method = bytes.piece(model.ranges[0])
        let target = bytes.piece(model.ranges[1])
        if model.version == .http11 {
            RequestWriter.requestLine(method.span, target.span, to: &written)
        } else {
            written.append(method)
            written.append(" ")
            written.append(target)
            written.append(" HTTP/1.0\r\n")
        }
        for field in model.fields { HeadWriter.field(field, of: bytes.span, to: &written) }
        HeadWriter.end(&written)
        let anew = written.array
        let again = transcript(anew, ends: [anew.count], .wide)
        guard let message = again.messages.first else {
            return require(false, "what was accepted is accepted when written anew: \(again.end)")
        }
        let other = message.head
        require(other.length == anew.count, "it is one head")
        require(
            (other.kind, other.version, other.framing) == (model.kind, model.version, model.framing), "it says the same"
        )
        require(other.numbers == model.numbers && other.isPersistent == model.isPersistent, "it means the same")
        require(other.fields.count == model.fields.count, "it has the same fields")
        for (one, two) in zip(model.fields, other.fields) {
            require(bytes.piece(one.value) == anew.piece(two.value), "a field's value")
            require(bytes.piece(one.name) == anew.piece(two.name), "a field's name")
            require((one.known, one.isNominated) == (two.known, two.isNominated), "a field's meaning")
        }
    }

    /// What goes on holds no credential, nothing hop-by-hop and nothing that `Connection` names.
    private static func forward(_ bytes: [UInt8]) {
        var message = ByteBuffer()
        message.append(bytes)
        var head = RequestHead()
        var parser = RequestParser(limits: .wide)
        guard let length = try? parser.parse(message.span, into: &head) else {
            return require(false, "accepted under small limits, so under wide ones")
        }
        require(length == bytes.count, "the same head")
        var outbound = ByteBuffer()
        RequestWriter.requestLine("GET".utf8.span, "/".utf8.span, to: &outbound)
        let isClean = ForwardingRules.writeRequestFields(
            head, message, keepsAuthorization: false, alsoPass: [], into: &outbound)
        require(isClean, "the rules let none of our names pass (CR-3)")
        HeadWriter.end(&outbound)
        let options = PlainHead(bytes.starts(with: [0x0D, 0x0A]) ? Array(bytes.dropFirst(2)) : bytes).connectionOptions
        for field in PlainHead(outbound.array).fields {
            require(!ForwardingOracle.isBannedFromRequests(field), "nothing goes on that must stay")
            let isExempt = FieldAgreement.requestExempt.contains { field.merged == Array($0.utf8) }
            require(isExempt || !options.contains(field.lowered), "what `Connection` names stays (HP-2)")
        }
    }
}

extension ByteBuffer {
    /// A copy of what it holds.
    var array: [UInt8] { span.indices.map { span[$0] } }
}

extension Array where Element == UInt8 {
    /// The bytes of a range; none for none.
    func piece(_ range: ByteRange?) -> [UInt8] { range.map { Array(self[$0.start..<$0.end]) } ?? [] }
}
