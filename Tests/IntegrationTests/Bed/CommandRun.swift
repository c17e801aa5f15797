import Support
import Testing

/// One run of the program to its end, in a directory of its own.
struct CommandRun {
    /// Where it ran.
    let directory: TemporaryDirectory
    let status: Support.ExitStatus
    /// Standard output and standard error.
    let output: String
    let error: String

    /// Runs `acs-gateway` with `arguments` beside `files`, and looks for secrets in all that it says.
    init(
        _ arguments: [String], files: [String: String] = [:], environment: [String: String] = [:],
        secrets: [String] = [TestKeys.first, TestKeys.second, TestKeys.canary]
    ) throws {
        directory = try TemporaryDirectory()
        for (name, content) in files { try directory.write(name, content) }
        let program = try RunningProgram(
            GatewayProcess.programPath(), arguments, environment: environment, directory: directory.path)
        status = try #require(program.wait(atMost: Pace.seconds(20)), "`\(arguments)` does not end")
        (output, error) = program.progress.look { progress in
            (
                String(decoding: progress.standardOutput, as: UTF8.self),
                String(decoding: progress.standardError, as: UTF8.self)
            )
        }
        expectNoSecret(in: program, secrets)
    }
}
