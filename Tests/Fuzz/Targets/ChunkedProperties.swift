import Bytes
import HTTP1

/// A chunked body.
///
/// - However it is cut, data, end, overhead and error are the same.
/// - It is complete exactly when a plain decoder says so, with the same data and the same end.
/// - What was decoded, written as chunks again, decodes to the same.
enum ChunkedProperties {
    static func check(_ script: inout Script) {
        let text = script.text
        let limits = script.choices & 4 == 0 ? HeadLimits() : .small
        let whole = decode(text, ends: [text.count], limits)
        require(decode(text, ends: script.ends, limits) == whole, "cutting changes nothing")
        let plain = PlainChunks.decode(text, limits)
        require((plain != nil) == whole.isComplete, "complete when a plain decoder says so")
        guard let plain else { return }
        require(plain.data == whole.data, "the data")
        require(plain.end == whole.offset, "the end")
        require(whole.offset == whole.data.count + whole.overheadBytes, "every byte is data or overhead (CK-4)")
        rewrite(whole.data, cutAt: Int(script.choices))
    }

    private struct Outcome: Equatable {
        var data: [UInt8] = []
        var offset = 0
        var overheadBytes = 0
        var isComplete = false
        var error: ParseError?
    }

    private static func decode(_ bytes: [UInt8], ends: [Int], _ limits: HeadLimits) -> Outcome {
        var outcome = Outcome()
        var decoder = BodyDecoder()
        decoder.begin(RequestFraming.chunked, limits: limits)
        do throws(ParseError) {
            for end in ends {
                let piece = bytes.span.extracting(0..<end)
                reading: while true {
                    switch try decoder.next(piece, at: &outcome.offset) {
                    case .data(let range): outcome.data += bytes[range.start..<range.end]
                    case .needMore: break reading
                    case .complete:
                        (outcome.isComplete, outcome.overheadBytes) = (true, decoder.overheadBytes)
                        return outcome
                    }
                }
            }
            require(!decoder.endOfStream(), "a body that lacks its end is not whole (BD-1)")
        } catch {
            outcome.error = error
            // Where exactly a refused byte was counted is nobody's business.
            outcome.offset = 0
        }
        return outcome
    }

    private static func rewrite(_ data: [UInt8], cutAt count: Int) {
        var written = ByteBuffer()
        let middle = min(count, data.count)
        ChunkWriter.chunk(data.span.extracting(0..<middle), to: &written)
        ChunkWriter.chunk(data.span.extracting(middle..<data.count), to: &written)
        ChunkWriter.last(&written)
        let anew = written.array
        let again = decode(anew, ends: [anew.count], HeadLimits())
        require(again.isComplete && again.data == data && again.offset == anew.count, "written anew it is the same")
    }
}
