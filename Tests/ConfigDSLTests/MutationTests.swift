import ConfigDSL
import Testing

/// Files that someone's editor, disk or hand broke: whatever comes, the loader says something and lives.
@Suite("Broken files")
struct MutationTests {
    @Test("a file with random changes loads or is refused, and never ends the process", arguments: 0..<8)
    func mutations(round: Int) {
        var random = SplitMix(seed: UInt64(round) &+ Self.seed)
        let original = Array(ConfigLoaderTests.whole.utf8)
        for _ in 0..<60 {
            var bytes = original
            for _ in 0..<random.below(4) + 1 { Self.change(&bytes, &random) }
            let result = World.loadWithCredentials(bytes)
            #expect(result.config != nil || result.diagnostics.hasErrors, "seed \(Self.seed), round \(round)")
            _ = result.diagnostics.text.utf8.count
            _ = result.diagnostics.jsonLines.utf8.count
        }
    }

    @Test("a file cut at any byte loads or is refused, and what is told lies in it")
    func cuts() {
        let whole = Array(World.file().utf8)
        for end in 0..<whole.count {
            let result = World.loadWithCredentials(Array(whole[..<end]))
            let lines = whole[..<end].count { $0 == 0x0A } + 1
            #expect(result.diagnostics.sorted.allSatisfy { $0.place.line <= lines }, "cut at \(end)")
            #expect(result.config == nil || !result.diagnostics.hasErrors, "cut at \(end)")
            _ = result.diagnostics.text
        }
    }

    @Test(
        "one wrong byte anywhere does not bring a secret to the light", arguments: [0x20, 0x3A, 0x0A, 0x22, 0x7B, 0x78])
    func leaks(byte: UInt8) {
        let whole = Array(Self.withSecrets.utf8)
        for place in whole.indices {
            for isReplacing in [true, false] {
                var bytes = whole
                if isReplacing { bytes[place] = byte } else { bytes.insert(byte, at: place) }
                let text = World.loadWithCredentials(bytes).diagnostics.text
                #expect(!text.contains("INLINE"), "byte \(byte) at \(place):\n\(text)")
            }
        }
    }

    /// Secrets where no secret should be, so that much is said about them.
    private static let withSecrets = """
        version: 1
        listeners: { app: { bind: "127.0.0.1:80" } }
        credentials:
          one: { strategy: access_key, keys: [INLINE, "INLINE"] }
          two:
            strategy: access_key
            key: |
              INLINE
          three: { strategy: access_key, connection_string: 'INLINE' }
        resources:
          r: { endpoint: https://r.example, credential: one }
        """

    /// Replays a failure: the failed expectation names it.
    private static let seed: UInt64 = 0x5EED_0FC0_4F16

    /// Pieces that mean something to YAML or to us.
    private static let pieces = [
        "&a ", "*a", "!!str ", "<<: ", "- ", "? ", ": ", "[", "]", "{", "}", "\"", "'", "|", ">", "#", "%", "@",
        "`", "\t", "\r", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{0}", "\u{202E}", "---\n", "...\n", "${env:",
        "${file:", "}", "$${", "null", "~", "true", "0777", "1e999", "9999999999999999999999", "日本", "e\u{301}",
        "\n", "\n  ", "\n\n", ",", "INLINE",
    ].map { Array($0.utf8) }

    private static func change(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let place = random.below(bytes.count)
        switch random.below(6) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: pieces[random.below(pieces.count)], at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.below(40)))
        case 4:
            let end = min(bytes.count, place + random.below(120))
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: random.below(bytes.count))
        default: bytes.removeLast(min(bytes.count - 1, random.below(200)))
        }
    }
}

/// SplitMix64: random enough to break files, and the same each time.
private struct SplitMix {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
