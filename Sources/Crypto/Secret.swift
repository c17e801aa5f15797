internal import COpenSSL

/// Bytes that must not be seen: a key, a password, a token.
///
/// However it is printed (description, interpolation, `dump`, a mirror), it shows `<secret>`.  It is not `Equatable`;
/// ``constantTimeEqual(_:_:)`` compares within ``withBytes(_:)``.  The bytes are overwritten when the last copy goes.
public struct Secret: Sendable {
    private let storage: SecretStorage

    /// A copy of `bytes`.  The original is the caller's to overwrite.
    public init(copying bytes: Span<UInt8>) {
        // Safe: the room has as many bytes as are copied.
        storage = unsafe SecretStorage(capacity: bytes.count) { room in
            unsafe bytes.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
            return bytes.count
        }
    }

    /// A copy of `text` as UTF-8.  The original is the caller's, and cannot be overwritten.
    public init(copying text: String) {
        self.init(copying: text.utf8.span)
    }

    /// What `text` holds in strict base64; no copy of the bytes is left elsewhere.
    public init(base64 text: Span<UInt8>) throws(Base64Error) {
        storage = try unsafe SecretStorage(capacity: text.count) { room throws(Base64Error) in
            try unsafe Base64.decode(text, alphabet: .standard, to: room)
        }
    }

    /// How many bytes it holds.
    public var count: Int { unsafe storage.bytes.count }
    /// True when it holds none.
    public var isEmpty: Bool { count == 0 }

    /// Lets `body` read the bytes.  What it copies is no longer a secret's.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Safe: `self`, and with it the storage, lives until the call is over.
        let bytes = unsafe storage.bytes
        defer { extendLifetime(storage) }
        return try body(unsafe Span(_unsafeBytes: bytes))
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<secret>`.
    public var description: String { "<secret>" }
    /// Always `<secret>`.
    public var debugDescription: String { "<secret>" }
    /// Without children, so that `dump` shows `<secret>` alone.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The one place where a secret's bytes are.
@safe private final class SecretStorage: Sendable {
    /// Safe to share: written in `init`, then only read until `deinit`.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// Takes room for `capacity` bytes; `fill` writes into it and says how many.
    init<Failure: Error>(
        capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        do {
            let count = try unsafe fill(room)
            unsafe bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
        } catch {
            unsafe OPENSSL_cleanse(room.baseAddress, capacity)
            unsafe room.deallocate()
            throw error
        }
    }

    deinit {
        let room = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        unsafe OPENSSL_cleanse(room, bytes.count)
        unsafe room?.deallocate()
    }
}
