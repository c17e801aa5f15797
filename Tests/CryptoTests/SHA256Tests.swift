import Crypto
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    /// From FIPS 180-4's examples and NIST's SHA-256 short messages.
    static let known: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ]

    @Test("known messages give the known digests, however they are cut", arguments: known)
    func knownAnswers(message: String, expected: String) {
        let bytes = Array(message.utf8)
        #expect(SHA256.digest(of: bytes.span).hex == expected)
        for cut in 0...bytes.count {
            var hash = SHA256()
            hash.update(bytes.span.extracting(first: cut))
            hash.update(bytes.span.extracting(droppingFirst: cut))
            #expect(hash.finalize().hex == expected)
        }
    }

    @Test("a million letters, a thousand at a time")
    func million() {
        let block = [UInt8](repeating: 0x61, count: 1_000)
        var hash = SHA256()
        for _ in 0..<1_000 { hash.update(block.span) }
        #expect(hash.finalize().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("a digest can be taken on the way, and a copy forks it")
    func fork() {
        var hash = SHA256()
        hash.update("ab".utf8.span)
        var copy = hash
        #expect(hash.finalize() == SHA256.digest(of: "ab".utf8.span))
        copy.update("c".utf8.span)
        hash.update("d".utf8.span)
        #expect(copy.finalize() == SHA256.digest(of: "abc".utf8.span))
        #expect(hash.finalize() == SHA256.digest(of: "abd".utf8.span))
    }

    @Test("a digest is read from 32 bytes or from its base64, and from nothing else")
    func digestFromElsewhere() {
        let digest = SHA256.digest(of: "abc".utf8.span)
        #expect(SHA256Digest(digest.span) == digest)
        #expect(SHA256Digest(digest.span.extracting(first: 31)) == nil)
        #expect(SHA256Digest(base64: Base64Digest(digest).span) == digest)
        for wrong in [
            "", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa1=",
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFQ==",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0A",
        ] {
            #expect(SHA256Digest(base64: wrong.utf8.span) == nil, "\(wrong)")
        }
    }

    @Test("what is read as a digest is what base64 says, whichever character stands where")
    func oneReading() {
        let text = Array("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".utf8)
        for place in text.indices {
            for character in UInt8.min...UInt8.max {
                var changed = text
                changed[place] = character
                let bytes = try? Base64.decode(changed.span)
                let expected = bytes.flatMap { $0.count == 32 ? SHA256Digest($0.span) : nil }
                if SHA256Digest(base64: changed.span) != expected {
                    Issue.record("\(character) at \(place) is read in two ways")
                }
            }
        }
    }
}
