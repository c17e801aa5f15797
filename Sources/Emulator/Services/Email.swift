internal import Crypto

/// Email: accepts messages and lets their delivery be polled to its end.
///
/// Source: azure-rest-api-specs, `Email/stable/2025-09-01`.
struct Email {
    /// Recipients of one message, `cc` and `bcc` included ("Service limits").
    static let recipientLimit = 50
    /// All attachments of one message, decoded.
    ///
    /// The service counts the whole request against 10 MB; where exactly it draws the line is not documented, and a
    /// message with 8 MB of attachments, 11 MB as sent, is what clients are told to expect to work.
    static let attachmentLimitBytes = 10 * 1024 * 1024
    /// Operations that are remembered.
    static let operationLimit = 10_000

    private let pollsUntilDone: Int
    private let retryAfterSeconds: Int
    private let randomness: RandomBytes
    /// Polls so far, by operation.
    private var operations = BoundedTable<Int>(capacity: Self.operationLimit)

    init(_ behaviour: EmulatorBehaviour, randomness: RandomBytes) {
        pollsUntilDone = behaviour.emailPolls
        retryAfterSeconds = behaviour.emailRetryAfterSeconds
        self.randomness = randomness
    }

    /// `POST /emails:send`: 202, and `Operation-Location` names where to poll.
    ///
    /// The link is absolute, on the resource's own host, with two slashes, as the service makes it (`SendEmail.json`).
    mutating func send(
        _ request: EmulatedRequest, apiVersion: String, origin: String
    ) throws(ServiceError) -> EmulatedAnswer {
        let operation = try operationID(of: request)
        try request.json(Message.self).check()
        operations[operation] = operations[operation] ?? 0
        let status = OperationStatus(id: operation, status: "Running")
        return EmulatedAnswer(
            status: 202, json: status,
            fields: [
                EmulatedField(
                    "operation-location", "\(origin)//emails/operations/\(operation)?api-version=\(apiVersion)"),
                retryAfter,
            ])
    }

    /// `GET /emails/operations/{id}`: 200 with how far it is.
    mutating func status(of operation: String) throws(ServiceError) -> EmulatedAnswer {
        guard let polls = operations[operation] else { throw .notFound }
        operations[operation] = polls + 1
        if polls < pollsUntilDone {
            let status = OperationStatus(id: operation, status: "Running")
            return EmulatedAnswer(status: 200, json: status, fields: [retryAfter])
        }
        return EmulatedAnswer(status: 200, json: OperationStatus(id: operation, status: "Succeeded"))
    }

    private var retryAfter: EmulatedField { EmulatedField("retry-after", String(retryAfterSeconds)) }

    /// The client's `Operation-Id`, which must be a UUID, or a new one.
    private func operationID(of request: EmulatedRequest) throws(ServiceError) -> String {
        guard let id = request.values(of: "operation-id").first else { return UUIDText(from: randomness).description }
        guard id.isUUID else { throw .badRequest("`Operation-Id` is not a UUID.") }
        return id.asciiLowercased
    }

    private struct OperationStatus: Encodable {
        var id: String
        var status: String
    }

    private struct Message: Decodable {
        var senderAddress: String
        var content: Content
        var recipients: Recipients
        var attachments: [Attachment]?
        var replyTo: [Address]?

        func check() throws(ServiceError) {
            guard Address(address: senderAddress).isPlausible else { throw .invalid("senderAddress") }
            guard !content.subject.isEmpty else { throw .invalid("content.subject") }
            guard content.plainText?.isEmpty == false || content.html?.isEmpty == false else {
                throw .invalid("content: one of `plainText` and `html` is needed")
            }
            let recipients = recipients.all
            guard (1...Email.recipientLimit).contains(recipients.count), recipients.allSatisfy(\.isPlausible) else {
                throw .invalid("recipients: 1 to \(Email.recipientLimit) addresses are needed")
            }
            guard replyTo?.allSatisfy(\.isPlausible) != false else { throw .invalid("replyTo") }
            try checkAttachments()
        }

        private func checkAttachments() throws(ServiceError) {
            var total = 0
            for (index, attachment) in (attachments ?? []).enumerated() {
                guard !attachment.name.isEmpty, attachment.contentType.utf8.contains(UInt8(ascii: "/")) else {
                    throw .invalid("attachments[\(index)]")
                }
                guard let content = try? Base64.decode(attachment.contentInBase64.utf8.span) else {
                    throw .invalid("attachments[\(index)].contentInBase64")
                }
                total += content.count
            }
            guard total <= Email.attachmentLimitBytes else {
                throw ServiceError(
                    status: 413, code: "RequestEntityTooLarge", message: "The message is larger than 10 MB.")
            }
        }
    }

    private struct Content: Decodable {
        var subject: String
        var plainText: String?
        var html: String?
    }

    private struct Recipients: Decodable {
        var to: [Address]
        var cc: [Address]?
        var bcc: [Address]?

        var all: [Address] { to + (cc ?? []) + (bcc ?? []) }
    }

    private struct Address: Decodable {
        var address: String

        /// One `@` with something on both sides: enough to notice an empty or misplaced value.
        var isPlausible: Bool {
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
        }
    }

    private struct Attachment: Decodable {
        var name: String
        var contentType: String
        var contentInBase64: String
    }
}

extension ServiceError {
    fileprivate static func invalid(_ what: String) -> ServiceError {
        .badRequest("Request body validation error. See property: \(what)", code: "InvalidRequest")
    }
}
