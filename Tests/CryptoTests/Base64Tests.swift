import Bytes
import Crypto
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func standardVectors(plain: String, text: String) throws {
        #expect(Base64.text(of: plain.utf8.span) == text)
        #expect(try Base64.decode(text.utf8.span) == Array(plain.utf8))
    }

    @Test("every byte in every place comes back, in both alphabets", arguments: [Base64.Alphabet.standard, .url])
    func roundTrip(alphabet: Base64.Alphabet) throws {
        for count in 0..<7 {
            for byte in UInt8.min...UInt8.max {
                let bytes = (0..<count).map { byte &+ UInt8(truncatingIfNeeded: $0 * 85) }
                let text = Base64.text(of: bytes.span, alphabet)
                #expect(text.utf8.count == Base64.encodedCount(count, alphabet))
                #expect(try Base64.decode(text.utf8.span, alphabet) == bytes)
            }
        }
    }

    @Test("the alphabets differ in two characters and the padding")
    func alphabets() {
        let bytes: [UInt8] = [0xFB, 0xFF, 0xBF, 0xFF]
        #expect(Base64.text(of: bytes.span) == "+/+//w==")
        #expect(Base64.text(of: bytes.span, .url) == "-_-__w")
    }

    @Test(
        "anything but the one text for some bytes is refused",
        arguments: [
            ("Zg", .wrongLength(2)), ("Zg=", .wrongLength(3)), ("Zm9vY", .wrongLength(5)), ("=", .wrongLength(1)),
            ("====", .wrongCharacter(offset: 0)), ("Z===", .wrongCharacter(offset: 1)),
            ("Zg==Zg==", .wrongCharacter(offset: 2)), ("Z=g=", .wrongCharacter(offset: 1)),
            ("Zh==", .trailingBits), ("Zm9=", .trailingBits), ("Zg==\n", .wrongLength(5)),
            ("Zm9v\nmE=", .wrongCharacter(offset: 4)), (" Zg=", .wrongCharacter(offset: 0)),
            ("Zm-v", .wrongCharacter(offset: 2)), ("Zm_v", .wrongCharacter(offset: 2)),
            ("Zm9\u{0}", .wrongCharacter(offset: 3)), ("Zmé", .wrongCharacter(offset: 2)),
        ] as [(String, Base64Error)])
    func refusedStandard(text: String, error: Base64Error) {
        #expect(throws: error) { try Base64.decode(text.utf8.span) }
        #expect(throws: error) { try Secret(base64: text.utf8.span) }
        var bytes = ByteBuffer()
        bytes.append("kept")
        #expect(throws: error) { try Base64.decode(text.utf8.span, into: &bytes) }
        #expect(bytes.span.text == "kept")
    }

    @Test(
        "the URL alphabet has no padding and neither + nor /",
        arguments: [
            ("Zg==", .wrongCharacter(offset: 2)), ("Zm8=", .wrongCharacter(offset: 3)), ("Z", .wrongLength(1)),
            ("Zm+v", .wrongCharacter(offset: 2)), ("Zm/v", .wrongCharacter(offset: 2)), ("Zh", .trailingBits),
            ("Zm9", .trailingBits),
        ] as [(String, Base64Error)])
    func refusedURL(text: String, error: Base64Error) {
        #expect(throws: error) { try Base64.decode(text.utf8.span, .url) }
    }

    @Test("only the 64 characters of the alphabet are read", arguments: [Base64.Alphabet.standard, .url])
    func characters(alphabet: Base64.Alphabet) {
        let marks = alphabet == .standard ? "+/" : "-_"
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(marks)"
        for byte in UInt8.min...UInt8.max {
            let text: [UInt8] = [byte, 0x41, 0x41, 0x41]
            let value = letters.utf8.enumerated().first { $0.element == byte }?.offset
            #expect((try? Base64.decode(text.span, alphabet)) == value.map { [UInt8($0 << 2), 0, 0] })
        }
    }

    @Test("a digest takes 44 characters")
    func digest() {
        let digest = SHA256.digest(of: "".utf8.span)
        #expect(Base64Digest(digest).span.text == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    }

    @Test("an error never shows a part of the text")
    func errorText() {
        #expect("\(Base64Error.wrongCharacter(offset: 2))" == "not base64: character 3 does not belong there")
        #expect(
            "\(Base64Error.wrongLength(5))" == "not base64: 5 characters cannot be (is the padding `=` missing?)")
        #expect("\(Base64Error.trailingBits)" == "not base64: the last character has bits too many")
    }
}
