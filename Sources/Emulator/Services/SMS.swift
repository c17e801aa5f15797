internal import Bytes
internal import Crypto

/// SMS: takes messages, answers each recipient on its own, sends nothing.
///
/// Source: azure-rest-api-specs, `Sms/stable/2021-03-07`.
struct SMS {
    /// Recipients of one message.
    static let recipientLimit = 100
    /// Characters of one message, as UTF-16 counts them.
    static let messageLimit = 2048
    /// Repeatability ids that are remembered.
    static let repeatabilityLimit = 100_000

    private let randomness: RandomBytes
    /// What was sent for which repeatability id.
    private var sent = BoundedTable<String>(capacity: Self.repeatabilityLimit)

    init(randomness: RandomBytes) { self.randomness = randomness }

    /// `POST /sms`: 202 with one result a recipient, good or bad.
    mutating func send(_ request: EmulatedRequest) throws(ServiceError) -> EmulatedAnswer {
        let asked = try request.json(SendRequest.self)
        guard Self.isSender(asked.from) else {
            throw .badRequest("`from` is neither a phone number nor a sender name.")
        }
        guard (1...Self.recipientLimit).contains(asked.smsRecipients.count) else {
            throw .badRequest("`smsRecipients` must have 1 to \(Self.recipientLimit) entries.")
        }
        guard asked.message.utf16.count <= Self.messageLimit else {
            throw .badRequest("`message` is longer than \(Self.messageLimit) characters.")
        }
        var results: [SendResult] = []
        for recipient in asked.smsRecipients { results.append(send(to: recipient, at: request.receivedAtSeconds)) }
        return EmulatedAnswer(status: 202, json: SendAnswer(value: results))
    }

    private mutating func send(to recipient: Recipient, at now: Int) -> SendResult {
        guard PhoneNumber.isE164(recipient.to) else {
            return .refused(recipient.to, "Invalid To phone number format.")
        }
        guard let repeatability = recipient.repeatabilityRequestId else {
            return .accepted(recipient.to, messageID(at: now))
        }
        guard repeatability.isUUID else {
            return .refused(
                recipient.to, "Request sent with an invalid repeatability-request-id.", repeatability: "rejected")
        }
        guard let firstSent = recipient.repeatabilityFirstSent, ServiceTime.seconds(ofIMFFixdate: firstSent) != nil
        else {
            return .refused(
                recipient.to,
                "Request sent with Invalid DateTime value for repeatability-first-sent. "
                    + "Expected is DateTime ,RFC1123 pattern.", repeatability: "rejected")
        }
        let id = sent[repeatability] ?? messageID(at: now)
        sent[repeatability] = id
        return .accepted(recipient.to, id, repeatability: "accepted")
    }

    private func messageID(at now: Int) -> String {
        "Outgoing_\(ServiceTime(secondsSince1970: now).digits)\(UUIDText(from: randomness))_noam"
    }

    /// A phone number, a short code of 5 or 6 digits, or an alphanumeric name of up to 11 with a letter in it.
    private static func isSender(_ text: String) -> Bool {
        if PhoneNumber.isE164(text) { return true }
        let bytes = Array(text.utf8)
        if bytes.allSatisfy(ASCII.isDigit) { return (5...6).contains(bytes.count) }
        return (1...11).contains(bytes.count) && bytes.contains(where: ASCII.isLetter)
            && bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.space }
    }

    private struct SendRequest: Decodable {
        var from: String
        var smsRecipients: [Recipient]
        var message: String
    }

    private struct Recipient: Decodable {
        var to: String
        var repeatabilityRequestId: String?
        var repeatabilityFirstSent: String?
    }

    private struct SendAnswer: Encodable { var value: [SendResult] }

    private struct SendResult: Encodable {
        var to: String
        var messageId: String?
        var httpStatusCode: Int
        var repeatabilityResult: String?
        var successful: Bool
        var errorMessage: String?

        static func accepted(_ to: String, _ id: String, repeatability: String? = nil) -> SendResult {
            SendResult(
                to: to, messageId: id, httpStatusCode: 202, repeatabilityResult: repeatability, successful: true)
        }

        static func refused(_ to: String, _ message: String, repeatability: String? = nil) -> SendResult {
            SendResult(
                to: to, httpStatusCode: 400, repeatabilityResult: repeatability, successful: false,
                errorMessage: message)
        }
    }
}
