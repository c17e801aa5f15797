import Bytes
import Crypto
import Support
import Testing
import Transport

@testable import Proxy

@Suite("A request body that is held until it can be signed")
struct HeldBodyTests {
    /// Bytes that no two places have alike.
    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }

    /// Everything that is held, piece by piece; fails when a piece is empty or too long.
    private func readAll(_ body: borrowing HeldBody) throws -> [UInt8] {
        var buffer = ByteBuffer()
        var offset = 0
        while offset < body.count {
            let length = try body.readPiece(at: offset, into: &buffer)
            #expect(length > 0 && length <= HeldBody.pieceBytes)
            offset += length
        }
        #expect(try body.readPiece(at: offset, into: &buffer) == 0)
        return buffer.span.array
    }

    @Test(
        "it stays in memory up to the limit, goes to a file beyond it, and is the same either way",
        arguments: [
            (0, false), (1, false), (999, false), (1000, false), (1001, true), (65_536, true), (65_537, true),
            (200_000, true),
        ], [1, 7, 1000, 65_536])
    func spooling(size: (count: Int, isSpooled: Bool), piece: Int) throws {
        let directory = try TemporaryDirectory()
        let expected = bytes(size.count)
        var body = HeldBody()
        // The last pieces of a large body one by one would only take time.
        let pieces = size.count > 2000 && piece < 1000 ? 997 : piece
        for start in stride(from: 0, to: size.count, by: pieces) {
            let part = Array(expected[start..<min(start + pieces, size.count)])
            try body.append(part.span, memoryLimit: 1000, directory: directory.path)
        }
        #expect(body.count == size.count)
        #expect(body.isSpooled == size.isSpooled)
        #expect(body.heldBytes == (size.isSpooled ? 0 : size.count))
        #expect(try readAll(body) == expected)
        #expect(body.finishedDigest().hex == hexadecimal(ReferenceDigest.sha256(expected)))
        // The file has no name: nobody else can open it, and it is gone with the body.
        #expect(try Files.names(in: directory.path).isEmpty)
    }

    @Test("without memory every byte goes to the file")
    func noMemory() throws {
        var body = HeldBody()
        try body.append(bytes(3).span, memoryLimit: 0, directory: "/tmp")
        #expect(body.isSpooled && body.heldBytes == 0)
        #expect(try readAll(body) == bytes(3))
    }

    @Test("the digest may be asked for before the end, and again")
    func digest() throws {
        var body = HeldBody()
        #expect(body.finishedDigest().hex == hexadecimal(ReferenceDigest.sha256([])))
        try body.append(bytes(10).span, memoryLimit: 100, directory: "/tmp")
        #expect(body.finishedDigest().hex == hexadecimal(ReferenceDigest.sha256(bytes(10))))
        try body.append(bytes(5).span, memoryLimit: 100, directory: "/tmp")
        #expect(body.finishedDigest().hex == hexadecimal(ReferenceDigest.sha256(bytes(10) + bytes(5))))
        #expect(body.finishedDigest().hex == hexadecimal(ReferenceDigest.sha256(bytes(10) + bytes(5))))
    }

    @Test("a body is forgotten whole")
    func clear() throws {
        var body = HeldBody()
        for count in [10, 5000, 300_000] {
            try body.append(bytes(count).span, memoryLimit: count == 5000 ? 0 : .max, directory: "/tmp")
            body.clear()
            #expect(body.count == 0 && body.heldBytes == 0 && !body.isSpooled)
            #expect(body.memory.capacity <= Exchange.keptCapacityBytes)
            #expect(body.finishedDigest().hex == hexadecimal(ReferenceDigest.sha256([])))
        }
        try body.append(bytes(2).span, memoryLimit: 100, directory: "/tmp")
        #expect(try readAll(body) == bytes(2))
    }

    @Test("a directory that cannot be written is an error, and nothing is lost of what was counted")
    func unwritable() throws {
        var body = HeldBody()
        try body.append(bytes(50).span, memoryLimit: 100, directory: "/nonexistent")
        #expect(throws: Transport.SystemError.self) {
            try body.append(bytes(51).span, memoryLimit: 100, directory: "/nonexistent")
        }
        #expect(body.heldBytes == 50)
        body.clear()
        #expect(body.heldBytes == 0)
    }
}

@Suite("What all held bodies may take")
struct BodyBudgetTests {
    @Test("more is refused, less is always taken, and what was refused must be given back")
    func budget() {
        var budget = BodyBudget(limitBytes: 100)
        #expect(budget.move(from: 0, to: 60) == true)
        #expect(budget.move(from: 0, to: 40) == true)
        #expect(budget.move(from: 40, to: 41) == false)
        #expect(budget.heldBytes == 101)
        #expect(budget.move(from: 60, to: 59) == true)
        #expect(budget.move(from: 41, to: 0) == true)
        #expect(budget.heldBytes == 59)
        // A configuration may lower the limit below what is held.
        budget.limitBytes = 10
        #expect(budget.move(from: 0, to: 1) == false)
        #expect(budget.move(from: 60, to: 0) == true)
        #expect(budget.heldBytes == 0)
    }
}
