/// The daemon: loads, serves, reloads, drains.
enum Run {
    /// Serves until a signal ends it; throws when the first configuration cannot be loaded.
    static func serve(configPath: String, pidFile: String?) throws(CommandError) -> ExitStatus {
        throw CommandError("the data plane is not part of this build")
    }
}
