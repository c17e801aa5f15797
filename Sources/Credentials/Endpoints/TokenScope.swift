internal import Bytes
internal import ConfigDSL

/// What a token is for: a resource and `/.default`, all that was granted for it.
struct TokenScope: Sendable {
    /// As service principals ask for it.
    let text: String

    /// As managed identities ask for it: without `/.default`, so that the default ends in a slash.
    var resource: String { String(text.dropLast(Self.suffix.count)) }

    /// Communication Services.  Two slashes: its resource's own name ends in one.
    static let communication = TokenScope(text: "https://communication.azure.com//.default")

    private static let suffix = "/.default"
    private static let oneSlash = "https://communication.azure.com/.default"

    /// Reads `scope`; the default when it is not there.
    static func read(_ fields: inout FieldReader) -> TokenScope? {
        guard fields.has("scope") else {
            _ = fields.node("scope")
            return communication
        }
        let scope = fields.optional("scope") { scalar throws(ValueError) in
            let text = try String.parse(scalar)
            guard text.utf8.count <= 1024, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw ValueError(.badScope, "is not one scope", help: "write one, without blanks")
            }
            guard text.hasSuffix(suffix), text.utf8.count > suffix.utf8.count else {
                throw ValueError(
                    .badScope, "does not end in `/.default`", help: "for Communication Services leave it out")
            }
            return TokenScope(text: text)
        }
        if scope?.text == oneSlash {
            fields.report(
                .scopeWithOneSlash, "`scope` has one slash before `.default`", at: fields.valuePlace(of: "scope"),
                help: "did you mean `\(communication.text)`? That is also what it is without `scope`")
        }
        return scope
    }
}
