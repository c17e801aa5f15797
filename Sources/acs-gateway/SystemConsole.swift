internal import Glibc
internal import Transport

/// The process's own standard output and standard error.
struct SystemConsole: Console {
    /// A reader that goes away (`| head`) is told by an error of `write`, not by a signal.
    static func ignoreBrokenPipes() { SignalWait.ignoreBrokenPipes() }

    /// Ends the process at once.
    ///
    /// Not by `exit`: it would have OpenSSL free what other threads still use.  Nothing is lost, since whatever we
    /// print goes to the system without a buffer of the C library's.
    static func exit(_ status: ExitStatus) -> Never { _exit(status.rawValue) }

    func write(_ text: String) -> String? {
        do throws(SystemError) {
            try StandardStream.output.write(Array(text.utf8).span)
            return nil
        } catch {
            return error.reason
        }
    }

    /// Writes `text` to standard error, or gives up after a second: a daemon must hear its signals, also when nobody
    /// reads what it says.
    func tell(_ text: String) {
        try? StandardStream.error.write(Array(text.utf8).span, within: .seconds(1))
    }

    func complain(_ text: String) {
        // There is no third place to tell that standard error is broken.
        try? StandardStream.error.write(Array(text.utf8).span)
    }
}
