import Glibc

/// Sets a variable of the test's own environment: only for a process in which no other test runs (an exit test).
public func setOwnEnvironment(_ name: String, _ value: String) { unsafe setenv(name, value, 1) }
