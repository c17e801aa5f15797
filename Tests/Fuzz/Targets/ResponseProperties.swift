import Bytes
import HTTP1

@testable import Proxy

/// An origin's bytes, read as answers one behind the other.
///
/// - However they are cut, the heads, bodies, overhead and the error are the same; errors are 502.
/// - An accepted head, read the plain way, says the same.
/// - Written anew it is accepted and says the same.
/// - What goes on to the client holds no framing and nothing hop-by-hop.
enum ResponseProperties {
    static func check(_ script: inout Script) {
        let text = script.text
        let limits = script.choices & 4 == 0 ? HeadLimits.answer : .small
        let method: HTTP1.Method = script.choices & 8 == 0 ? .get : .head
        let whole = transcript(text, ends: [text.count], limits, method)
        require(transcript(text, ends: script.ends, limits, method) == whole, "cutting changes nothing")
        if case .refused(let error) = whole.end { require(error.status == 502, "an origin's mistake is 502 (UP-1)") }
        for message in whole.messages {
            let head = Array(text[message.start..<message.start + message.head.length])
            agree(message.head, head, method)
            rewrite(message.head, head, method)
            forward(message.head, head)
        }
    }

    private static func transcript(
        _ bytes: [UInt8], ends: [Int], _ limits: HeadLimits, _ method: HTTP1.Method
    ) -> Transcript {
        var transcript = Transcript()
        var parser = ResponseParser(limits: limits)
        var head = ResponseHead()
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
                    let rest = piece.extracting(start..<end)
                    guard let length = try parser.parse(rest, requestMethod: method, into: &head) else { break }
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

    private static func agree(_ model: HeadModel, _ bytes: [UInt8], _ method: HTTP1.Method) {
        let plain = PlainHead(bytes)
        require(plain.firstLine.count >= 2, "version and status (UP-2)")
        let version = model.version == .http11 ? "HTTP/1.1" : "HTTP/1.0"
        require(plain.firstLine[0] == Array(version.utf8), "the version")
        require(plain.firstLine[1] == Array("\(model.kind)".utf8) && model.kind >= 100, "the status")
        let reason = Array(plain.firstLine.dropFirst(2).joined(separator: [0x20]))
        require(bytes.piece(model.ranges[0]) == reason, "the reason")
        FieldAgreement.check(model, plain, bytes, exempt: FieldAgreement.requestExempt)
        let (lengths, codings) = (plain.values("content-length"), plain.values("transfer-encoding"))
        require(lengths.count + codings.count <= 1, "one framing field at most (UP-3)")
        require(!(model.version == .http10 && !codings.isEmpty), "no coding in HTTP/1.0 (TE-4)")
        let isEmpty = method == .head || model.kind < 200 || model.kind == 204 || model.kind == 304
        let framing = FieldAgreement.framing(lengths, codings, else: .untilClose)
        require(model.framing == (isEmpty ? .none : framing), "the framing (ME-4, UP-5)")
    }

    private static func rewrite(_ model: HeadModel, _ bytes: [UInt8], _ method: HTTP1.Method) {
        var written = ByteBuffer()
        written.append(model.version == .http11 ? "HTTP/1.1 " : "HTTP/1.0 ")
        written.append(decimal: model.kind)
        written.append(" ")
        written.append(bytes.piece(model.ranges[0]))
        written.append("\r\n")
        for field in model.fields { HeadWriter.field(field, of: bytes.span, to: &written) }
        HeadWriter.end(&written)
        let anew = written.array
        let again = transcript(anew, ends: [anew.count], .wide, method)
        guard let other = again.messages.first?.head else {
            return require(false, "what was accepted is accepted when written anew: \(again.end)")
        }
        require(other.length == anew.count, "it is one head")
        require((other.kind, other.framing) == (model.kind, model.framing), "it says the same")
        require(other.numbers == model.numbers && other.isPersistent == model.isPersistent, "it means the same")
        require(other.fields.count == model.fields.count, "it has the same fields")
    }

    private static func forward(_ model: HeadModel, _ bytes: [UInt8]) {
        var outbound = ByteBuffer()
        outbound.append("HTTP/1.1 200 OK\r\n")
        for field in model.fields where ForwardingRules.passesToClient(field) {
            ForwardingRules.write(field, bytes.span, into: &outbound)
        }
        HeadWriter.end(&outbound)
        for field in PlainHead(outbound.array).fields {
            require(!ForwardingOracle.isBannedFromAnswers(field), "framing and hop-by-hop fields stay behind")
        }
    }
}
