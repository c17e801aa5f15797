/// A queue of bytes in one block of memory: appended at the back, consumed at the front.
///
///     ┌──────────┬────────────┬────────────┐
///     │ consumed │  readable  │ free space │
///     └──────────┴────────────┴────────────┘
///     0        head          tail       capacity
///
/// Noncopyable: its block has one owner and is freed with it.  Positions given to and returned by its methods are
/// offsets from the first readable byte, so that growing (which moves the block) does not change them.
/// It never shrinks by itself; ``releaseStorage()`` gives an empty buffer's block back.
/// It has no limit of its own: whoever appends what a peer sent checks the peer's limit first.
@safe public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutableRawPointer?
    @usableFromInline var head = 0
    @usableFromInline var tail = 0
    /// Bytes the block can hold.
    public private(set) var capacity = 0

    /// An empty buffer; takes no memory until something is appended, unless `capacity` asks for it.
    public init(capacity: Int = 0) {
        unsafe base = nil
        if capacity > 0 { grow(toFit: capacity) }
    }

    deinit { unsafe base?.deallocate() }

    /// Readable bytes.
    @inlinable public var count: Int { tail &- head }
    /// True when nothing is readable.
    @inlinable public var isEmpty: Bool { head == tail }

    /// The readable bytes, for as long as the buffer is not changed.
    @inlinable public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe UnsafeRawBufferPointer(start: base, count: tail)
            // Safe: head...tail lies in the block, which lives as long as the borrow of `self`.
            let span = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[head..<tail]))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The readable byte at `offset`; traps outside `0..<count`.
    @inlinable public subscript(offset: Int) -> UInt8 {
        get {
            precondition(offset >= 0 && offset < count, "byte outside the readable part")
            // Safe: just checked, and a non-empty readable part has a block.
            return unsafe base.unsafelyUnwrapped.load(fromByteOffset: head &+ offset, as: UInt8.self)
        }
        set {
            precondition(offset >= 0 && offset < count, "byte outside the readable part")
            unsafe base.unsafelyUnwrapped.storeBytes(of: newValue, toByteOffset: head &+ offset, as: UInt8.self)
        }
    }

    // MARK: Writing

    /// Appends one byte.
    @inlinable public mutating func append(_ byte: UInt8) {
        reserve(1)
        // Safe: `reserve` made room for it.
        unsafe base.unsafelyUnwrapped.storeBytes(of: byte, toByteOffset: tail, as: UInt8.self)
        tail &+= 1
    }

    /// Appends a copy of `bytes`.
    @inlinable public mutating func append(_ bytes: Span<UInt8>) {
        let count = bytes.count
        guard count > 0 else { return }
        reserve(count)
        // Safe: `reserve` made room, and a span cannot overlap a block that is being changed.
        unsafe bytes.withUnsafeBytes { source in
            unsafe (base.unsafelyUnwrapped + tail).copyMemory(
                from: source.baseAddress.unsafelyUnwrapped, byteCount: count)
        }
        tail &+= count
    }

    /// Appends a text known at compile time, as UTF-8.
    ///
    /// Always inlined: the compiler then knows how long it is, and a short one is a store or two.
    @inlinable
    @inline(__always)
    public mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        guard count > 0 else { return }
        reserve(count)
        // Safe: a static string's bytes live as long as the program, and a literal in quotes has a pointer to them.
        unsafe (base.unsafelyUnwrapped + tail).copyMemory(from: text.utf8Start, byteCount: count)
        tail &+= count
    }

    /// Appends `text` as UTF-8.  Not for a request's way: strings there cost retains.
    public mutating func append(text: String) {
        for byte in text.utf8 { append(byte) }
    }

    /// Appends `number` in decimal.
    public mutating func append(decimal number: Int) {
        if number >= 0, number < 10 { return append(UInt8(truncatingIfNeeded: 0x30 &+ number)) }
        if number < 0 { append(0x2D) }
        var rest = number.magnitude
        let digits = Self.decimalDigits(rest)
        reserve(digits)
        var position = tail &+ digits
        tail = position
        repeat {
            let tenth = rest / 10
            position &-= 1
            // Safe: the digits lie in the room just reserved.
            unsafe base.unsafelyUnwrapped.storeBytes(
                of: UInt8(truncatingIfNeeded: 0x30 &+ rest &- tenth &* 10), toByteOffset: position, as: UInt8.self)
            rest = tenth
        } while rest > 0
    }

    /// How many digits `number` has; few in most cases, so no logarithm.
    private static func decimalDigits(_ number: UInt) -> Int {
        var (digits, rest) = (1, number)
        while rest >= 1000 { (digits, rest) = (digits &+ 3, rest / 1000) }
        return digits &+ (rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    /// Appends `number` in lower-case hexadecimal, without leading zeros.
    public mutating func append(hexadecimal number: Int) {
        var shift = 60
        let bits = UInt64(bitPattern: Int64(number))
        while shift > 0, (bits >> UInt64(shift)) & 0xF == 0 { shift -= 4 }
        while shift >= 0 {
            append(ASCII.lowerHexDigit(UInt8(truncatingIfNeeded: bits >> UInt64(shift)) & 0xF))
            shift -= 4
        }
    }

    /// Makes room for `count` more bytes.
    @inlinable public mutating func reserve(_ count: Int) {
        if capacity &- tail < count { makeRoom(count) }
    }

    /// Lets `fill` write into at least `minimum` free bytes; what it returns (bytes written) becomes readable.
    ///
    /// For the rooms that talk to C (`Transport`, `Crypto`).  `fill` must not keep the pointer.
    @inlinable
    public mutating func withFreeSpace(
        atLeast minimum: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        reserve(minimum)
        let room = capacity &- tail
        // No block yet, when `minimum` was 0 on a new buffer: then the free space is empty too.
        let start = unsafe base.map { unsafe $0 + tail }
        let written = unsafe fill(UnsafeMutableRawBufferPointer(start: start, count: room))
        precondition(written >= 0 && written <= room, "wrote past the free space")
        tail &+= written
    }

    /// Free bytes behind the readable ones, without growing.
    @inlinable public var freeSpace: Int { capacity &- tail }

    // MARK: Reading

    /// Drops the first `count` readable bytes.
    @inlinable public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "consumed more than there is")
        head &+= count
        if head == tail { (head, tail) = (0, 0) }
    }

    /// Keeps only the first `count` readable bytes.
    @inlinable public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncated to more than there is")
        tail = head &+ count
    }

    /// Drops all readable bytes; keeps the block.
    @inlinable public mutating func clear() {
        (head, tail) = (0, 0)
    }

    /// Drops all bytes and gives the block back.
    public mutating func releaseStorage() {
        unsafe base?.deallocate()
        unsafe base = nil
        (head, tail, capacity) = (0, 0, 0)
    }

    /// Overwrites the whole block with zeros and drops all bytes: for what held a secret.
    public mutating func wipe() {
        if let base = unsafe base { unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity) }
        (head, tail) = (0, 0)
    }

    /// Lets `body` read the readable bytes through a pointer that it must not keep.
    @inlinable
    public borrowing func withReadableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = unsafe base.map { unsafe UnsafeRawPointer($0 + head) }
        return try unsafe body(UnsafeRawBufferPointer(start: start, count: count))
    }

    // MARK: Growing

    /// The slow way of ``reserve(_:)``: moves the readable bytes to the front, or to a larger block.
    @usableFromInline mutating func makeRoom(_ room: Int) {
        let readable = count
        if let base = unsafe base, capacity - readable >= room, head >= readable {
            unsafe base.copyMemory(from: base + head, byteCount: readable)
            (head, tail) = (0, readable)
            return
        }
        grow(toFit: readable + room)
    }

    private mutating func grow(toFit needed: Int) {
        var size = max(capacity * 2, 256)
        while size < needed { size *= 2 }
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        let readable = count
        if let old = unsafe base {
            unsafe block.copyMemory(from: old + head, byteCount: readable)
            unsafe old.deallocate()
        }
        unsafe base = block
        (head, tail, capacity) = (0, readable, size)
    }
}

