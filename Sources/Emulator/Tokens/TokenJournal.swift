/// What the token endpoints were asked, for tests to look at: bounded, and without anything that proves who asked.
struct TokenJournal {
    /// Requests kept; all are counted.
    static let entryLimit = 1024

    /// What became of a request.
    enum Outcome: String, Codable {
        case issued, challenged, refused, rejected, unavailable
    }

    /// One request.
    struct Entry: Codable, Equatable {
        /// 1 for the first since the start or since the journal was emptied.
        var number: Int
        /// ISO 8601.
        var receivedAt: String
        /// `entra`, or the source of a managed identity.
        var endpoint: String
        /// As in the tables of ``TokenJournal/Outcome``.
        var outcome: Outcome
        /// The status that was answered.
        var status: Int
        /// Why there was no token, in a few words.
        var reason: String?
        /// What proved who asked: `client secret 1`, `certificate 2`; only at Entra.
        var proof: String?
        /// The client id that the token is for.
        var application: String?
        /// Which of all tokens it was.
        var token: Int?
    }

    /// The whole journal as its reader gets it.
    struct Page: Codable, Equatable {
        /// Whether the endpoints answer.
        var available: Bool
        /// Requests since the journal was emptied.
        var asked: Int
        /// How many of them got a token.
        var issued: Int
        /// The oldest first.
        var requests: [Entry]
    }

    private var entries: [Entry] = []
    private var asked = 0
    private var issued = 0

    /// Notes a request; its number is set here.
    mutating func record(_ entry: Entry) {
        asked += 1
        if entry.outcome == .issued { issued += 1 }
        var entry = entry
        entry.number = asked
        entries.append(entry)
        // Twice as many before any goes, so that it is not done each time.
        if entries.count == 2 * Self.entryLimit { entries.removeFirst(Self.entryLimit) }
    }

    /// Everything noted and kept.
    func page(isAvailable: Bool) -> Page {
        Page(
            available: isAvailable, asked: asked, issued: issued, requests: Array(entries.suffix(Self.entryLimit)))
    }

    /// Forgets everything, and counts from 1 again.
    mutating func clear() { self = TokenJournal() }
}
