import Support
import Testing

extension Trait where Self == ConditionTrait {
    /// For suites that need the program to serve: skipped while `run` only says that it cannot.
    static var realProgram: Self { .enabled("`acs-gateway run` does not serve yet") { try programServes.get() } }
}

private let programServes = Result<Bool, any Error> {
    let run = try CommandRun(["run", "--config", "none.yaml"])
    return !run.error.contains("is not part of this build")
}