extension ByteBuffer {
    /// The bytes of `range` in the readable part.
    @inlinable
    @_lifetime(borrow self)
    public borrowing func bytes(_ range: ByteRange) -> Span<UInt8> {
        span.extracting(range.start..<range.end)
    }

    /// Appends `bytes` and tells where they now stand.
    @inlinable public mutating func keep(_ bytes: Span<UInt8>) -> ByteRange {
        let start = count
        append(bytes)
        return ByteRange(start: start, end: count)
    }
}

/// Where something stands in a buffer: offsets from its first readable byte.
public struct ByteRange: Equatable, Sendable {
    @usableFromInline var lower: UInt32
    @usableFromInline var upper: UInt32

    /// A range of a message part; traps past 4 GiB, far above every head's limit.
    @inlinable public init(start: Int, end: Int) {
        lower = UInt32(start)
        upper = UInt32(end)
    }

    /// Nothing, at the front.
    public static let empty = ByteRange(start: 0, end: 0)

    /// Its first byte's offset.
    @inlinable public var start: Int { Int(lower) }
    /// The offset behind its last byte.
    @inlinable public var end: Int { Int(upper) }
    /// How many bytes it covers.
    @inlinable public var count: Int { Int(upper) &- Int(lower) }
    /// True when it covers nothing.
    @inlinable public var isEmpty: Bool { upper == lower }
}

// What moves between buffers that stand side by side in one value: a span of one would borrow them both.
extension ByteBuffer {
    /// Appends a copy of `bytes`.
    @inlinable public mutating func append(_ bytes: borrowing [UInt8]) { append(bytes.span) }

    /// Appends all readable bytes of `other`.
    @inlinable public mutating func append(_ other: borrowing ByteBuffer) { append(other.span) }

    /// Appends the bytes of `range` in `other`.
    @inlinable public mutating func append(_ range: ByteRange, of other: borrowing ByteBuffer) {
        append(other.bytes(range))
    }

    /// Appends the bytes of `range` in `other` and tells where they now stand.
    @inlinable public mutating func keep(_ range: ByteRange, of other: borrowing ByteBuffer) -> ByteRange {
        let start = count
        append(other.bytes(range))
        return ByteRange(start: start, end: count)
    }
}
