import Bytes
import Testing

@Suite("Eight bytes at once")
struct SpanWordsTests {
    @Test("a word has its first byte lowest, at every offset")
    func order() {
        let bytes = [UInt8](1...12)
        for offset in 0...4 {
            let expected = bytes[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let word = bytes.span.word(at: offset)
            #expect(word == expected)
        }
    }
}
