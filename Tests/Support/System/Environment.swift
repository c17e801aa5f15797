import Glibc

/// Sets a variable of the test's own environment: only for a process in which no other test runs (an exit test).
public func setOwnEnvironment(_ name: String, _ value: String) { unsafe setenv(name, value, 1) }

/// The variables that tell a sanitizer what to do, as this process has them: a started program is told the same
/// (`script/test --sanitize`).
var sanitizerOptions: [String: String] {
    var options: [String: String] = [:]
    for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
        if let value = unsafe getenv(name) { options[name] = unsafe String(cString: value) }
    }
    return options
}
