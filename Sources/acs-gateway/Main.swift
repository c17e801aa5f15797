internal import Crypto

/// The program: finds the command, has it read its arguments, runs it and ends with its status.
@main
struct Main {
    static func main() {
        OpenSSLMemory.keepBlocks()
        SystemConsole.ignoreBrokenPipes()
        let status = Program.run(Array(CommandLine.arguments.dropFirst()), console: SystemConsole())
        SystemConsole.exit(status)
    }
}
