internal import Crypto

/// Reads a configuration file: bytes, YAML, typed values, checks across them.
///
/// Everything that is wrong is told in one run, except that what makes the file unreadable is told alone.
public enum ConfigLoader {
    /// The largest file that is read.
    public static let fileLimitBytes = 4 << 20

    /// Loads `file`, with all that it refers to read through `environment`.
    public static func load(file: String, environment: LoadEnvironment) -> LoadResult {
        var result = LoadResult()
        guard let content = read(file, environment, &result.diagnostics) else { return result }
        let bytes = content.bytes
        result.sha256 = SHA256.digest(of: bytes.span).hex
        let source = SourceText(file: file, bytes: bytes)
        do throws(YAMLFailure) {
            result.diagnostics.add(source)
            let root = try YAMLDocument.parse(source, into: &result.diagnostics)
            SecretSections.hide(in: root, from: &result.diagnostics)
            let directory = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[...$0]) } ?? ""
            let context = ReadingContext(environment: environment, directory: directory, allowsInlineSecrets: false)
            result.draft = GatewayConfig.decode(root, context: context, into: &result.diagnostics)
            if content.isReadableByOthers, result.diagnostics.has(.inlineSecretsAllowed) {
                result.diagnostics.report(
                    .readableByOthers, "others can read this file, in which secrets may stand", at: .whole(file),
                    help: "take the right from them: `chmod o-r`")
            }
        } catch {
            // Told alone: what was found before it may be its consequence.
            result.diagnostics = Diagnostics()
            result.diagnostics.add(source)
            result.diagnostics.hideBrokenLine(at: error.diagnostic.place, in: source)
            result.diagnostics.report(error.diagnostic)
        }
        return result
    }

    private static func read(
        _ file: String, _ environment: LoadEnvironment, _ diagnostics: inout Diagnostics
    ) -> FileContent? {
        do throws(FileFailure) {
            return try environment.readFile(file, fileLimitBytes)
        } catch {
            let reason = error.sentence(limit: "4 MiB")
            let id = error == .tooLarge ? DiagnosticID.fileTooLarge : .unreadableFile
            diagnostics.report(id, "the configuration cannot be read: \(reason)", at: .whole(file))
            return nil
        }
    }
}

/// What a load gave.
///
/// The owners of what is still raw (`Credentials`) add their findings to ``diagnostics``, decoding from ``draft`` even
/// when there are errors already, so that all are told together; then ``config`` says whether it may be served.
public struct LoadResult: Sendable {
    /// What could be read, with gaps where there were errors.  Never to be served: see ``config``.
    public var draft = GatewayConfig()
    /// All findings so far.
    public var diagnostics = Diagnostics()
    /// The SHA-256 of the file in lower-case hexadecimal; empty when it could not be read.
    public var sha256 = ""

    /// The configuration, unless there are errors.
    public var config: GatewayConfig? { diagnostics.hasErrors ? nil : draft }
}
