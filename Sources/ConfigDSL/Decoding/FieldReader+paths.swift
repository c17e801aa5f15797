public import Crypto

/// Reading paths of files.
extension FieldReader {
    /// The path at `key`, which must be there.  See ``optionalFile(_:isSecret:)``.
    mutating func requiredFile(_ key: String, example: String, isSecret: Bool = false) -> ConfigPath? {
        guard requiredNode(key, example: example) != nil else { return nil }
        return optionalFile(key, isSecret: isSecret)
    }

    /// The path at `key`, resolved; told when the file cannot be read, or when it `isSecret` and others can read it.
    ///
    /// What is in the file its owner judges.
    public mutating func optionalFile(_ key: String, isSecret: Bool = false) -> ConfigPath? {
        file(key, isSecret: isSecret)?.path
    }

    /// The path and the content of the file at `key`, as above; `nil` when there is none to be had.
    public mutating func optionalFileContent(
        _ key: String, isSecret: Bool = false
    ) -> (path: ConfigPath, content: Secret)? {
        guard let file = file(key, isSecret: isSecret), let bytes = file.bytes else { return nil }
        return (file.path, Secret(copying: bytes.span))
    }

    private mutating func file(_ key: String, isSecret: Bool) -> (path: ConfigPath, bytes: [UInt8]?)? {
        let (context, place) = (self.context, valuePlace(of: key))
        let path = optional(key) { scalar throws(ValueError) in try ConfigPath(scalar, in: context, at: place) }
        guard let path else { return nil }
        do throws(FileFailure) {
            let file = try context.environment.readFile(path.path, Self.referenceLimitBytes)
            if isSecret, file.isReadableByOthers {
                report(
                    .readableByOthers, "others can read the file of `\(key)`", at: path.place,
                    help: "take the right from them: `chmod o-r`")
            }
            return (path, file.bytes)
        } catch {
            report(
                .unreadableFileSetting, "the file of `\(key)` cannot be read: \(error.sentence(limit: "1 MiB"))",
                at: path.place, help: "looked for `\(path.shown)`")
            return (path, nil)
        }
    }
}

extension ConfigPath {
    /// The path that `scalar` names, which stands at `place`.
    init(_ scalar: Scalar, in context: ReadingContext, at place: SourcePlace) throws(ValueError) {
        path = context.resolve(try String.parse(scalar))
        shown = scalar.isLiteral ? Shown.short(path) : scalar.shown
        self.place = place
    }
}
