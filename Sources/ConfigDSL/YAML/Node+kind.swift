extension Node {
    /// True for what YAML calls null: nothing at all, `~` or `null`, unquoted.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What it is, for a sentence.
    var kind: String {
        switch content {
        case .scalar: "text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The finding that this node is not what is wanted.
    func wrongType(_ subject: String, wanted: String) -> Diagnostic {
        if isNull {
            return Diagnostic(.noValue, "\(subject) has no value", at: place, help: "give it one, or leave it out")
        }
        return Diagnostic(.wrongType, "\(subject) is \(kind), not \(wanted)", at: place, help: hint(wanted))
    }

    private func hint(_ wanted: String) -> String? {
        switch content {
        case .scalar where wanted == "a list": "put it in brackets: `[…]`"
        case .mapping where wanted == "a list": "begin each item with `- `"
        case .list where wanted == "text": "it takes one value; leave the brackets out"
        case .scalar, .list, .mapping: nil
        }
    }
}
