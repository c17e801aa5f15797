import Testing

@testable import Transport

@Suite("Lines for a file that may take no more")
struct LineWriterTests {
    /// A file that takes so many bytes of each write, in turn, and then all.
    private struct Taking {
        var counts: [Int?]
        var written = ""

        mutating func take(_ bytes: Span<UInt8>) -> Int? {
            let count = counts.isEmpty ? bytes.count : counts.removeFirst()
            guard let count else { return nil }
            let taken = min(count, bytes.count)
            written += String(decoding: (0..<taken).map { bytes[$0] }, as: UTF8.self)
            return taken
        }
    }

    @Test(
        "lines go whole or not at all, and those that are lost are counted",
        arguments: [
            // What two blocks leave in the file, and how many lines are lost.
            ([], "a1\na2\nb1\nb2\n", 0),
            ([1, 1, 1, 1], "a1\na2\nb1\nb2\n", 0),
            // Nothing of the first block.
            ([nil], "b1\nb2\n", 2),
            ([0], "b1\nb2\n", 2),
            // A whole line, then nothing.
            ([3, nil], "a1\nb1\nb2\n", 1),
            // Half a line, then nothing: its rest comes first, then the next block.
            ([1, nil], "a1\nb1\nb2\n", 1),
            ([4, nil], "a1\na2\nb1\nb2\n", 0),
            // The rest comes in pieces, and the next block waits for all of it.
            ([1, nil, 1, nil], "a1", 3),
            ([1, nil, 1, 1], "a1\nb1\nb2\n", 1),
            ([4, nil, nil], "a1\na", 2),
            // Both blocks are torn.
            ([1, nil, 2, 1, nil], "a1\nb", 2),
        ] as [([Int?], String, Int)])
    func lines(counts: [Int?], expected: String, lost: Int) {
        var file = Taking(counts: counts)
        var writer = LineWriter()
        let first = writer.write(Array("a1\na2\n".utf8)) { file.take($0) }
        let second = writer.write(Array("b1\nb2\n".utf8)) { file.take($0) }
        #expect(file.written == expected)
        #expect(first + second == lost)
    }

    @Test("what follows goes elsewhere: a line that was begun is lost")
    func elsewhere() {
        var (old, new) = (Taking(counts: [1, nil]), Taking(counts: []))
        var writer = LineWriter()
        #expect(writer.write(Array("a1\na2\n".utf8)) { old.take($0) } == 1)
        #expect(writer.giveUpRest() == 1)
        #expect(writer.giveUpRest() == 0)
        #expect(writer.write(Array("b1\n".utf8)) { new.take($0) } == 0)
        #expect(new.written == "b1\n")
    }

    @Test("every way to fail leaves whole lines, but for the last one")
    func everyFailure() {
        let blocks = ["one\ntwo\n", "three\n", "four\nfive\n"].map { Array($0.utf8) }
        for failing in 0..<6 {
            for taken in 0...9 {
                var file = Taking(counts: Array(repeating: 2, count: failing) + [taken, nil])
                var writer = LineWriter()
                var lost = 0
                for block in blocks + [Array("end\n".utf8)] { lost += writer.write(block) { file.take($0) } }
                let lines = file.written.split(separator: "\n").map(String.init)
                #expect(file.written.hasSuffix("end\n"))
                #expect(Set(lines).isSubset(of: ["one", "two", "three", "four", "five", "end"]), "\(file.written)")
                #expect(lines.count + lost == 6)
            }
        }
    }
}
