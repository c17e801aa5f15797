import Support
import Testing

extension Trait where Self == ConditionTrait {
    /// For suites that need a command: skipped while the program has none of that name.
    static func command(_ name: String) -> Self {
        .enabled("there is no `acs-gateway \(name)` yet") { try helpText.get().contains("\n  \(name) ") }
    }
}

private let helpText = Result<String, any Error> { try CommandRun(["--help"]).output }
