/// One entry of `credentials`: its name and its strategy's; the rest belongs to that strategy.
public struct CredentialConfig: Sendable {
    /// Its key under `credentials`.
    public var name: String
    /// The strategy's name as written; whether it exists, its owner says at ``strategyPlace``.
    public var strategy: String
    /// Where `strategy` has its value.
    public var strategyPlace: SourcePlace
    /// The whole mapping, `strategy` included; raw until its owner decodes it.
    public var fields: Node
    /// Where its name stands.
    public var place: SourcePlace
    /// What reading its values needs.
    public var context: ReadingContext

    /// Lets `body` read what the strategy needs, then tells the keys that it did not ask for.
    ///
    /// - Returns: what `body` returned.
    public func decode<Value>(
        into diagnostics: inout Diagnostics, _ body: (inout FieldReader) -> Value?
    ) -> Value? {
        let shown = Shown.isWord(name) ? name : "***"
        return FieldReader.read(fields, of: "credential `\(shown)`", at: place, context: context, into: &diagnostics) {
            fields in
            _ = fields.node("strategy")
            return body(&fields)
        }
    }
}
