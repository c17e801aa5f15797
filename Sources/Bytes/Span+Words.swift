extension Span where Element == UInt8 {
    /// The eight bytes from `offset` as one number, the first byte lowest; traps unless all eight are there.
    ///
    /// For loops that look at eight bytes at once.
    @inlinable
    @inline(__always)
    public func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count &- 8, "word outside the span")
        // Safe: just checked; any eight bytes are a number.
        return unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}
