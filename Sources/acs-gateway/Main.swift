/// The program: finds the command, has it read its arguments, runs it and ends with its status.
@main
struct Main {
    static func main() {
        SystemConsole.ignoreBrokenPipes()
        let status = Program.run(Array(CommandLine.arguments.dropFirst()), console: SystemConsole())
        SystemConsole.exit(status)
    }
}
