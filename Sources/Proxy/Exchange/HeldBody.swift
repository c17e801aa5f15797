internal import Bytes
internal import Crypto
internal import Transport

/// The bytes of a request's body that are held: all of it while it waits to be signed, in memory up to a limit and then
/// in an unlinked file; of one that streams, what may be needed once more, and what waits for its chunk.
/// Its digest is made while it comes in, the bytes are still in cache.
struct HeldBody: ~Copyable {
    private(set) var memory = ByteBuffer()
    private var file: SpoolFile?
    private var digest = SHA256()
    /// Bytes of the body that came in.
    private(set) var count = 0
    /// Bytes at its front that are not held any more.
    private(set) var passedBytes = 0
    /// Somebody will ask for the digest.
    var isHashed = true

    /// Bodies up to this size go out in one piece with the head.
    static let besideHeadBytes = 16_384
    /// The most that goes out at once.
    static let pieceBytes = 65_536
    /// What a request without a body has.
    static let emptyDigest = SHA256().finalize()

    /// True when the rest went to a file.
    var isSpooled: Bool { file != nil }
    /// All that came in is still held.
    var isWhole: Bool { passedBytes == 0 }
    /// Bytes that count against the worker's memory.
    var heldBytes: Int { memory.count }

    /// Appends the bytes of `range` in `source`; see the other `append`.
    mutating func append(
        _ range: ByteRange, of source: borrowing ByteBuffer, memoryLimit: Int, directory: @autoclosure () -> String
    ) throws(SystemError) {
        try append(source.bytes(range), memoryLimit: memoryLimit, directory: directory())
    }

    /// Appends `bytes`, turning to a file in `directory` once there are more than `memoryLimit`.
    mutating func append(
        _ bytes: Span<UInt8>, memoryLimit: Int, directory: @autoclosure () -> String
    ) throws(SystemError) {
        note(bytes)
        if file == nil, memory.count + bytes.count > memoryLimit {
            var fresh = try SpoolFile(in: directory())
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

    /// Appends the bytes of `range` in `source`, to memory whatever there is.
    mutating func keep(_ range: ByteRange, of source: borrowing ByteBuffer) {
        note(source.bytes(range))
        memory.append(range, of: source)
    }

    /// Counts the bytes of `range` in `source`, which go on at once.  Nothing may be held.
    mutating func pass(_ range: ByteRange, of source: borrowing ByteBuffer) {
        note(source.bytes(range))
        passedBytes = count
    }

    private mutating func note(_ bytes: Span<UInt8>) {
        if isHashed { digest.update(bytes) }
        count += bytes.count
    }

    /// The digest of all that came in; only for a body that ``isHashed``.
    borrowing func finishedDigest() -> SHA256Digest { count == 0 ? Self.emptyDigest : digest.finalize() }

    /// Appends the piece that begins at `offset`; gives its length, 0 at the end.
    borrowing func readPiece(at offset: Int, into buffer: inout ByteBuffer) throws(SystemError) -> Int {
        guard file != nil else {
            let start = offset - passedBytes
            let length = min(memory.count - start, Self.pieceBytes)
            buffer.append(memory.span.extracting(start..<start + length))
            return length
        }
        return try file?.read(at: offset, limit: Self.pieceBytes, into: &buffer) ?? 0
    }

    /// Lets go what is held, all of which went on; more may come.
    mutating func passAll() {
        passedBytes = count
        if memory.capacity > Exchange.keptCapacityBytes { memory.releaseStorage() } else { memory.clear() }
    }

    /// Gives back what is held; that there was a body, and how long it was, stays known.
    mutating func dropBytes() {
        file = nil
        passAll()
    }

    /// Forgets the body; memory above a usual size is given back.
    mutating func clear() {
        guard count > 0 else { return }
        dropBytes()
        (count, passedBytes) = (0, 0)
        if isHashed { digest = SHA256() }
    }
}
