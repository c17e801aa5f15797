/// What a request asks the emulated resource to do: its method and path, understood.
enum Operation: Equatable {
    case createIdentity
    case issueToken(user: String)
    case revokeTokens(user: String)
    case deleteIdentity(user: String)
    case sendSMS
    case sendEmail
    case emailStatus(operation: String)
    case listPhoneNumbers
    case phoneNumber(String)
    case listChatThreads
    case createChatThread

    /// The operation at `path` (decoded segments) for `method`; 404 for an unknown path, 405 for another method.
    init(method: String, path: [String]) throws(ServiceError) {
        let choices = Self.choices(at: path)
        guard !choices.isEmpty else { throw .notFound }
        guard let choice = choices.first(where: { $0.method == method }) else {
            throw .methodNotAllowed(allowed: choices.map(\.method))
        }
        self = choice.operation
    }

    /// Whether `path` belongs to Chat, which takes a user's token and no signature.
    static func isChat(path: [String]) -> Bool { path.first?.asciiLowercased == "chat" }

    /// The methods of `path`.  Fixed segments are compared without regard to case, as the service's framework does.
    private static func choices(at path: [String]) -> [(method: String, operation: Operation)] {
        let names = path.map(\.asciiLowercased)
        return switch (names.first, path.count) {
        case ("identities", 1): [("POST", .createIdentity)]
        case ("identities", 2): [("DELETE", .deleteIdentity(user: path[1]))]
        case ("identities", 3) where names[2] == ":issueaccesstoken": [("POST", .issueToken(user: path[1]))]
        case ("identities", 3) where names[2] == ":revokeaccesstokens": [("POST", .revokeTokens(user: path[1]))]
        case ("sms", 1): [("POST", .sendSMS)]
        case ("emails:send", 1): [("POST", .sendEmail)]
        case ("emails", 3) where names[1] == "operations": [("GET", .emailStatus(operation: path[2]))]
        case ("phonenumbers", 1): [("GET", .listPhoneNumbers)]
        case ("phonenumbers", 2): [("GET", .phoneNumber(path[1]))]
        case ("chat", 2) where names[1] == "threads": [("GET", .listChatThreads), ("POST", .createChatThread)]
        default: []
        }
    }
}
