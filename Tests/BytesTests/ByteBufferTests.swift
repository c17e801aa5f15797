import Bytes
import Testing

@Suite("A buffer of bytes")
struct ByteBufferTests {
    @Test("what is appended is read in order, across growth and consumption")
    func order() {
        var buffer = ByteBuffer()
        var expected: [UInt8] = []
        for round in 0..<200 {
            let piece = [UInt8](repeating: UInt8(round), count: round)
            buffer.append(piece.span)
            expected += piece
            buffer.consume(round / 2)
            expected.removeFirst(round / 2)
            #expect(buffer.span.array == expected)
        }
    }

    @Test(
        "numbers are written as HTTP writes them",
        arguments: [
            (0, "0", "0"), (9, "9", "9"), (10, "10", "a"), (255, "255", "ff"), (65_536, "65536", "10000"),
            (Int.max, "9223372036854775807", "7fffffffffffffff"),
        ])
    func numbers(number: Int, decimal: String, hexadecimal: String) {
        var buffer = ByteBuffer()
        buffer.append(decimal: number)
        #expect(buffer.span.text == decimal)
        buffer.clear()
        buffer.append(hexadecimal: number)
        #expect(buffer.span.text == hexadecimal)
    }

    @Test("an empty buffer has no free space, and may be asked for none")
    func noFreeSpace() {
        var buffer = ByteBuffer()
        unsafe buffer.withFreeSpace(atLeast: 0) { room in
            #expect(room.count == 0)
            return 0
        }
        #expect(buffer.count == 0)
    }

    @Test("truncating takes back what was appended last")
    func truncate() {
        var buffer = ByteBuffer()
        buffer.append("abc")
        buffer.consume(1)
        buffer.append("def")
        buffer.truncate(to: 3)
        #expect(buffer.span.text == "bcd")
    }
}
