internal import ConfigDSL
internal import Credentials
internal import Crypto
internal import Proxy
internal import Synchronization
internal import Telemetry
internal import Transport

/// A configuration file as far as it can be read without opening anything: decoded, its credentials decoded, every
/// finding told.  `check` ends here with ``Provisioner``; `run` and `SIGHUP` go on.
struct LoadedConfiguration {
    var result: LoadResult
    var strategies: [String: any CredentialStrategy]
    let environment: LoadEnvironment
    private let witness: Witness

    /// Reads the file at `path` and all that it refers to.
    init(path: String) {
        witness = Witness()
        environment = witness.environment
        result = ConfigLoader.load(file: path, environment: environment)
        strategies = StandardStrategies.decode(result.draft, into: &result.diagnostics)
    }

    /// Builds the generation, unless there are errors; TLS files are read and checked here, also when there are some
    /// already, so that all are told together.
    mutating func provision(_ surroundings: Provisioner.Surroundings) -> Generation? {
        Provisioner.provision(
            result.draft, strategies: strategies, in: environment, surroundings, diagnostics: &result.diagnostics)
    }

    /// Stands for everything that was read, references and certificates included; the same when nothing changed.
    var fingerprint: String { witness.fingerprint }

    /// How the text of the diagnostics is shown, empty when there are none.
    var report: String { result.diagnostics.text }
}

/// Reads for a load, and remembers all that it read as one digest.
private final class Witness: Sendable {
    private let digest = Mutex(SHA256())

    var fingerprint: String { digest.withLock { $0.finalize().hex } }

    var environment: LoadEnvironment {
        LoadEnvironment(
            readFile: { [self] path, limit throws(FileFailure) in
                let content = try read(path, limit)
                see(path, content.bytes)
                return content
            },
            variable: { [self] name in
                let value = ProcessEnvironment.value(of: name)
                see(name, Array((value ?? "").utf8))
                return value
            },
            unixSeconds: { Int(WallClock.current() / 1_000_000_000) })
    }

    private func see(_ name: String, _ bytes: [UInt8]) {
        let header = Array("\(name.utf8.count) \(name) \(bytes.count) ".utf8)
        digest.withLock { digest in
            digest.update(header.span)
            digest.update(bytes.span)
        }
    }

    private func read(_ path: String, _ limit: Int) throws(FileFailure) -> FileContent {
        do throws(SystemError) {
            let content = try WholeFile.read(path, limitBytes: limit)
            return FileContent(bytes: content.bytes, isReadableByOthers: content.isWorldReadable)
        } catch {
            throw FileFailure(error)
        }
    }
}

extension FileFailure {
    /// What the system said, in the words of the configuration.
    init(_ error: SystemError) {
        if error.isNotFound {
            self = .notFound
        } else if error.isNotPermitted {
            self = .notPermitted
        } else if error.isNotAFile {
            self = .notAFile
        } else if error.isTooLarge {
            self = .tooLarge
        } else if error.isLate {
            self = .failed(reason: "nothing came through this pipe in time")
        } else {
            self = .failed(reason: error.reason)
        }
    }
}

extension Logger {
    /// The operator's log of this process: lines on standard error, written by a thread of its own.
    static func standard(_ level: LogLevel) throws(CommandError) -> Logger {
        do throws(SystemError) {
            let file = try LogFile(.standardError)
            return Logger(
                level: level, now: { Timestamp(unixMilliseconds: WallClock.current() / 1_000_000) },
                sink: { file.write($0) })
        } catch {
            throw CommandError("the log cannot be started: \(error)")
        }
    }
}
