public import Crypto

/// Reading what must not be seen.
///
/// In a secret field the whole value is one reference without a default, and what it gives is not empty; a literal
/// is an error unless the file says `allow_inline_secrets: true`.
extension FieldReader {
    /// The secret at `key`, which must be there, as `parse` makes it; `nil` when it is missing or wrong.
    public mutating func requiredSecret<Value>(
        _ key: String, _ parse: (Secret) throws(ValueError) -> Value
    ) -> Value? {
        guard let node = requiredNode(key) else { return nil }
        return secretValue(node, "`\(key)`", parse)
    }

    /// The secret at `key`, as `parse` makes it; `nil` when it is not there, or wrong, which is told.
    public mutating func optionalSecret<Value>(
        _ key: String, _ parse: (Secret) throws(ValueError) -> Value
    ) -> Value? {
        guard let node = self.node(key) else { return nil }
        return secretValue(node, "`\(key)`", parse)
    }

    /// The secrets in the list at `key`, which must be there and have `count` items; `nil` when any is wrong.
    public mutating func requiredSecretList<Value>(
        _ key: String, count: ClosedRange<Int>, _ parse: (Secret) throws(ValueError) -> Value
    ) -> [Value]? {
        guard let node = requiredNode(key), let items = listItems(node, key, count) else { return nil }
        let values = items.compactMap { secretValue($0, "an item of `\(key)`", parse) }
        return values.count == items.count ? values : nil
    }

    private mutating func secretValue<Value>(
        _ node: Node, _ subject: String, _ parse: (Secret) throws(ValueError) -> Value
    ) -> Value? {
        diagnostics.hide(node, isSecret: true)
        guard case .scalar(let text, _) = node.content, !node.isNull else {
            diagnostics.report(node.wrongType(subject, wanted: "text"))
            return nil
        }
        do throws(ValueError) {
            return try parse(try secret(ReferenceText(text), at: node.place))
        } catch {
            tell(error, of: subject, at: node.place)
            return nil
        }
    }

    private mutating func secret(_ text: ReferenceText, at place: SourcePlace) throws(ValueError) -> Secret {
        let secret: Secret
        if let reference = text.wholeReference {
            if reference.fallback != nil {
                throw ValueError(
                    .secretDefault, "is a secret and must not have a default", help: "write `\(reference.shown)`")
            }
            secret = try self.secret(of: reference, at: place)
        } else if text.isLiteral {
            guard context.allowsInlineSecrets else {
                throw ValueError(
                    .inlineSecret, "is a secret and must not stand in the file",
                    help: "write `${file:PATH}`, `${cred:NAME}` or `${env:NAME}`")
            }
            secret = Secret(copying: text.resolved { _ in "" })
        } else {
            throw ValueError(
                .partialSecret, "is a secret: the reference must be its whole value",
                help: "nothing may stand before or behind `${…}`")
        }
        if secret.isEmpty { throw ValueError(.emptySecret, "is a secret and must not be empty") }
        return secret
    }

    private mutating func secret(of reference: Reference, at place: SourcePlace) throws(ValueError) -> Secret {
        switch reference.source {
        case .env:
            return Secret(copying: try Self.variable(reference, context, isSecret: true))
        case .file, .cred:
            let content = try Self.file(of: reference, context)
            if content.isReadableByOthers {
                report(
                    .readableByOthers, "others can read the file of `\(reference.shown)`", at: place,
                    help: "take the right from them: `chmod o-r`")
            }
            let end = Self.endWithoutNewline(content.bytes)
            return Secret(copying: content.bytes.span.extracting(..<end))
        }
    }
}
