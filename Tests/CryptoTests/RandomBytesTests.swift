import Crypto
import Testing

@Suite("Randomness and texts of bytes")
struct RandomBytesTests {
    /// Counts from `first` up, so that a test knows what comes.
    static func counting(from first: UInt8) -> RandomBytes {
        RandomBytes { bytes in
            for index in bytes.indices { bytes[index] = first &+ UInt8(index) }
        }
    }

    @Test(
        "a UUID shows its bytes, its version and its variant",
        arguments: [
            (0x00, "00010203-0405-4607-8809-0a0b0c0d0e0f"), (0xF8, "f8f9fafb-fcfd-4eff-8001-020304050607"),
        ] as [(UInt8, String)])
    func uuid(first: UInt8, expected: String) {
        #expect("\(UUIDText(from: Self.counting(from: first)))" == expected)
        #expect(UUIDText(from: Self.counting(from: first)).span.count == UUIDText.byteCount)
    }

    @Test("the system's bytes do not repeat")
    func system() {
        var seen: Set<String> = []
        for _ in 0..<1_000 { seen.insert("\(UUIDText(from: .system))") }
        #expect(seen.count == 1_000)
    }

    @Test("hexadecimal is written lower case and read in either")
    func hexadecimal() {
        let bytes: [UInt8] = [0x00, 0x9F, 0xA0, 0xFF]
        #expect(Hex.text(of: bytes.span) == "009fa0ff")
        #expect(Hex.decode("009fA0Ff".utf8.span) == bytes)
        #expect(Hex.decode("".utf8.span) == [])
    }

    @Test("hexadecimal with an odd length or another character is refused", arguments: ["0", "0g", "g0", "0 ", "0x12"])
    func notHexadecimal(text: String) {
        #expect(Hex.decode(text.utf8.span) == nil)
    }
}
