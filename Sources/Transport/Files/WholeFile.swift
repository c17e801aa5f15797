internal import CLinux
internal import Glibc

/// Small files read and written whole: for commands, the configuration and what it names.  Never on a request's way.
public enum WholeFile {
    /// What was read, and who else may read it.
    public struct Content: Sendable {
        /// All bytes of the file.
        public let bytes: [UInt8]
        /// True when the file's mode lets others than its owner and group read it.
        public let isWorldReadable: Bool
    }

    /// How long a pipe may say nothing: whoever reads it also reloads, and hears signals.
    public static let patience = Duration.seconds(10)

    /// Reads `path` (a file, a pipe or `/dev/stdin`); a file of more than `limitBytes` is refused with `EFBIG`, and a
    /// pipe that says nothing for `patience` with `ETIMEDOUT`.
    public static func read(
        _ path: String, limitBytes: Int, patience: Duration = WholeFile.patience
    ) throws(SystemError) -> Content {
        try refuseNUL(path)
        let descriptor = try open(path)
        defer { close(descriptor) }
        var status = stat()
        try check("fstat") { unsafe fstat(descriptor, &status) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            try waitUntilReadable(descriptor, patience)
            let outcome = unsafe block.withUnsafeMutableBytes { space in
                attempt("read") { unsafe Glibc.read(descriptor, space.baseAddress, space.count) }
            }
            switch outcome {
            case .done(0): return Content(bytes: bytes, isWorldReadable: status.st_mode & S_IROTH != 0)
            case .done(let count): bytes += block[..<count]
            case .wouldBlock: continue
            case .failed(let error): throw error
            }
            guard bytes.count <= limitBytes else { throw SystemError(call: "read", code: EFBIG) }
        }
    }

    /// Makes the file `path` with `mode` and writes `bytes`.
    ///
    /// A file that is there is an error (`EEXIST`) unless `replacing`; then it is taken away first, so that the new
    /// one has our mode and a link is not followed.  What could not be written whole is taken away again.
    public static func write(
        _ bytes: Span<UInt8>, to path: String, mode: UInt32, replacing: Bool = false
    ) throws(SystemError) {
        try refuseNUL(path)
        if replacing, unsafe unlink(path) != 0, acs_errno() != ENOENT { throw SystemError.last("unlink") }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = try check("open") { unsafe acs_open(path, flags, mode) }
        do throws(SystemError) {
            defer { close(descriptor) }
            try writeWhole(bytes, to: descriptor)
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
    }

    /// Takes the file `path` away, if it is there.
    public static func remove(_ path: String) {
        guard !path.utf8.contains(0) else { return }
        _ = unsafe unlink(path)
    }

    /// True when something has that name, a dangling link included.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// Makes the directory `path` and those above it, as far as they are missing.
    public static func makeDirectory(_ path: String) throws(SystemError) {
        try refuseNUL(path)
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            if unsafe mkdir(prefix, 0o755) != 0, acs_errno() != EEXIST { throw SystemError.last("mkdir") }
            prefix += "/"
        }
    }

    /// Opens `path` for reading, links followed, and does not wait for whoever writes to a pipe.
    static func open(_ path: String) throws(SystemError) -> Int32 {
        try check("open") { unsafe acs_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0) }
    }

    /// Waits until reading gives something, or the end; a pipe that nobody has opened for writing yet has neither.
    /// Whoever types may take any time.
    static func waitUntilReadable(_ descriptor: Int32, _ patience: Duration) throws(SystemError) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let isTyped = isatty(descriptor) == 1
        let milliseconds = isTyped ? -1 : Int32(clamping: patience.wholeNanoseconds / 1_000_000)
        guard try check("poll", { unsafe poll(&entry, 1, milliseconds) }) > 0 else {
            throw SystemError(call: "read", code: ETIMEDOUT)
        }
    }

    /// A name with NUL would reach the system cut short, as another name.
    static func refuseNUL(_ path: String) throws(SystemError) {
        if path.utf8.contains(0) { throw SystemError(call: "open", code: EINVAL) }
    }
}

/// The process's own streams, for commands that print and end.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Writes all of `bytes`; throws when the stream is full (`ENOSPC`) or its reader has gone (`EPIPE`).
    public func write(_ bytes: Span<UInt8>) throws(SystemError) {
        try writeWhole(bytes, to: rawValue)
    }

    /// Writes `bytes` as far as their reader takes them within `patience`; throws when it does not take all.
    public func write(_ bytes: Span<UInt8>, within patience: Duration) throws(SystemError) {
        let end = MonotonicTime.current().advanced(by: patience.wholeNanoseconds)
        var written = 0
        while written < bytes.count {
            let left = max(0, end.since(.current()) / 1_000_000)
            var entry = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
            guard try check("poll", { unsafe poll(&entry, 1, Int32(left)) }) > 0 else {
                throw SystemError(call: "write", code: EAGAIN)
            }
            // A pipe that is ready takes so much without waiting (pipe(7)).
            let piece = bytes.extracting(written..<min(bytes.count, written + Int(PIPE_BUF)))
            let outcome = unsafe piece.withUnsafeBytes { block in
                attempt("write") { unsafe Glibc.write(rawValue, block.baseAddress, block.count) }
            }
            switch outcome {
            case .done(let count): written += count
            case .wouldBlock: if left == 0 { throw SystemError(call: "write", code: EAGAIN) }
            case .failed(let error): throw error
            }
        }
    }
}

/// The environment that the process was started with.
public enum ProcessEnvironment {
    /// The value of `name`; `nil` when it is not set, or not UTF-8.
    public static func value(of name: String) -> String? {
        guard !name.utf8.contains(0), let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }
}

/// Writes all of `bytes` to a descriptor that blocks.
private func writeWhole(_ bytes: Span<UInt8>, to descriptor: Int32) throws(SystemError) {
    var written = 0
    while written < bytes.count {
        let rest = bytes.extracting(written...)
        let outcome = unsafe rest.withUnsafeBytes { block in
            attempt("write") { unsafe Glibc.write(descriptor, block.baseAddress, block.count) }
        }
        switch outcome {
        case .done(let count): written += count
        case .wouldBlock: try waitUntilWritable(descriptor)
        case .failed(let error): throw error
        }
    }
}

/// Whoever started us may have left the stream nonblocking.
private func waitUntilWritable(_ descriptor: Int32) throws(SystemError) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    try check("poll") { unsafe poll(&entry, 1, -1) }
}
