import Crypto
import FoundationEssentials
import Support
import Testing

@Suite("HMAC-SHA-256")
struct HMACTests {
    /// One line of `hmac-sha256.jsonl`: C2SP/wycheproof, commit dac1dd4.
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        var id: Int
        var key: String
        var msg: String
        var tag: String
        var result: String
        var comment: String

        func bytes(of field: KeyPath<Vector, String>) -> [UInt8] { Hex.decode(self[keyPath: field].utf8.span) ?? [] }

        var testDescription: String { "\(id) \(comment)" }
    }

    static let vectors: [Vector] =
        (try? Fixtures.lines("vectors/hmac-sha256.jsonl").map {
            try JSONDecoder().decode(Vector.self, from: Data($0.utf8))
        }) ?? []

    @Test("all vectors are there")
    func complete() {
        #expect(Self.vectors.count == 174)
    }

    @Test("a tag is verified exactly when it is valid, in one piece and in two", arguments: vectors)
    func wycheproof(vector: Vector) {
        let keyBytes = vector.bytes(of: \.key)
        let message = vector.bytes(of: \.msg)
        let tag = vector.bytes(of: \.tag)
        let key = HMACKey(keyBytes.span)
        let whole = key.sign(message.span)
        // A tag of 128 bits is the leftmost half.
        let valid = constantTimeEqual(whole.span.extracting(first: tag.count), tag.span)
        #expect(valid == (vector.result == "valid"))

        for cut in [0, 1, message.count / 2, message.count] where cut <= message.count {
            var parts = key.start()
            parts.update(message.span.extracting(first: cut))
            parts.update(message.span.extracting(droppingFirst: cut))
            #expect(parts.finalize() == whole)
        }
    }

    @Test("keys longer than a block are hashed first", arguments: [63, 64, 65, 128])
    func longKeys(count: Int) {
        let bytes = [UInt8](repeating: 0xAA, count: count)
        let hashed = SHA256.digest(of: bytes.span)
        let same = HMACKey(bytes.span).sign("x".utf8.span) == HMACKey(hashed.span).sign("x".utf8.span)
        #expect(same == (count > 64))
    }

    @Test("a secret keys like its bytes")
    func secretKey() {
        let key = HMACKey(Secret(copying: "key"))
        let text = "The quick brown fox jumps over the lazy dog"
        #expect(key.sign(text.utf8.span).hex == "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8")
    }

    @Test("many threads sign with one key at once")
    func concurrent() async {
        let key = HMACKey("key".utf8.span)
        let expected = (0..<64).map { key.sign("message \($0)".utf8.span) }
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<2_000).count { key.sign("message \($0 % 64)".utf8.span) != expected[$0 % 64] }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
