internal import FoundationEssentials

/// Any JSON, for texts whose shape is somebody else's.
indirect enum JSONValue: Equatable, Decodable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// The value that `text` writes, or nothing when it is not JSON.
    init?(parsing text: String) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
        self = value
    }

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let value = try? single.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? single.decode(Double.self) {
            self = .number(value)
        } else if let value = try? single.decode(String.self) {
            self = .text(value)
        } else if let value = try? single.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try single.decode([String: JSONValue].self))
        }
    }

    /// Whether all members of the object `other`, at every depth, are members of this one.
    func includes(_ other: JSONValue) -> Bool {
        guard case .object(let own) = self, case .object(let wanted) = other else { return self == other }
        return wanted.allSatisfy { name, value in own[name]?.includes(value) ?? false }
    }
}
