internal import Bytes
internal import CLinux
public import Crypto
internal import Glibc

// Files that hold a secret: nothing but a ``Secret`` keeps what was in them.
extension WholeFile {
    /// A file whose owner matters, as it was when it was read.
    public struct Guarded: Sendable {
        /// All bytes of the file.
        public let content: Secret
        /// The user id of its owner.
        public let owner: UInt32
        /// The group that its mode lets write it, if any.
        public let writingGroup: UInt32?
        /// True when its mode lets others than its owner and group write it.
        public let isWorldWritable: Bool
    }

    /// Reads a regular file that is no link; anything else is `EINVAL`, and more than `limitBytes` `EFBIG`.
    public static func readGuarded(_ path: String, limitBytes: Int) throws(SystemError) -> Guarded {
        try refuseNUL(path)
        // Not to hang on a pipe that somebody put there.
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = try check("open") { unsafe acs_open(path, flags, 0) }
        defer { close(descriptor) }
        var status = stat()
        try check("fstat") { unsafe fstat(descriptor, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "open", code: EINVAL) }
        guard status.st_size <= limitBytes else { throw SystemError(call: "read", code: EFBIG) }
        return Guarded(
            content: try secret(from: descriptor, limitBytes: limitBytes, patience), owner: status.st_uid,
            writingGroup: status.st_mode & S_IWGRP != 0 ? status.st_gid : nil,
            isWorldWritable: status.st_mode & S_IWOTH != 0)
    }

    /// Reads `path`, links followed; a file of more than `limitBytes` is refused with `EFBIG`, and a pipe that says
    /// nothing for `patience` with `ETIMEDOUT`.
    public static func readSecret(
        _ path: String, limitBytes: Int, patience: Duration = WholeFile.patience
    ) throws(SystemError) -> Secret {
        try refuseNUL(path)
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try secret(from: descriptor, limitBytes: limitBytes, patience)
    }

    /// The rest of a file; what it was read into is overwritten.
    private static func secret(
        from descriptor: Int32, limitBytes: Int, _ patience: Duration
    ) throws(SystemError) -> Secret {
        // All at once, since a buffer that grows leaves its smaller block behind as it is.
        var bytes = ByteBuffer(capacity: limitBytes + 1)
        defer { bytes.wipe() }
        while bytes.count <= limitBytes {
            try waitUntilReadable(descriptor, patience)
            var outcome = CallOutcome.done(0)
            unsafe bytes.withFreeSpace(atLeast: 0) { space in
                outcome = attempt("read") { unsafe Glibc.read(descriptor, space.baseAddress, space.count) }
                if case .done(let count) = outcome { return count }
                return 0
            }
            switch outcome {
            case .done(0): return Secret(copying: bytes.span)
            case .done, .wouldBlock: continue
            case .failed(let error): throw error
            }
        }
        throw SystemError(call: "read", code: EFBIG)
    }

    /// The id of the user `name`, or `nil` when the machine has none.
    public static func userID(of name: String) -> UInt32? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe entry.pw_uid
    }

    /// The id of the group `name`, or `nil` when the machine has none.
    public static func groupID(of name: String) -> UInt32? {
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard unsafe getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe entry.gr_gid
    }

    /// The user id that this process acts as.
    public static var ownUserID: UInt32 { geteuid() }
}
