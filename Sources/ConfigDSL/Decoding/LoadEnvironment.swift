/// All that a load takes from outside: files, environment variables and the time.
public struct LoadEnvironment: Sendable {
    /// Reads the whole file at a path, unless it is larger than the given number of bytes.
    public var readFile: @Sendable (_ path: String, _ limitBytes: Int) throws(FileFailure) -> FileContent
    /// The value of an environment variable.
    public var variable: @Sendable (_ name: String) -> String?
    /// The wall clock, for what ends some day: seconds since 1970.
    public var unixSeconds: @Sendable () -> Int

    /// An environment made of these functions.
    public init(
        readFile: @escaping @Sendable (_ path: String, _ limitBytes: Int) throws(FileFailure) -> FileContent,
        variable: @escaping @Sendable (_ name: String) -> String?,
        unixSeconds: @escaping @Sendable () -> Int
    ) {
        self.readFile = readFile
        self.variable = variable
        self.unixSeconds = unixSeconds
    }

    /// An environment with these files and variables only: for tests and examples.
    public static func fixed(
        files: [String: [UInt8]], variables: [String: String] = [:], readableByOthers: Set<String> = [],
        unixSeconds: Int = 1_000_000_000
    ) -> LoadEnvironment {
        LoadEnvironment(
            readFile: { path, limitBytes throws(FileFailure) in
                guard let bytes = files[path] else { throw .notFound }
                guard bytes.count <= limitBytes else { throw .tooLarge }
                return FileContent(bytes: bytes, isReadableByOthers: readableByOthers.contains(path))
            },
            variable: { variables[$0] }, unixSeconds: { unixSeconds })
    }
}

/// A file that was read.
public struct FileContent: Sendable {
    /// All of it.
    public var bytes: [UInt8]
    /// True when its permission bits let others than its owner and group read it.
    public var isReadableByOthers: Bool

    /// A file's bytes and who can read them.
    public init(bytes: [UInt8], isReadableByOthers: Bool) {
        self.bytes = bytes
        self.isReadableByOthers = isReadableByOthers
    }
}

/// Why a file could not be read.
public enum FileFailure: Error, Equatable, Sendable {
    /// There is none at that path.
    case notFound
    /// This process may not read it.
    case notPermitted
    /// It is a directory, or something else that is no file.
    case notAFile
    /// It is larger than asked for.
    case tooLarge
    /// Something else, in the system's words.
    case failed(reason: String)
}

/// What reading a value needs besides its node.
public struct ReadingContext: Sendable {
    /// Where references are resolved.
    public var environment: LoadEnvironment
    /// The directory that the file's relative paths start from, with a slash at its end; empty when there is none.
    public var directory: String
    /// True when a secret may stand in the file itself.
    public var allowsInlineSecrets: Bool

    /// The context of a file in `directory`.
    public init(environment: LoadEnvironment, directory: String, allowsInlineSecrets: Bool) {
        self.environment = environment
        self.directory = directory
        self.allowsInlineSecrets = allowsInlineSecrets
    }

    /// `path` as it is opened: relative to the file that names it.
    public func resolve(_ path: String) -> String {
        path.hasPrefix("/") ? path : directory + path
    }
}
