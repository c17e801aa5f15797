internal import Bytes
internal import Crypto
internal import Transport

/// A request body that is held until it can be signed: in memory up to a limit, then in an unlinked file.
/// Its digest is made while it comes in, the bytes are still in cache.
struct HeldBody: ~Copyable {
    private(set) var memory = ByteBuffer()
    private var file: SpoolFile?
    private var digest = SHA256()
    /// Bytes held.
    private(set) var count = 0

    /// Bodies up to this size go out in one piece with the head.
    static let besideHeadBytes = 16_384
    /// The most that goes out at once.
    static let pieceBytes = 65_536

    /// True when the rest went to a file.
    var isSpooled: Bool { file != nil }
    /// Bytes that count against the worker's memory.
    var heldBytes: Int { memory.count }

    /// Appends the bytes of `range` in `source`; see the other `append`.
    mutating func append(
        _ range: ByteRange, of source: borrowing ByteBuffer, memoryLimit: Int, directory: String
    ) throws(SystemError) {
        try append(source.bytes(range), memoryLimit: memoryLimit, directory: directory)
    }

    /// Appends `bytes`, turning to a file in `directory` once there are more than `memoryLimit`.
    mutating func append(_ bytes: Span<UInt8>, memoryLimit: Int, directory: String) throws(SystemError) {
        digest.update(bytes)
        count += bytes.count
        if file == nil, memory.count + bytes.count > memoryLimit {
            var fresh = try SpoolFile(in: directory)
            try fresh.append(memory.span)
            memory.releaseStorage()
            file = consume fresh
        }
        if file != nil {
            try file?.append(bytes)
        } else {
            memory.append(bytes)
        }
    }

    /// The digest of all that is held.
    borrowing func finishedDigest() -> SHA256Digest { digest.finalize() }

    /// Appends the piece that begins at `offset`; gives its length, 0 at the end.
    borrowing func readPiece(at offset: Int, into buffer: inout ByteBuffer) throws(SystemError) -> Int {
        guard file != nil else {
            let length = min(memory.count - offset, Self.pieceBytes)
            buffer.append(memory.span.extracting(offset..<offset + length))
            return length
        }
        return try file?.read(at: offset, limit: Self.pieceBytes, into: &buffer) ?? 0
    }

    /// Gives back what is held; that there was a body, and how long it was, stays known.
    mutating func dropBytes() {
        file = nil
        if memory.capacity > Exchange.keptCapacityBytes { memory.releaseStorage() } else { memory.clear() }
    }

    /// Forgets the body; memory above a usual size is given back.
    mutating func clear() {
        guard count > 0 else { return }
        count = 0
        digest = SHA256()
        dropBytes()
    }
}
