public import Bytes
internal import CLinux
internal import Glibc

/// A file without a name for a body too large for memory: nobody else can open it, and it is gone when it is closed,
/// also when the process is killed.
public struct SpoolFile: ~Copyable {
    private let descriptor: Int32
    /// Bytes written.
    public private(set) var count = 0

    /// An empty file in `directory`; throws when the directory cannot be written.
    public init(in directory: String) throws(SystemError) {
        let unnamed = unsafe acs_open_unnamed(directory)
        if unnamed >= 0 {
            descriptor = unnamed
            return
        }
        // Some file systems have no unnamed files: make one and take its name away.
        var template = Array((directory + "/acs-gateway-XXXXXX").utf8CString)
        let named = unsafe mkstemp(&template)
        guard named >= 0 else { throw SystemError.last("mkstemp") }
        _ = unsafe unlink(template)
        descriptor = named
    }

    deinit { close(descriptor) }

    /// Appends `bytes`; throws when the disk is full or broken, and the file is then useless.
    public mutating func append(_ bytes: Span<UInt8>) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written...)
            let offset = count
            let outcome = unsafe rest.withUnsafeBytes { block in
                attempt("pwrite") { unsafe pwrite(descriptor, block.baseAddress, block.count, off_t(offset)) }
            }
            switch outcome {
            case .done(let bytes) where bytes > 0:
                written += bytes
                count += bytes
            case .done, .wouldBlock: throw SystemError(call: "pwrite", code: EIO)
            case .failed(let error): throw error
            }
        }
    }

    /// Appends to `buffer` up to `limit` bytes that stand at `offset`; gives how many.
    public borrowing func read(at offset: Int, limit: Int, into buffer: inout ByteBuffer) throws(SystemError) -> Int {
        let wanted = min(limit, count - offset)
        guard wanted > 0 else { return 0 }
        var outcome = CallOutcome.done(0)
        let descriptor = descriptor
        unsafe buffer.withFreeSpace(atLeast: wanted) { space in
            outcome = attempt("pread") { unsafe pread(descriptor, space.baseAddress, wanted, off_t(offset)) }
            if case .done(let count) = outcome { return count }
            return 0
        }
        switch outcome {
        case .done(let count) where count > 0: return count
        case .done, .wouldBlock: throw SystemError(call: "pread", code: EIO)
        case .failed(let error): throw error
        }
    }
}
