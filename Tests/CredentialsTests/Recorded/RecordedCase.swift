import Bytes
import Crypto
import Support
import Testing

@testable import Credentials

/// One case of `token_requests.json`: what azure-identity 1.27.0 asked for, and what it was answered.
struct RecordedCase: Sendable, CustomTestStringConvertible {
    /// One request and its answer.
    struct Call: Sendable {
        var method: String
        var url: String
        /// Names in lower case.
        var fields: [String: String]
        var form: [String: String]
        var assertion: JSONValue?
        var answer: TokenAnswer
    }

    var name: String
    var credential: String
    var config: JSONValue
    /// What the recording's environment had.
    var variables: [String: String]
    var calls: [Call]
    var result: JSONValue
    /// Pauses between requests, in seconds, those of zero left out.
    var pauses: [Double]

    var testDescription: String { name }

    /// The wall clock of all recordings.
    static let now = TokenInstant(nanoseconds: 0, unixSeconds: 1_795_424_887)
    static let tenant = "11111111-2222-3333-4444-555555555555"
    static let client = "66666666-7777-8888-9999-000000000000"

    static let all: [RecordedCase] = {
        guard let bytes = try? Fixtures.bytes("vectors/token_requests.json"), let file = JSONParser.parse(bytes.span)
        else { return [] }
        return file["cases"]?.items.map(RecordedCase.init) ?? []
    }()

    private init(_ value: JSONValue) {
        name = value["name"]?.text ?? ""
        credential = value["credential"]?.text ?? ""
        config = value["config"] ?? .object([])
        variables = value["env"]?.texts ?? [:]
        // The gateway asks for no metadata of the authority: its token endpoint is known.
        calls = (value["requests"]?.items.map(Call.init) ?? []).filter { !$0.url.contains("/.well-known/") }
        result = value["result"] ?? .null
        pauses = value["sleeps_between_attempts_s"]?.items.compactMap(\.double) ?? []
    }
}

extension RecordedCase.Call {
    fileprivate init(_ value: JSONValue) {
        method = value["method"]?.text ?? ""
        url = value["url"]?.text ?? ""
        fields = [:]
        for (name, field) in value["headers"]?.texts ?? [:] where field != "<volatile>" {
            fields[name.lowercased()] = field
        }
        form = value["form"]?.texts ?? [:]
        assertion = value["client_assertion_decoded"]
        let answer = value["response"] ?? .null
        var body: [UInt8] = []
        switch answer["body"] {
        case .string(let text)?: body = text.withBytes { $0.array }
        case let value?: body = value.written.withBytes { $0.array }
        case nil: break
        }
        let fields = answer["headers"]?.texts.map { (name: $0.key, value: $0.value) } ?? []
        self.answer = TokenAnswer(status: answer["status"]?.integer ?? 0, fields: fields, body: body)
    }
}

// What only tests ask of JSON.
extension JSONValue {
    var items: [JSONValue] {
        guard case .list(let items) = self else { return [] }
        return items
    }

    /// The members whose values are strings.
    var texts: [String: String] {
        guard case .object(let members) = self else { return [:] }
        let texts = members.compactMap { member in member.value.text.map { (member.name, $0) } }
        return Dictionary(uniqueKeysWithValues: texts)
    }

    var names: Set<String> {
        guard case .object(let members) = self else { return [] }
        return Set(members.map(\.name))
    }

    var isTrue: Bool {
        guard case .boolean(true) = self else { return false }
        return true
    }

    var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
}
