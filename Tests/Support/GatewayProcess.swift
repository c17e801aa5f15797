/// What the gateway says when a generation takes over (config.md section 4).
public struct ServingLine: Equatable, Sendable {
    /// The program's version.
    public var version: String
    /// Counted from 1.
    public var generation: Int
    /// The start of the configuration's SHA-256.
    public var digest: String
    /// Really bound, in file order.
    public var addresses: [Address]

    /// Reads `acs-gateway VERSION serving generation N (sha256 DIGEST…) on ADDR, ADDR`; `nil` for another line.
    public init?(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 9, words[0] == "acs-gateway", words[2] == "serving", words[3] == "generation",
            let generation = Int(words[4]), words[5] == "(sha256", words[6].hasSuffix("…)"), words[7] == "on"
        else { return nil }
        let parts = words[8].split(separator: ",").map { $0.drop { $0 == " " } }
        addresses = parts.compactMap { Address(String($0)) }
        guard addresses.count == parts.count else { return nil }
        (version, self.generation, digest) = (words[1], generation, String(words[6].dropLast(2)))
    }
}

/// What a test of the gateway did not get in time, with all that the gateway said.
public struct GatewayFailure: Error, CustomStringConvertible {
    /// For a test report.
    public var description: String
}

/// The real program, serving a configuration of the test's, on ports that it chose itself.
///
/// It is killed with the object; ``finish(atMost:)`` ends it as an operator would.
public final class GatewayProcess: Sendable {
    /// Where its configuration and all files that this names lie.
    public let directory: TemporaryDirectory
    /// The running program.
    public let program: RunningProgram
    /// What it said when it began to serve.
    public let started: ServingLine

    /// The program's path: it lies beside the test bundle.
    public static func programPath() throws -> String {
        let own = try Files.ownProgram()
        guard let slash = own.lastIndex(of: "/") else { throw GatewayFailure(description: "no directory: \(own)") }
        return own[...slash] + "acs-gateway"
    }

    /// Writes `config` and starts the gateway on it; returns once it serves.
    ///
    /// - Parameters:
    ///   - files: further files, by their name beside the configuration, for their owner alone.
    ///   - arguments: further words of the command line.
    ///   - descriptors: how many descriptors it may have; `nil` for as many as the test itself.
    ///   - environment: its variables, such as `TMPDIR`.
    ///   - isNonblocking: its output streams do not wait for room.
    /// - Throws: ``GatewayFailure`` when it ends or stays silent instead.
    public init(
        _ config: String, files: [String: String] = [:], arguments: [String] = [], descriptors: Int? = nil,
        environment: [String: String] = [:], isNonblocking: Bool = false
    ) throws {
        directory = try TemporaryDirectory()
        for (name, content) in files { try directory.write(name, content) }
        try directory.write("config.yaml", config)
        var command = try [Self.programPath(), "run", "--config", directory.path + "/config.yaml"] + arguments
        if let descriptors { command = ["/bin/sh", "-c", "ulimit -n \(descriptors) && exec \"$0\" \"$@\""] + command }
        program = try RunningProgram(
            command[0], Array(command.dropFirst()), environment: environment, isNonblocking: isNonblocking)
        started = try Self.serving(program, generation: 1)
    }

    /// The first listener of the file.
    public var address: Address { started.addresses[0] }

    /// All of standard error so far.
    public var standardError: String { program.progress.look { String(decoding: $0.standardError, as: UTF8.self) } }

    /// Waits for a line on standard error that `wanted` accepts, among all since the start.
    public func line<Result>(_ wanted: (String) -> Result?) throws -> Result {
        try Self.line(program, what: "a line", wanted)
    }

    /// What it holds in memory now, in bytes (`VmRSS`).
    public func residentBytes() throws -> Int {
        let text = String(decoding: try Files.bytes(at: "/proc/\(program.id)/status"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let digits = line?.filter { $0 >= "0" && $0 <= "9" } ?? ""
        guard let kibibytes = Int(String(digits)) else { throw GatewayFailure(description: "no VmRSS: \(text)") }
        return kibibytes * 1024
    }

    /// Whether a library whose file is called `name…` is part of it now.
    public func hasLoaded(library name: String) throws -> Bool {
        try String(decoding: Files.bytes(at: "/proc/\(program.id)/maps"), as: UTF8.self).contains("/\(name)")
    }

    /// Processor time that it has used, in hundredths of a second.
    public func processorTicks() throws -> Int {
        let text = String(decoding: try Files.bytes(at: "/proc/\(program.id)/stat"), as: UTF8.self)
        // The name in brackets may hold anything; user and system time are the 12th and 13th words behind it.
        let words = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard words.count > 12, let user = Int(words[11]), let system = Int(words[12]) else {
            throw GatewayFailure(description: "no times: \(text)")
        }
        return user + system
    }

    /// Sends SIGHUP and waits until generation `number` serves.
    @discardableResult public func reload(expecting number: Int) throws -> ServingLine {
        program.signal(1)
        return try Self.serving(program, generation: number)
    }

    /// Sends SIGTERM and waits for the end.
    public func finish(atMost limit: Duration = Pace.seconds(60)) throws -> ExitStatus {
        program.signal(15)
        guard let status = program.wait(atMost: limit) else {
            throw GatewayFailure(description: "the gateway did not end after SIGTERM; it said:\n\(standardError)")
        }
        return status
    }

    private static func serving(_ program: RunningProgram, generation: Int) throws -> ServingLine {
        try line(program, what: "generation \(generation)") { line in
            ServingLine(line).flatMap { $0.generation == generation ? $0 : nil }
        }
    }

    private static func line<Result>(
        _ program: RunningProgram, what: String, _ wanted: (String) -> Result?
    ) throws -> Result {
        let found: Result?? = program.progress.wait(until: .now + Pace.seconds(60)) { progress in
            let lines = String(decoding: progress.standardError, as: UTF8.self).split(separator: "\n")
            for line in lines { if let result = wanted(String(line)) { return .some(result) } }
            return progress.isOver ? .some(nil) : nil
        }
        if case .some(.some(let result)) = found { return result }
        let (said, status) = program.progress.look {
            (String(decoding: $0.standardError, as: UTF8.self), $0.status.map { "\($0)" } ?? "running")
        }
        throw GatewayFailure(description: "no \(what); the gateway (\(status)) said:\n\(said)")
    }
}
