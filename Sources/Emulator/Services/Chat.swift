internal import Crypto

/// Chat: threads of the user whose token a request bears; no messages.
///
/// Source: azure-rest-api-specs, `Chat/stable/2024-03-07`.
struct Chat {
    /// Threads kept; past it the oldest is forgotten.
    static let threadLimit = 1000
    /// Participants of one thread ("Service limits").
    static let participantLimit = 250
    /// Characters of a topic; ours, so that threads stay small.
    static let topicLimit = 250

    private struct Thread {
        var id: String
        var topic: String
        var createdAtSeconds: Int
        var participants: Set<String>
    }

    private let randomness: RandomBytes
    private var threads = BoundedTable<Thread>(capacity: Self.threadLimit)

    init(randomness: RandomBytes) { self.randomness = randomness }

    /// `GET /chat/threads`: 200 with the threads that `user` takes part in, the newest first.
    func list(for user: VerifiedUser) -> EmulatedAnswer {
        let own = threads.values.filter { $0.participants.contains(user.id) }
        let newestFirst = own.sorted { ($0.createdAtSeconds, $0.id) > ($1.createdAtSeconds, $1.id) }
        let items = newestFirst.map { thread in
            ListItem(id: thread.id, topic: thread.topic, lastMessageReceivedOn: iso8601(thread.createdAtSeconds))
        }
        return EmulatedAnswer(status: 200, json: ListAnswer(value: items))
    }

    /// `POST /chat/threads`: 201 with a thread of `user` and the participants named.
    mutating func create(
        _ request: EmulatedRequest, by user: VerifiedUser, origin: String, knows: (String) -> Bool
    ) throws(ServiceError) -> EmulatedAnswer {
        let asked = try request.json(CreateRequest.self)
        guard (1...Self.topicLimit).contains(asked.topic.utf16.count) else {
            throw .badRequest("`topic` must have 1 to \(Self.topicLimit) characters.")
        }
        let named = (asked.participants ?? []).map(\.communicationIdentifier.rawId)
        guard named.count < Self.participantLimit else { throw .badRequest("There are too many participants.") }
        let thread = Thread(
            id: "19:\(UUIDText(from: randomness))@thread.v2", topic: asked.topic,
            createdAtSeconds: request.receivedAtSeconds, participants: Set(named.filter(knows) + [user.id]))
        threads[thread.id] = thread
        let answer = CreateAnswer(
            chatThread: CreateAnswer.Thread(
                id: thread.id, topic: thread.topic, createdOn: iso8601(thread.createdAtSeconds),
                createdByCommunicationIdentifier: Identifier(rawId: user.id)),
            invalidParticipants: named.filter { !knows($0) }.map { Refused(target: $0) })
        return EmulatedAnswer(
            status: 201, json: answer,
            fields: [
                EmulatedField(
                    "location", "\(origin)/chat/threads/\(thread.id.replacing(":", with: "%3A"))")
            ])
    }

    private func iso8601(_ seconds: Int) -> String { ServiceTime(secondsSince1970: seconds).iso8601 }

    private struct ListAnswer: Encodable { var value: [ListItem] }

    private struct ListItem: Encodable {
        var id: String
        var topic: String
        var lastMessageReceivedOn: String
    }

    private struct CreateRequest: Decodable {
        struct Participant: Decodable { var communicationIdentifier: Identifier }
        var topic: String
        var participants: [Participant]?
    }

    private struct CreateAnswer: Encodable {
        struct Thread: Encodable {
            var id: String
            var topic: String
            var createdOn: String
            var createdByCommunicationIdentifier: Identifier
        }
        var chatThread: Thread
        var invalidParticipants: [Refused]
    }

    private struct Identifier: Codable { var rawId: String }

    private struct Refused: Encodable {
        var target: String
        var code = "404"
        var message = "Not found"
    }
}
