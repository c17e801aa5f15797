import Glibc

/// A directory of a test's own below the system's temporary one; removed with all in it when the object ends.
public final class TemporaryDirectory: Sendable {
    /// Its absolute path, without a slash at its end.
    public let path: String

    /// Makes it, for its owner alone.
    public init() throws {
        var template = Array("/tmp/acs-gateway-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeTree(path) }

    /// Writes `content` to the file `name` in one step: a reader sees the old or the new, never half of one.
    public func write(_ name: String, _ content: String, mode: UInt32 = 0o600) throws {
        try write(name, Array(content.utf8), mode: mode)
    }

    /// Writes `content` to the file `name` in one step.
    public func write(_ name: String, _ content: [UInt8], mode: UInt32 = 0o600) throws {
        let final = "\(path)/\(name)"
        let fresh = "\(final).new"
        guard let file = unsafe fopen(fresh, "wb") else { throw SystemError("fopen \(fresh)") }
        let written = unsafe fwrite(content, 1, content.count, file)
        guard unsafe fclose(file) == 0, written == content.count else { throw SystemError("fwrite \(fresh)") }
        guard unsafe chmod(fresh, mode) == 0 else { throw SystemError("chmod \(fresh)") }
        guard unsafe Glibc.rename(fresh, final) == 0 else { throw SystemError("rename \(final)") }
    }

    /// Makes the directory `name`, for its owner alone.
    public func makeDirectory(_ name: String) throws {
        guard unsafe mkdir("\(path)/\(name)", 0o700) == 0 else { throw SystemError("mkdir \(name)") }
    }

    /// Gives the file `name` another name.
    public func rename(_ name: String, to other: String) throws {
        guard unsafe Glibc.rename("\(path)/\(name)", "\(path)/\(other)") == 0 else {
            throw SystemError("rename \(name)")
        }
    }

    /// Removes the file `name`.
    public func remove(_ name: String) throws {
        guard unsafe unlink("\(path)/\(name)") == 0 else { throw SystemError("unlink \(name)") }
    }
}

/// Files as tests look at them.
public enum Files {
    /// All bytes of the file at `path`.
    public static func bytes(at path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "rb") else { throw SystemError("fopen \(path)") }
        defer { unsafe fclose(file) }
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&block, 1, block.count, file)
            if count == 0 { return content }
            content += block[..<count]
        }
    }

    /// The names in the directory at `path`, sorted, without `.` and `..`.
    public static func names(in path: String) throws -> [String] {
        guard let directory = unsafe opendir(path) else { throw SystemError("opendir \(path)") }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Every file below `path`, as paths relative to it, sorted; names that start with a dot are left out.
    public static func tree(below path: String) throws -> [String] {
        try names(in: path).filter { !$0.hasPrefix(".") }.flatMap { name in
            isDirectory("\(path)/\(name)") ? try tree(below: "\(path)/\(name)").map { "\(name)/\($0)" } : [name]
        }
    }

    /// The permission bits of what `path` names; `nil` when there is nothing.
    public static func mode(of path: String) -> UInt32? { status(path).map { $0.st_mode & 0o7777 } }

    /// True for a directory; a link to one is none.
    static func isDirectory(_ path: String) -> Bool { status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    /// The path of the running program.
    public static func ownProgram() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let room = buffer.count
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe $0.baseAddress.map { unsafe readlink("/proc/self/exe", $0, room) } ?? -1
            }
        }
        guard count > 0 else { throw SystemError("readlink") }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }
}

/// Seconds since 1970.
public func wallClockSeconds() -> Int { time(nil) }

private func removeTree(_ path: String) {
    if Files.isDirectory(path) {
        for name in (try? Files.names(in: path)) ?? [] { removeTree("\(path)/\(name)") }
        unsafe rmdir(path)
    } else {
        unsafe unlink(path)
    }
}
