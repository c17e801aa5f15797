internal import CLinux
internal import Glibc

/// What the system allows this process.
public enum ProcessLimits {
    /// Raises the limit of open descriptors as far as it may go, and gives it (the largest number when the system does
    /// not tell): each connection takes one or two.
    public static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many descriptors are open now, those that whoever started the process left it included; 0 when the system
    /// does not tell.
    public static var openDescriptors: Int {
        guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        return max(0, count - 3)  // `.`, `..` and the directory itself
    }

    /// This process's id.
    public static var processID: Int { Int(getpid()) }

    /// Removes a file; one that is not there is fine.
    public static func removeFile(_ path: String) { _ = unsafe unlink(path) }

    /// Sets a file's permission bits; false when the system refuses.
    public static func setMode(_ path: String, _ mode: UInt16) -> Bool { unsafe chmod(path, mode_t(mode)) == 0 }
}
