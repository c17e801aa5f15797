public import Bytes

extension ByteBuffer {
    /// The first `count` bytes that still stand in the block of an empty buffer, whoever put them there.
    public mutating func leftover(_ count: Int) -> [UInt8] {
        precondition(isEmpty, "the buffer is not empty")
        // Nothing is written: what stands there becomes readable.
        unsafe withFreeSpace(atLeast: count) { _ in count }
        defer { clear() }
        return span.array
    }
}
