internal import Bytes
internal import COpenSSL

/// The caller's buffers as OpenSSL's transport, lent for one call at a time.
///
/// A connection owns one of these and lends it to its BIO and to its session callback; between calls it points to no
/// buffer, so an idle connection holds none.
@safe struct BufferWire {
    /// Ciphertext from the peer.
    var incoming: UnsafeMutablePointer<ByteBuffer>?
    /// Ciphertext for the peer.
    var outgoing: UnsafeMutablePointer<ByteBuffer>?
    /// `SSL_SESSION *`, ours to free: what the peer let us resume, not fetched yet.
    var session: OpaquePointer?

    /// Moves what there is, at most the size of `room`, and says how much; 0 when there is nothing.
    mutating func read(into room: UnsafeMutableRawBufferPointer) -> Int {
        guard let incoming = unsafe incoming else { return 0 }
        let count = unsafe min(incoming.pointee.count, room.count)
        guard count > 0 else { return 0 }
        unsafe incoming.pointee.withReadableBytes { bytes in
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
        unsafe incoming.pointee.consume(count)
        return count
    }

    /// Takes all of `bytes`; false when no buffer is lent, which no call of ours lets happen.
    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let outgoing = unsafe outgoing else { return false }
        unsafe outgoing.pointee.append(Span(_unsafeBytes: bytes))
        return true
    }

    /// Takes a session that the peer sent, in place of the one before.
    mutating func keep(_ newSession: OpaquePointer?) {
        unsafe SSL_SESSION_free(session)
        unsafe session = newSession
    }
}

/// The kind of BIO that reads and writes a ``BufferWire``.
enum BufferBIO {
    /// Made once for the process: OpenSSL numbers kinds, and has few numbers.
    private nonisolated(unsafe) static let method: OpaquePointer? = {
        let method = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "the caller's buffers")
        unsafe BIO_meth_set_read(method, readFromWire)
        unsafe BIO_meth_set_write(method, writeToWire)
        unsafe BIO_meth_set_ctrl(method, controlWire)
        return unsafe method
    }()

    /// A new BIO over `wire`, which must outlive it; `nil` when memory is out.
    static func make(over wire: UnsafeMutablePointer<BufferWire>) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, wire)
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }
}

/// The wire that a BIO of ours was made over.
private func wire(of bio: OpaquePointer?) -> UnsafeMutablePointer<BufferWire>? {
    unsafe BIO_get_data(bio)?.assumingMemoryBound(to: BufferWire.self)
}

/// OpenSSL reads ciphertext: `BIO_meth_set_read`.
private func readFromWire(_ bio: OpaquePointer?, _ room: UnsafeMutablePointer<CChar>?, _ size: Int32) -> Int32 {
    unsafe cBIO_clear_retry_flags(bio)
    let room = unsafe UnsafeMutableRawBufferPointer(start: room, count: Int(size))
    let count = unsafe wire(of: bio)?.pointee.read(into: room) ?? 0
    guard count == 0 else { return Int32(truncatingIfNeeded: count) }
    unsafe cBIO_set_retry_read(bio)
    return -1
}

/// OpenSSL writes ciphertext: `BIO_meth_set_write`.
private func writeToWire(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32) -> Int32 {
    unsafe cBIO_clear_retry_flags(bio)
    let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: Int(count))
    return unsafe wire(of: bio)?.pointee.write(bytes) == true ? count : -1
}

/// OpenSSL flushes, or asks what we do not have: `BIO_meth_set_ctrl`.
private func controlWire(
    _ bio: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
    command == BIO_CTRL_FLUSH ? 1 : 0
}

/// OpenSSL hands over a session that may be resumed; 1 says that it is ours now: `SSL_CTX_sess_set_new_cb`.
func keepSession(_ connection: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
    guard let wire = unsafe wire(of: SSL_get_rbio(connection)) else { return 0 }
    unsafe wire.pointee.keep(session)
    return 1
}
