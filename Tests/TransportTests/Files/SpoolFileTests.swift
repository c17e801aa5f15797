import Bytes
import Support
import Testing
import Transport

@Suite("A file for a body")
struct SpoolFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("what is appended can be read at any place, and nobody else sees a file")
    func reading() throws {
        var file = try SpoolFile(in: directory.path)
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for start in stride(from: 0, to: bytes.count, by: 30_000) {
            let piece = Array(bytes[start..<min(start + 30_000, bytes.count)])
            try file.append(piece.span)
        }
        #expect(file.count == bytes.count)
        #expect(try Files.names(in: directory.path).isEmpty)
        for (offset, limit) in [(0, 1), (0, 65_536), (65_530, 20), (199_999, 10), (100_000, 1_000_000)] {
            var buffer = ByteBuffer()
            buffer.append("x")
            let count = try file.read(at: offset, limit: limit, into: &buffer)
            let expected = Array(bytes[offset..<min(offset + limit, bytes.count)])
            #expect(count == expected.count)
            let read = buffer.span
            #expect(read.count == count + 1 && (0..<count).allSatisfy { read[$0 + 1] == expected[$0] })
        }
    }

    @Test("at the end, and behind it, there is nothing")
    func end() throws {
        var file = try SpoolFile(in: directory.path)
        var buffer = ByteBuffer()
        #expect(try file.read(at: 0, limit: 10, into: &buffer) == 0)
        let bytes: [UInt8] = [1, 2, 3]
        try file.append(bytes.span)
        for (offset, limit) in [(3, 10), (4, 10), (0, 0)] {
            #expect(try file.read(at: offset, limit: limit, into: &buffer) == 0)
        }
        let left = buffer.count
        #expect(left == 0)
    }

    @Test("a directory that is not there is an error")
    func missing() throws {
        let error = #expect(throws: Transport.SystemError.self) { _ = try SpoolFile(in: directory.path + "/no") }
        #expect(error?.isNotFound == true)
    }
}
