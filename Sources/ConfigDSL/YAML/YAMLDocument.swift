/// What a YAML text may not exceed.
enum YAMLLimits {
    /// Nested collections.
    static let depth = 64
    /// Nodes that all aliases together may add.
    static let aliasNodes = 10_000
}

/// One YAML document as a tree.
enum YAMLDocument {
    /// Reads `source`.  Mistakes that leave the rest readable go to `diagnostics`; any other is thrown, to be told
    /// alone, since nothing behind it can be believed.
    static func parse(_ source: SourceText, into diagnostics: inout Diagnostics) throws(YAMLFailure) -> Node {
        try TextCheck.check(source)
        var builder = TreeBuilder(source, diagnostics: diagnostics)
        // Safe: the parser ends with the call, the bytes live longer.
        try unsafe source.bytes.withUnsafeBufferPointer { bytes throws(YAMLFailure) in
            var parser = unsafe YAMLParser(bytes)
            while try builder.take(next(of: &parser, source)) {}
        }
        diagnostics = builder.diagnostics
        return try builder.finish()
    }

    private static func next(
        of parser: inout YAMLParser, _ source: SourceText
    ) throws(YAMLFailure) -> YAMLParser.Next {
        do throws(YAMLParser.Problem) {
            return try parser.next()
        } catch {
            throw YAMLFailure(error.diagnostic(in: source))
        }
    }
}

/// The finding that ends the reading of a file.
struct YAMLFailure: Error {
    var diagnostic: Diagnostic

    init(_ diagnostic: Diagnostic) {
        self.diagnostic = diagnostic
    }
}
