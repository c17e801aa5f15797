internal import ConfigDSL
internal import Synchronization

/// What ``LiveCheck`` found, in the file's order, however it came.
final class LiveReport: Sendable {
    /// One sentence about one credential or resource.
    struct Finding: Sendable, Equatable {
        /// ``credential `NAME` `` or ``resource `NAME` ``.
        var subject: String
        var isGood: Bool
        var message: String

        /// For people.
        var line: String { "\(isGood ? "ok" : "failed"): \(subject): \(message)\n" }

        /// For programs, in the manner of a configuration's diagnostics; `file` is the configuration.
        func jsonLine(file: String) -> String {
            Diagnostics.jsonLine(severity: isGood ? "info" : "error", id: "live", "\(subject): \(message)", file: file)
        }
    }

    private let subjects: [String]
    private let found = Mutex<[Finding]>([])

    /// A report of `subjects`, of each of which something must be said.
    init(of subjects: [String]) { self.subjects = subjects }

    /// Notes one sentence about `subject`.
    func add(_ subject: String, isGood: Bool, _ message: String) {
        found.withLock { $0.append(Finding(subject: subject, isGood: isGood, message: message)) }
    }

    /// All so far; of a subject about which nothing is known, `words` are said.
    func findings(missing words: String) -> [Finding] {
        let found = found.withLock { $0 }
        return subjects.flatMap { subject in
            let own = found.filter { $0.subject == subject }
            return own.isEmpty ? [Finding(subject: subject, isGood: false, message: words)] : own
        }
    }
}
